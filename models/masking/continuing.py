"""Letters that a region cuts: their strokes are followed across its edge."""

import cv2
import numpy as np
from numpy.typing import NDArray

from models.types import Mask

Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]

_LETTER, _GROUND = 0.85, 0.35
"""Likeness above which a pixel has the colour of letters, and below which it has that of the background."""

_MARK_OF_LINE, _MARK_ACROSS = 0.3, 0.45
"""The largest width and height, as a share of the line's height, of a mark that stands apart above or below a line; the
second of one that reaches into its region."""
_SPECK_OF_LINE = 0.08
"""A mark has at least the area of a square of this side."""
_FRINGE = 0.4
"""A missing piece of a stroke lies beside the rest of it with at most this share."""
_MOST_MISSED, _MOST_UNCLEAR = 0.1, 0.05
"""With more of them, as a share of the ink, or with more pixels that may be either, colour does not tell letters from
what is behind them."""
_APART_OF_LINE = 0.15
"""Its largest distance from the region."""
_CLEAR = 0.8
"""Share of the pixels around it that are background: fragments of another thing's edge have that thing there."""


def continued(ink: Mask, likeness: Floats, within: Mask, line_height: float) -> Mask:
    """`ink` (h, w), all of it `within` the region, and what goes on where the network saw none.

    `likeness` (h, w), 0-1, says of all pixels how much their colour is that of letters and not of background. Strokes
    are followed that hang together with ink, are mainly ink and end within the picture. Small marks across or close to
    the edge of the region, with nothing but background around them, are taken as accents of it.
    """
    coloured = (likeness > _LETTER) & (ink == 0)
    outside = coloured & (within == 0)
    whole = _followed(ink, outside)
    missed = _pieces(whole, coloured & (within > 0), np.where(outside, np.float32(np.nan), likeness), line_height)
    if np.count_nonzero(missed) > _MOST_MISSED * np.count_nonzero(ink) or not _telling(whole, likeness, within):
        missed = np.zeros_like(missed)
    whole = _followed(whole, missed)
    rest = ((whole > 0) | outside | missed).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(rest, connectivity=8)
    marks = _marks(labels, stats, within, line_height) & ~_touching_edge(labels, count)
    marks[labels[whole > 0]] = False
    taken = np.zeros(count, np.bool_)
    for mark in np.flatnonzero(marks):
        taken[mark] = _stands_alone(labels, likeness, int(mark), stats[mark])
    return np.asarray(whole | np.where(taken[labels], 255, 0).astype(np.uint8), np.uint8)


def _followed(ink: Mask, more: Bools) -> Mask:
    """The ink, and what of `more` hangs together with as much ink and ends within the picture."""
    both = ((ink > 0) | more).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(both, connectivity=8)
    added = np.bincount(labels[more], minlength=count)
    taken = (stats[:, cv2.CC_STAT_AREA] - added >= added) & ~_touching_edge(labels, count)
    taken[0] = False
    return np.asarray(ink | np.where(taken[labels], 255, 0).astype(np.uint8), np.uint8)


def _telling(ink: Mask, likeness: Floats, within: Mask) -> bool:
    """Whether colour says of nearly all that lies in the region, and not at the ink's edge, what it is."""
    inside = likeness[(within > 0) & (cv2.dilate(ink, np.ones((5, 5), np.uint8)) == 0)]
    return bool(((inside > _GROUND) & (inside <= _LETTER)).mean() <= _MOST_UNCLEAR) if inside.size else False


def _pieces(ink: Mask, coloured: Bools, likeness: Floats, line_height: float) -> Bools:
    """What of `coloured` may be missing pieces of strokes: not the fringe of ink, nor specks, nor parts of other
    things."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(coloured.astype(np.uint8), connectivity=8)
    beside = np.bincount(labels[cv2.dilate(ink, np.ones((3, 3), np.uint8)) > 0], minlength=count)
    area = stats[:, cv2.CC_STAT_AREA]
    pieces = (area >= (line_height * _SPECK_OF_LINE) ** 2) & (beside <= _FRINGE * area)
    pieces[0] = False
    clear = np.where(cv2.dilate(ink, np.ones((5, 5), np.uint8)) > 0, np.float32(np.nan), likeness)
    for piece in np.flatnonzero(pieces):
        pieces[piece] = _stands_alone(labels, clear, int(piece), stats[piece])
    return np.asarray(pieces[labels], np.bool_)


def _stands_alone(labels: NDArray[np.int32], likeness: Floats, mark: int, box: NDArray[np.int32]) -> bool:
    """Whether there is background around it, as far as `likeness` is known."""
    left, top, width, height = (int(value) for value in box[:4])
    crop = np.s_[max(0, top - 3) : top + height + 3, max(0, left - 3) : left + width + 3]
    own = (labels[crop] == mark).astype(np.uint8)
    near, further = (cv2.dilate(own, np.ones((side, side), np.uint8)) > 0 for side in (3, 7))
    around = likeness[crop][further & ~near]
    around = around[~np.isnan(around)]
    return bool(around.size and (around < _GROUND).mean() >= _CLEAR)


def _touching_edge(labels: NDArray[np.int32], count: int) -> Bools:
    touching = np.zeros(count, np.bool_)
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        touching[edge] = True
    return touching


def _marks(labels: NDArray[np.int32], stats: NDArray[np.int32], within: Mask, line_height: float) -> Bools:
    """Small ones that lie outside the region, close to it, or across its edge."""
    far = cv2.distanceTransform((within == 0).astype(np.uint8), cv2.DIST_L2, 3)
    nearest, furthest = np.full(len(stats), np.inf, np.float32), np.zeros(len(stats), np.float32)
    some = labels > 0
    np.minimum.at(nearest, labels[some], far[some])
    np.maximum.at(furthest, labels[some], far[some])
    side = line_height * np.where(nearest > 0, _MARK_OF_LINE, _MARK_ACROSS)
    small = (stats[:, cv2.CC_STAT_WIDTH] <= side) & (stats[:, cv2.CC_STAT_HEIGHT] <= side)
    small &= stats[:, cv2.CC_STAT_AREA] >= (line_height * _SPECK_OF_LINE) ** 2
    return np.asarray(small & (nearest <= line_height * _APART_OF_LINE) & (furthest > 0), np.bool_)
