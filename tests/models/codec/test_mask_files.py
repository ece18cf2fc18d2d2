"""What a mask file means, with and without alpha."""

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Pillow

from models.codec.mask_files import decode_mask
from models.errors import InvalidMask
from models.types import Image
from tests.models.codec.test_images import EIGHT_BIT, HEIGHT, WIDTH, bomb, file_of
from tests.pictures import photo

HOLE = (slice(8, 20), slice(5, 30))
PHOTO = photo(48, 32)


def empty(width: int, height: int) -> Image:
    return np.zeros((height, width, 3), np.uint8)


def in_the_hole() -> NDArray[np.bool_]:
    marked = np.zeros(PHOTO.shape[:2], np.bool_)
    marked[HOLE] = True
    return marked


def file_with_alpha(rgb: Any, alpha: Any, format: str = "PNG") -> bytes:
    full = np.broadcast_to(np.asarray(rgb, np.uint8), PHOTO.shape)
    return file_of(Pillow.fromarray(np.dstack([full, np.asarray(alpha, np.uint8)])), format, lossless=True, exact=True)


def test_a_mask_marks_what_is_brighter_than_127() -> None:
    grey = np.array([[0, 127, 128, 255]], np.uint8)

    mask = decode_mask(file_of(Pillow.fromarray(grey), "PNG"), empty(4, 1))

    assert mask.tolist() == [[0, 0, 255, 255]]


@pytest.mark.parametrize("name", ["png 1", "png P", "png RGB", "bmp RGB", "jpeg L", "webp RGB"])
def test_masks_without_alpha_mean_what_they_mean_to_iopaint(name: str) -> None:
    # Given what IOPaint does: convert("L") and a threshold
    data = EIGHT_BIT[name]
    grey = np.asarray(Pillow.open(io.BytesIO(data)).convert("L"))

    assert np.array_equal(decode_mask(data, empty(WIDTH, HEIGHT)), np.where(grey > 127, 255, 0))


@pytest.mark.parametrize("alpha", [0, 128, 255])
def test_the_same_alpha_everywhere_says_nothing(alpha: int) -> None:
    grey = np.where(in_the_hole(), 255, 0)[..., None]

    mask = decode_mask(file_with_alpha(grey, np.full(PHOTO.shape[:2], alpha)), PHOTO)

    assert np.array_equal(mask > 0, in_the_hole())


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
@pytest.mark.parametrize("colour", [(255, 255, 255), (0, 0, 0), (255, 0, 0)])
@pytest.mark.parametrize("ground", [None, (0, 0, 0)])
def test_where_all_that_is_seen_has_one_colour_alpha_is_the_mask(
    colour: tuple[int, int, int], ground: tuple[int, int, int] | None, format: str
) -> None:
    # Given a layer painted on, which holds black or the colour itself where it is transparent
    rgb = np.where(in_the_hole()[..., None], colour, colour if ground is None else ground)

    mask = decode_mask(file_with_alpha(rgb, np.where(in_the_hole(), 255, 0), format), PHOTO)

    assert np.array_equal(mask > 0, in_the_hole())


def test_soft_edges_are_cut_at_half() -> None:
    alpha = np.zeros(PHOTO.shape[:2])
    alpha[0, :4] = (1, 127, 128, 254)

    mask = decode_mask(file_with_alpha((255, 255, 255), alpha), PHOTO)

    assert np.flatnonzero(mask).tolist() == [2, 3]


@pytest.mark.parametrize("below", ["kept", "black", "white"])
@pytest.mark.parametrize("noise", [0, 10])
def test_a_copy_of_the_picture_with_a_hole_means_the_hole(below: str, noise: int) -> None:
    wobble = np.random.default_rng(0).integers(-noise, noise + 1, PHOTO.shape)
    copy = np.clip(PHOTO.astype(int) + wobble, 0, 255)
    rgb = {"kept": copy, "black": np.where(in_the_hole()[..., None], 0, copy)}.get(
        below, np.where(in_the_hole()[..., None], 255, copy)
    )

    mask = decode_mask(file_with_alpha(rgb, np.where(in_the_hole(), 0, 255)), PHOTO)

    assert np.array_equal(mask > 0, in_the_hole())


def test_another_picture_with_a_hole_is_refused_with_what_was_expected() -> None:
    data = file_with_alpha(photo(48, 32, seed=9)[:, ::-1], np.where(in_the_hole(), 0, 255))

    with pytest.raises(InvalidMask, match=r"white on black without alpha.*transparent hole"):
        decode_mask(data, PHOTO)


def test_a_mask_that_marks_nearly_everything_must_be_meant() -> None:
    white = file_of(Pillow.new("L", (48, 32), 255), "PNG")

    with pytest.raises(InvalidMask, match=r"100\.0 % of the picture.*allow_full_mask"):
        decode_mask(white, PHOTO)
    assert decode_mask(white, PHOTO, allow_full=True).all()


def test_a_mask_is_turned_upright_like_an_image() -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 6
    data = file_of(Pillow.fromarray(np.array([[255, 0, 0]], np.uint8)), "PNG", exif=exif)

    assert decode_mask(data, empty(1, 3)).tolist() == [[255], [0], [0]]
    with pytest.raises(InvalidMask, match="the mask is 1x3, the image is 3x1"):
        decode_mask(data, empty(3, 1))


def test_a_huge_mask_is_refused_from_its_header() -> None:
    with pytest.raises(InvalidMask, match="the mask is 50000x50000, the image is 8x8"):
        decode_mask(bomb(), empty(8, 8))


def test_a_mask_without_a_mark_is_refused() -> None:
    with pytest.raises(InvalidMask, match="marks no pixel"):
        decode_mask(file_of(Pillow.new("L", (4, 4), 127), "PNG"), empty(4, 4))
