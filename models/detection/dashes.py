"""Long dashes at the ends of columns of letters: to the detector they are lines, not text."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detection.textmap import Find
from models.stopping import go_on
from models.types import Image

_COLUMN = 2.0
"""A column is at least this many times as high as wide."""
_SLANT = 0.05
"""And leans by no more than this share of its height."""

# All in widths of the column:
_THICKEST, _SHORTEST, _LONGEST = 0.22, 0.8, 5.0
_OFF_MIDDLE = 0.25
_GAP, _INSIDE = 0.6, 0.6
"""A dash begins at most this far behind the end of the column, or before it."""
_CLEAR = 0.3
"""So far to both sides of it there is nothing."""
_END = 0.15

_LEAST_CONTRAST = 40
"""Between a column's letters and what they stand on, in levels of grey."""
_SHARE_OF_INK = 0.1
"""At least this share of a column is letters, and less than half."""


def with_dashes(image: Image, finds: Sequence[Find]) -> list[Find]:
    """The finds, columns with a dash above or below longer by it."""
    return [_longer(image, find) if _column(find) else find for find in finds]


def _column(find: Find) -> bool:
    width, height = np.ptp(find.points, axis=0)
    top_left, *_, bottom_left = find.points
    return not find.bent and bool(
        height >= _COLUMN * width and abs(top_left[0] - bottom_left[0]) <= _SLANT * height and width > 0
    )


def _longer(image: Image, find: Find) -> Find:
    go_on()
    rows, columns = image.shape[:2]
    (left, top), (right, bottom) = find.points.min(axis=0), find.points.max(axis=0)
    width = float(right - left)
    more = round((_LONGEST + _GAP) * width)
    first, last = max(0, round(left)), min(columns, round(right))
    start, end = max(0, round(top) - more), min(rows, round(bottom) + more)
    strip = cv2.cvtColor(np.ascontiguousarray(image[start:end, first:last]), cv2.COLOR_RGB2GRAY)
    ink = _ink(strip, round(top) - start, round(bottom) - start)
    if ink is None:
        return find
    below = _dash(ink[round(bottom) - start - round(_INSIDE * width) :], width)
    above = _dash(ink[: round(top) - start + round(_INSIDE * width)][::-1], width)
    middle = (top + bottom) / 2
    reach = np.where(find.points[:, 1] < middle, -_more(above, width), _more(below, width))
    points = find.points + np.column_stack([np.zeros(len(reach)), reach])
    return replace(find, points=np.clip(points, 0, (columns, rows)))


def _ink(strip: NDArray[np.uint8], top: int, bottom: int) -> NDArray[np.bool_] | None:
    """What in the strip (h, w) has the colour of the letters between those rows; None if they have no colour."""
    column = strip[max(0, top) : bottom].astype(np.int16)
    if column.size == 0:
        return None
    ground = int(np.median(column))
    apart = np.abs(column - ground)
    contrast = int(np.quantile(apart, 0.95))
    if contrast < _LEAST_CONTRAST or (apart > contrast // 2).mean() < _SHARE_OF_INK:
        return None
    sign = 1 if np.median((column - ground)[apart > contrast // 2]) > 0 else -1
    return np.asarray(sign * (strip.astype(np.int16) - ground) > contrast // 2)


def _dash(ink: NDArray[np.bool_], width: float) -> tuple[int, int] | None:
    """Of a strip that begins a bit before the end of a column: first and last row of a dash behind it."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    for number in range(1, count):
        left, top, across, along, _ = (int(value) for value in stats[number])
        off = abs(left + across / 2 - ink.shape[1] / 2)
        if (
            across <= max(1.0, _THICKEST * width)
            and _SHORTEST * width <= along <= _LONGEST * width
            and off <= _OFF_MIDDLE * width
            and 0 < top <= (_INSIDE + _GAP) * width
            and top + along < ink.shape[0]
            and _alone(labels == number, ink, (left, top, across, along), width)
        ):
            return top, top + along
    return None


def _alone(own: NDArray[np.bool_], ink: NDArray[np.bool_], box: tuple[int, int, int, int], width: float) -> bool:
    left, top, across, along = box
    clear = round(_CLEAR * width)
    around = np.s_[top : top + along + clear, max(0, left - clear) : left + across + clear]
    return not bool((ink[around] & ~own[around]).any())


def _more(dash: tuple[int, int] | None, width: float) -> float:
    return 0.0 if dash is None else max(0.0, dash[1] - _INSIDE * width + _END * width)
