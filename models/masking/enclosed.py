"""Bodies of outlined letters: what a stroke mask encloses and is not the background is letter, too."""

import cv2
import numpy as np
from numpy.typing import NDArray

from models.masking.growth import LARGEST_PX, background
from models.types import Image, Mask

Floats = NDArray[np.floating]

_UNLIKE = 18.0
"""CIELAB distance from the background above which an enclosed area is a letter's body and not the hole of an O."""
_ALIKE = 15.0
"""CIELAB distance within which the bodies of one region's letters are of one colour."""
_LEAST_OF_HOLES, _LEAST_OF_INK = 0.6, 0.2
"""Shares of all enclosed areas, and of the area of the ink around them, that bodies take up at least: letters are
either outlined or not."""
_CLOSED_OF_LINE = 0.04
_CLOSED_PX = 8
"""Gaps of an outline up to twice this share of the line's height, or so many pixels, are closed first."""
_CLEAR_OF_LINE = 0.15
_FEWEST = 4


def with_bodies(image: Image, ink: Mask, line_height: float) -> Mask:
    """`ink` (h, w) and the areas it encloses whose mean colour is unlike that of the background around them.

    `image` (h, w, 3) and `ink` show the letters with surroundings. Regions over `LARGEST_PX` stay as they are.
    """
    if ink.size > LARGEST_PX:
        return ink
    side = 2 * int(np.clip(round(line_height * _CLOSED_OF_LINE), 1, _CLOSED_PX)) + 1
    whole = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    contours, _ = cv2.findContours(whole, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    solid = cv2.drawContours(np.zeros_like(ink), contours, -1, 255, cv2.FILLED)
    holes = ((solid > 0) & (ink == 0)).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(holes, connectivity=4)
    if stats[1:, cv2.CC_STAT_AREA].sum() < max(1, _LEAST_OF_INK * np.count_nonzero(ink)):
        return ink
    far = cv2.distanceTransform((solid == 0).astype(np.uint8), cv2.DIST_L2, 3)
    clear = far > line_height * _CLEAR_OF_LINE
    if not clear.any():
        return ink
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    off = lab - background(lab, clear, 2 * line_height)
    large = stats[:, cv2.CC_STAT_AREA] >= _FEWEST
    large[0] = False
    colours, unlike = _means(labels, lab, count), _length(_means(labels, off, count)) > _UNLIKE
    bodies = large & unlike
    if not bodies.any():
        return ink
    middle = np.median(lab[bodies[labels]], axis=0)
    bodies &= _length(colours - middle) < _ALIKE
    area = int(stats[bodies, cv2.CC_STAT_AREA].sum())
    if area < _LEAST_OF_HOLES * stats[large, cv2.CC_STAT_AREA].sum() or area < _LEAST_OF_INK * np.count_nonzero(ink):
        return ink
    return np.asarray(ink | np.where(bodies[labels], 255, 0).astype(np.uint8), np.uint8)


def _means(labels: NDArray[np.int32], planes: Floats, count: int) -> Floats:
    """(count, 3): the mean of `planes` (h, w, 3) over each label."""
    pixels = np.maximum(np.bincount(labels.ravel(), minlength=count), 1)
    sums = [np.bincount(labels.ravel(), planes[..., channel].ravel(), count) for channel in range(3)]
    return np.asarray(np.stack(sums, axis=1) / pixels[:, None])


def _length(colours: Floats) -> Floats:
    return np.asarray(np.sqrt((colours * colours).sum(axis=-1)))
