"""Which of several boxes owns a pixel: the last one that covers it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.types import Box


def edges_of(boxes: Sequence[Box]) -> NDArray[np.int64]:
    """(n, 4): left, top, right, bottom."""
    return np.array([(b.left, b.top, b.right, b.bottom) for b in boxes], dtype=np.int64).reshape(-1, 4)


def without_hidden(boxes: Sequence[Box]) -> list[Box]:
    """The boxes, in order, less those that lie wholly inside a later one."""
    left, top, right, bottom = edges_of(boxes).T
    return [
        box
        for i, box in enumerate(boxes)
        if not np.any(
            (left[i + 1 :] <= box.left)
            & (top[i + 1 :] <= box.top)
            & (right[i + 1 :] >= box.right)
            & (bottom[i + 1 :] >= box.bottom)
        )
    ]


def later_overlaps(boxes: Sequence[Box]) -> list[tuple[Box, ...]]:
    """For each box, the later ones that share a pixel with it."""
    left, top, right, bottom = edges_of(boxes).T
    found = []
    for i, box in enumerate(boxes):
        shares = (
            (left[i + 1 :] < box.right)
            & (right[i + 1 :] > box.left)
            & (top[i + 1 :] < box.bottom)
            & (bottom[i + 1 :] > box.top)
        )
        found.append(tuple(boxes[i + 1 + int(k)] for k in np.flatnonzero(shares)))
    return found
