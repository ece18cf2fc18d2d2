"""Transparent pictures: what is shown to find text in, and what comes back of colour and alpha."""

import io

import numpy as np
import pytest
from PIL import Image as Pillow

from models.codec.images import DecodedImage, decode, encode
from models.codec.transparency import shown, taken_off
from models.types import Image, Mask

SIZE = (60, 200)
SAMPLES = np.random.default_rng(8).integers(0, 256, (*SIZE, 3), dtype=np.uint8)


def sticker(ink: int) -> tuple[DecodedImage, Mask]:
    """Letters of bars of that grey, soft at their edge, on nothing; under it all the same colour."""
    letters = np.zeros(SIZE, np.uint8)
    for left in range(30, 170, 20):
        letters[20:40, left : left + 8] = 255
    alpha = letters.copy()
    alpha[:, 1:] = np.maximum(alpha[:, 1:], letters[:, :-1] // 3)
    mask = np.zeros(SIZE, np.uint8)
    mask[16:44, 26:176] = 255
    return png(np.dstack([np.full((*SIZE, 3), ink, np.uint8), alpha])), mask


def png(samples: Image) -> DecodedImage:
    file = io.BytesIO()
    Pillow.fromarray(samples).save(file, format="PNG")
    return decode(file.getvalue(), max_pixels=10**6)


@pytest.mark.parametrize("ink", [0, 255])
def test_letters_on_nothing_are_shown_on_the_ground_they_stand_out_from(ink: int) -> None:
    picture, _ = sticker(ink)

    view = shown(picture)

    assert view.image[30, 33].tolist() == [ink] * 3
    assert view.image[5, 5].tolist() == [255 - ink] * 3


def test_an_opaque_picture_is_shown_as_it_is() -> None:
    picture = png(np.dstack([SAMPLES, np.full(SIZE, 255, np.uint8)]))

    view = shown(picture)

    assert view.image is picture.rgb
    assert taken_off(picture, view, SAMPLES, np.full(SIZE, 255, np.uint8)) == (picture, SAMPLES)


def test_nothing_of_letters_on_nothing_stays_behind() -> None:
    # Given
    picture, mask = sticker(0)
    view = shown(picture)
    filled = np.where(mask[..., None] > 0, np.uint8(255), view.image)

    # When
    after, rgb = taken_off(picture, view, filled, mask)

    # Then
    result = np.asarray(Pillow.open(io.BytesIO(encode(after, rgb, mask, format="png", quality=95))))
    assert not result[..., 3].any()


def test_outside_the_mask_every_sample_stays_also_under_full_transparency() -> None:
    # Given
    alpha = np.tile(np.linspace(0, 255, SIZE[1]).astype(np.uint8), (SIZE[0], 1))
    picture = png(np.dstack([SAMPLES, alpha]))
    mask = np.zeros(SIZE, np.uint8)
    mask[10:20, 30:90] = 255
    view = shown(picture)

    # When
    after, rgb = taken_off(picture, view, np.full_like(SAMPLES, 7), mask)

    # Then: alpha was a slope, and is one still.
    outside = mask == 0
    assert after.alpha is not None
    assert np.array_equal(rgb[outside], SAMPLES[outside])
    assert np.array_equal(after.alpha[outside], alpha[outside])
    assert np.abs(after.alpha.astype(int) - alpha).max() <= 2


def test_a_filled_colour_is_taken_off_its_ground() -> None:
    # Given: a half-transparent plate, and a filler that gives back the plate as it is seen.
    plate = np.dstack([np.full((*SIZE, 3), (200, 40, 90), np.uint8), np.full(SIZE, 128, np.uint8)])
    picture = png(plate)
    mask = np.zeros(SIZE, np.uint8)
    mask[20:30, 50:120] = 255
    view = shown(picture)

    # When
    after, rgb = taken_off(picture, view, view.image.copy(), mask)

    # Then
    assert after.alpha is not None
    assert (after.alpha == 128).all()
    assert np.abs(rgb.astype(int) - plate[..., :3]).max() <= 2


def test_sixteen_bit_alpha_keeps_its_depth() -> None:
    deep = np.full((*SIZE, 2), 40_000, np.uint16)
    picture = DecodedImage(
        np.full((*SIZE, 3), 156, np.uint8), deep[..., 1].copy(), deep[..., 0].copy(), True, "PNG", png(SAMPLES).metadata
    )
    mask = np.zeros(SIZE, np.uint8)
    mask[5:9, 5:9] = 255

    after, _ = taken_off(picture, shown(picture), SAMPLES, mask)

    assert after.alpha is not None
    assert after.alpha.dtype == np.uint16
    assert (after.alpha == 40_000).all()
