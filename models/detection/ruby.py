"""Reading aids beside a column of letters, of one letter each: too small to be sure of by themselves."""

from collections.abc import Sequence

import numpy as np

from models.detection.textmap import Find

_COLUMN = 2.0
"""A column is at least this many times as high as wide."""
_SMALLEST, _LARGEST = 0.22, 0.6
"""Width of a reading aid, in widths of its column: half a letter, and what the network marks of it."""
_GAP = 0.15
"""The most that is between them, in widths of the column; and so far they may overlap on the other hand."""
_OVERLAP = 0.3


def with_ruby(finds: Sequence[Find], faint: Sequence[Find]) -> list[Find]:
    """The finds, and those `faint` ones, too unsure to be text alone, that are reading aids of a column."""
    columns = [find for find in finds if not find.bent and _size(find)[1] > _COLUMN * _size(find)[0]]
    more: list[Find] = []
    for small in faint:
        if any(_beside(small, column) for column in columns) and not any(
            _same(small, find) for find in [*finds, *more]
        ):
            more.append(small)
    return [*finds, *more]


def _beside(small: Find, column: Find) -> bool:
    """Right of it, where Japanese and Chinese have them."""
    (left, top), (right, bottom) = column.points.min(axis=0), column.points.max(axis=0)
    (x1, y1), (x2, y2) = small.points.min(axis=0), small.points.max(axis=0)
    width = right - left
    gap = x1 - right
    return bool(
        _SMALLEST * width <= x2 - x1 <= _LARGEST * width
        and -_OVERLAP * width <= gap <= _GAP * width
        and y2 - y1 <= width
        and top <= y1
        and y2 <= bottom
    )


def _same(one: Find, other: Find) -> bool:
    """Whether the middle of one lies in the other."""
    middle = one.points.mean(axis=0)
    return bool((other.points.min(axis=0) <= middle).all() and (middle <= other.points.max(axis=0)).all())


def _size(find: Find) -> tuple[float, float]:
    width, height = np.ptp(find.points, axis=0)
    return float(width), float(height)
