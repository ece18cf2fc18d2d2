"""Where a plate was taken for text: the letters on it, told from it by colour."""

import cv2
import numpy as np
from numpy.typing import NDArray

from models.masking.growth import LARGEST_PX
from models.masking.masks import masked_area
from models.types import Image, Mask

Floats = NDArray[np.floating]

_SOLID = 0.915
"""A blot that fills this share of its own turned rectangle is a plate; letters, heavy and outlined ones too, do not."""
_LEAST_SHARE = 0.6
"""And it takes up this share of the region."""
_RAGGED = 0.85
"""A blot that fills this share of its convex hull is a plate of which the network left out some, if that is coloured as
the rest is: between letters, heavy as they may be, lies something else."""
_SAME, _SAME_IN_APART = 0.8, 0.35
"""Share of what was left out that must be as near as this to one of the two colours, in distances between these."""
_RIM_OF_LINE = 0.1
"""The plate's own colour is that of its rim, so wide in shares of the line's height, within its blurred edge."""
_EDGE_OF_LINE = 0.06
_FEWEST, _MOST = 0.04, 0.65
"""Share of the plate that letters take up."""
_APART, _APART_IN_SPREADS = 12.0, 3.0
"""CIELAB: letters and plate differ by this, and by so many times what a pixel differs from its like."""
_ROUNDS = 6


def letters_on_plate(image: Image, ink: Mask, within: Mask, line_height: float) -> tuple[Mask, Mask] | None:
    """The letters on the plate that `ink` (h, w) covers `within` the region, and that plate without its edge.

    None if it is no plate, no letters are clear, or there are more pixels than `LARGEST_PX`.

    `image` (h, w, 3) has the size of both.
    """
    plate = _plate(ink, within) if ink.size <= LARGEST_PX else None
    if plate is None:
        return None
    depth = cv2.distanceTransform(plate, cv2.DIST_L2, 3)
    edge, rim = max(1.5, line_height * _EDGE_OF_LINE), max(2.0, line_height * _RIM_OF_LINE)
    inner, border = depth > edge, (depth > edge) & (depth <= edge + rim)
    if not border.any():
        return None
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    second, same, clear = _two_colours(np.asarray(lab[inner]))
    left_out = ink[inner] == 0
    if not clear or (left_out.any() and same[left_out].mean() < _SAME):
        return None
    split = np.zeros(ink.shape, np.bool_)
    split[inner] = second
    # The rim is the plate's, mostly, whichever of its two colours is the more frequent on the whole.
    letters = split if split[border].mean() <= split[inner].mean() else inner & ~split
    share = float(letters[inner].mean())
    if not _FEWEST <= share <= _MOST:
        return None
    return np.where(letters, 255, 0).astype(np.uint8), np.where(inner, 255, 0).astype(np.uint8)


def _two_colours(colours: Floats) -> tuple[NDArray[np.bool_], NDArray[np.bool_], bool]:
    """Which of the colours (n, 3) belong to the second of two clusters, which are near either's centre, and whether
    there are two (two-means)."""
    off = np.sqrt(((colours - np.median(colours, axis=0)) ** 2).sum(axis=1))
    second = off > off.max() / 2
    for _ in range(_ROUNDS):
        if second.all() or not second.any():
            return second, second, False
        centres = [colours[~second].mean(axis=0), colours[second].mean(axis=0)]
        to_first, to_second = (np.sqrt(((colours - centre) ** 2).sum(axis=1)) for centre in centres)
        second = to_second < to_first
    apart = float(np.sqrt(((centres[0] - centres[1]) ** 2).sum()))
    nearest = np.minimum(to_first, to_second)
    clear = apart > max(_APART, _APART_IN_SPREADS * float(np.median(nearest)))
    return second, nearest < _SAME_IN_APART * apart, clear


def _plate(ink: Mask, within: Mask) -> Mask | None:
    """The largest solid blot of the ink, its holes and bays filled (h, w: 1); None if the ink is anything else."""
    contours, _ = cv2.findContours(ink, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return None
    area, index = max((float(cv2.contourArea(contour)), number) for number, contour in enumerate(contours))
    if area < _LEAST_SHARE * masked_area(within):
        return None
    _, sides, _ = cv2.minAreaRect(contours[index])
    outline = contours[index]
    if area < _SOLID * sides[0] * sides[1]:
        outline = cv2.convexHull(outline)
        if area < _RAGGED * cv2.contourArea(outline):
            return None
    return np.asarray(cv2.drawContours(np.zeros_like(ink), [outline], 0, 1, cv2.FILLED), np.uint8)
