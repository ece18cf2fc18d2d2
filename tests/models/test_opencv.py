"""cv2 gives IOPaint's bytes, which are cv2.inpaint's on the BGR image."""

import cv2
import numpy as np
import pytest

from models import registry
from models.errors import InvalidRequest
from models.opencv import MOST_VISITS
from models.types import InpaintParameters


@pytest.mark.parametrize(("flag", "radius"), [("INPAINT_NS", 4), ("INPAINT_TELEA", 7)])
def test_each_window_is_filled_as_iopaint_fills_it(flag: str, radius: int) -> None:
    # Given: read-only windows, one mask with grey values
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (2, 50, 61, 3), np.uint8)
    masks = np.zeros((2, 50, 61), np.uint8)
    masks[0, 10:20, 10:30] = 255
    masks[1, 30:44, 20:60] = rng.integers(0, 256, (14, 40), np.uint8)
    images.flags.writeable = masks.flags.writeable = False
    # When
    filled = registry.load("cv2", "cpu").inpaint(images, masks, InpaintParameters(cv2_flag=flag, cv2_radius=radius))
    # Then
    for image, mask, result in zip(images, masks, filled, strict=True):
        theirs = cv2.inpaint(image[:, :, ::-1], mask, radius, getattr(cv2, flag))[:, :, ::-1]
        assert (result == theirs).all()
        assert (result[mask == 0] == image[mask == 0]).all()


@pytest.mark.parametrize("flag", ["INPAINT_NS", "INPAINT_TELEA"])
@pytest.mark.parametrize("radius", [1, 4, 9])
def test_holes_filled_side_by_side_have_the_bytes_of_the_whole_image(flag: str, radius: int) -> None:
    # Given: holes of all sizes, near each other, touching, far apart, at the edges
    rng = np.random.default_rng(radius)
    model = registry.load("cv2", "cpu", threads=2)
    for _ in range(10):
        height, width = rng.integers(30, 250, 2)
        image = rng.integers(0, 256, (height, width, 3), np.uint8)
        mask = np.zeros((height, width), np.uint8)
        for _ in range(rng.integers(1, 12)):
            y, x = rng.integers(0, height), rng.integers(0, width)
            mask[y : y + rng.integers(1, 20), x : x + rng.integers(1, 40)] = 255
        # When
        (filled,) = model.inpaint(image[None], mask[None], InpaintParameters(cv2_flag=flag, cv2_radius=radius))
        # Then
        theirs = cv2.inpaint(np.ascontiguousarray(image[:, :, ::-1]), mask, radius, getattr(cv2, flag))[:, :, ::-1]
        assert (filled == theirs).all()


def test_a_radius_that_would_take_seconds_on_its_area_is_refused_and_the_largest_possible_one_is_told() -> None:
    # Given
    image, mask = np.zeros((1, 256, 256, 3), np.uint8), np.full((1, 256, 256), 255, np.uint8)
    model = registry.load("cv2", "cpu", threads=1)
    # When
    with pytest.raises(InvalidRequest, match="61 is possible there") as caught:
        model.inpaint(image, mask, InpaintParameters(cv2_radius=100))
    # Then
    assert caught.value.details["field"] == "cv2_radius"
    assert (2 * 61 + 1) ** 2 * mask.size <= MOST_VISITS < (2 * 62 + 1) ** 2 * mask.size


def test_a_small_hole_takes_the_largest_radius() -> None:
    image, mask = np.full((1, 64, 64, 3), 90, np.uint8), np.zeros((1, 64, 64), np.uint8)
    mask[0, 30:33, 30:33] = 255

    filled = registry.load("cv2", "cpu", threads=1).inpaint(image, mask, InpaintParameters(cv2_radius=100))

    assert (filled == 90).all()
