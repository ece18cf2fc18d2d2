"""How far a mask grows around letters: as far as their ring shows, and no further than to other things."""

import cv2
import numpy as np
import pytest

from models.masking import growth
from models.masking.growth import grown, with_ring
from models.types import Image, Mask

LINE_PX = 48
PAPER, INK = (190, 180, 160), (20, 40, 120)


def letters() -> Mask:
    """Three thick strokes with gaps of 24 px."""
    ink = np.zeros((LINE_PX + 32, 240), np.uint8)
    for left in (40, 80, 120):
        ink[28:60, left : left + 16] = 255
    return ink


def drawn(ink: Mask, paper: Image | None = None) -> Image:
    ground = np.full((*ink.shape, 3), PAPER, np.uint8) if paper is None else paper
    return np.where(ink[..., None] > 0, np.array(INK, np.uint8), ground).astype(np.uint8)


def captured(image: Image, quality: int = 60) -> Image:
    """Sharpened, and coded with halved chroma, as most pictures of the web are."""
    soft = cv2.GaussianBlur(image, (0, 0), 2.0)
    sharp = cv2.addWeighted(image, 2.5, soft, -1.5, 0)
    options = [
        cv2.IMWRITE_JPEG_QUALITY,
        quality,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
    ]
    _, coded = cv2.imencode(".jpg", sharp[..., ::-1], options)
    return np.ascontiguousarray(np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR))[..., ::-1], np.uint8)


def masked(image: Image, ink: Mask) -> Mask:
    return with_ring(image, ink, ink, np.full(ink.shape, 255, np.uint8), LINE_PX)


def left_around(image: Image, mask: Mask) -> float:
    """By how many grey levels the hole's border differs from the paper, at the most."""
    border = (grown(mask, 1) > 0) & (mask == 0)
    return float(np.abs(image[border].astype(float).mean(axis=0) - np.array(PAPER)).max())


def test_clean_letters_grow_by_two_pixels() -> None:
    ink = letters()

    assert np.array_equal(masked(drawn(ink), ink), grown(ink, 2))


@pytest.mark.parametrize("quality", [50, 75])
def test_the_ring_of_a_sharpened_jpeg_is_covered(quality: int) -> None:
    # Given
    ink = letters()
    image = captured(drawn(ink), quality)

    # When
    mask = masked(image, ink)

    # Then: two pixels would leave a rim.
    assert left_around(image, grown(ink, 2)) > 6
    assert left_around(image, mask) < 3
    assert np.count_nonzero(mask) < np.count_nonzero(grown(ink, 13))


def test_on_a_rough_background_letters_grow_by_a_pixel() -> None:
    ink = letters()
    grass = np.random.default_rng(3).integers(60, 200, (*ink.shape, 3), dtype=np.uint8)

    assert np.array_equal(masked(drawn(ink, grass), ink), grown(ink, 1))


def test_a_slope_of_the_background_is_no_ring() -> None:
    ink = letters()
    slope = np.broadcast_to(np.linspace(90, 230, ink.shape[1]).astype(np.uint8)[None, :, None], (*ink.shape, 3))

    assert np.array_equal(masked(drawn(ink, slope), ink), grown(ink, 2))


def test_the_border_of_a_panel_next_to_letters_is_not_grown_over() -> None:
    # Given
    ink = letters()
    frame = np.zeros(ink.shape, bool)
    frame[64:67, :] = True
    image = drawn(ink)
    image[frame] = (0, 0, 0)
    image = captured(image)

    # When
    mask = masked(image, ink)

    # Then
    assert np.count_nonzero(mask) > np.count_nonzero(grown(ink, 2))
    assert not mask[frame].any()


def test_in_text_without_any_free_ground_letters_grow_by_a_pixel() -> None:
    ink = np.full((12, 30), 255, np.uint8)
    ink[5, 5] = 0

    assert with_ring(drawn(ink), ink, ink, np.full(ink.shape, 255, np.uint8), 12).all()


def test_of_a_very_large_region_a_smaller_picture_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given: letters four times as large, whose ring is four times as wide
    ink = np.asarray(cv2.resize(letters(), None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST), np.uint8)
    image = np.asarray(cv2.resize(captured(drawn(letters())), None, fx=4, fy=4), np.uint8)
    monkeypatch.setattr(growth, "LARGEST_PX", 80_000)

    # When
    mask = with_ring(image, ink, ink, np.full(ink.shape, 255, np.uint8), 4 * LINE_PX)

    # Then
    assert np.count_nonzero(mask) > np.count_nonzero(grown(ink, 4))
    assert np.count_nonzero(mask) <= np.count_nonzero(grown(ink, 12))


def glow(ink: Mask, ground: Image) -> Image:
    """Light around the letters that shows for further than a ring is looked for."""
    far = cv2.distanceTransform((ink == 0).astype(np.uint8), cv2.DIST_L2, 5)
    light = np.clip(1 - far / 19, 0, 1)[..., None] * np.array((230, 60, 70), np.float32)
    return np.asarray(np.clip(ground + light, 0, 255), np.uint8)


def test_a_glow_that_fades_beyond_any_ring_is_covered_and_a_flat_plate_is_not() -> None:
    # Given: letters that glow on a dark wall, and the same on a plate of 16 px around them.
    ink = letters()
    wall = np.full((*ink.shape, 3), (40, 45, 50), np.uint8)
    plate = np.where(grown(ink, 16)[..., None] > 0, np.array((200, 60, 70), np.uint8), wall).astype(np.uint8)

    # When
    glowing = masked(glow(ink, wall), ink)
    flat = masked(plate, ink)

    # Then
    assert not (grown(ink, 8) & ~glowing).any()
    assert np.array_equal(flat, grown(ink, growth.LEAST_OF_SMALL_PX))
