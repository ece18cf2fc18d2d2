"""Letters that a region cuts: their strokes are followed across its edge."""

import cv2
import numpy as np
from numpy.typing import NDArray

from models.types import Mask

Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]

_LETTER, _GROUND = 0.85, 0.35
"""Likeness above which a pixel has the colour of letters, and below which it has that of the background."""

_MARK_OF_LINE = 0.3
"""The largest width and height, as a share of the line's height, of a mark that stands apart above or below a line."""
_APART_OF_LINE = 0.15
"""Its largest distance from the region."""
_CLEAR = 0.8
"""Share of the pixels around it that are background: fragments of another thing's edge have that thing there."""


def continued(ink: Mask, likeness: Floats, within: Mask, line_height: float) -> Mask:
    """`ink` (h, w), all of it `within` the region, and what goes on outside.

    `likeness` (h, w), 0-1, says of the pixels outside how much their colour is that of letters and not of background.
    Strokes are followed that hang together with ink, lie mainly inside and end within the picture; small marks close
    to the region, with nothing but background around them, are taken as accents of it.
    """
    outside = (likeness > _LETTER) & (within == 0)
    both = ((ink > 0) | outside).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(both, connectivity=8)
    out = np.bincount(labels[outside], minlength=count)
    ends = ~_touching_edge(labels, count)
    taken = (out > 0) & (stats[:, cv2.CC_STAT_AREA] - out >= out) & ends
    taken[0] = False
    for mark in np.flatnonzero(_marks(labels, stats, within, line_height) & ends):
        taken[mark] = _stands_alone(labels, likeness, int(mark), stats[mark])
    return np.asarray(ink | np.where(taken[labels], 255, 0).astype(np.uint8), np.uint8)


def _stands_alone(labels: NDArray[np.int32], likeness: Floats, mark: int, box: NDArray[np.int32]) -> bool:
    left, top, width, height = (int(value) for value in box[:4])
    crop = np.s_[max(0, top - 3) : top + height + 3, max(0, left - 3) : left + width + 3]
    own = (labels[crop] == mark).astype(np.uint8)
    near, further = (cv2.dilate(own, np.ones((side, side), np.uint8)) > 0 for side in (3, 7))
    around = likeness[crop][further & ~near]
    return bool(around.size and (around < _GROUND).mean() >= _CLEAR)


def _touching_edge(labels: NDArray[np.int32], count: int) -> Bools:
    touching = np.zeros(count, np.bool_)
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        touching[edge] = True
    return touching


def _marks(labels: NDArray[np.int32], stats: NDArray[np.int32], within: Mask, line_height: float) -> Bools:
    side = line_height * _MARK_OF_LINE
    small = (stats[:, cv2.CC_STAT_WIDTH] <= side) & (stats[:, cv2.CC_STAT_HEIGHT] <= side)
    far = cv2.distanceTransform((within == 0).astype(np.uint8), cv2.DIST_L2, 3)
    nearest = np.full(len(stats), np.inf, np.float32)
    some = labels > 0
    np.minimum.at(nearest, labels[some], far[some])
    return np.asarray(small & (nearest <= line_height * _APART_OF_LINE) & (nearest > 0), np.bool_)
