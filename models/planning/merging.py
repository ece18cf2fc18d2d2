"""Deciding which holes share a window."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from models.planning.buckets import TOO_LARGE
from models.planning.components import Edges
from models.stopping import go_on

Price = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.int64]]
"""Prices of windows by their heights and widths, elementwise."""

MOST_AT_ONCE = 128
"""Boxes compared pair by pair. More are halved in space first, so that 10,000 boxes take well under a second."""


MOST_SWALLOWED = 48
"""Groups among which three and more at a time are tried: that takes time with the third power of their number."""


def merge(needs: Edges, price: Price) -> list[list[int]]:
    """Group boxes so that the windows around the groups are cheap together.

    Merges the pair that saves most until no pair saves anything, then tries larger boxes with all that lie inside
    (merging two of a stack may not pay where merging all does). Deterministic. Returns lists of row numbers; every row
    is in exactly one.
    """
    return _merge([[row] for row in range(len(needs))], needs, price)[0]


def bounds(boxes: Edges) -> Edges:
    """(4,): the box around all the boxes."""
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


Groups = tuple[list[list[int]], Edges]
"""Row numbers of each group, and the box around each group."""


def _merge(groups: list[list[int]], boxes: Edges, price: Price) -> Groups:
    if len(groups) <= MOST_AT_ONCE:
        return _merge_pairs(groups, boxes, price)
    centres = boxes[:, :2] + boxes[:, 2:]
    axis = int(np.argmax(np.ptp(centres, axis=0)))
    order = np.argsort(centres[:, axis], kind="stable")
    halves = order[: len(order) // 2], order[len(order) // 2 :]
    (first, around_first), (second, around_second) = (
        _merge([groups[i] for i in half], boxes[half], price) for half in halves
    )
    merged, around = first + second, np.concatenate([around_first, around_second])
    return _merge_pairs(merged, around, price) if len(merged) <= MOST_AT_ONCE else (merged, around)


def _merge_pairs(groups: list[list[int]], boxes: Edges, price: Price) -> Groups:
    go_on()
    groups, boxes = _merge_greedily(groups, boxes, price)
    while 2 < len(groups) <= MOST_SWALLOWED:
        prices = _price_of(boxes, price)
        together, inside = _swallowing(boxes)
        saved = inside @ prices - _price_of(together, price)
        best = int(saved.argmax())
        if saved[best] <= 0:
            break
        rest = [k for k in range(len(groups)) if not inside[best, k]]
        joined = [row for k in np.flatnonzero(inside[best]) for row in groups[k]]
        groups = [joined] + [groups[k] for k in rest]
        boxes = np.concatenate([together[best : best + 1], boxes[rest]])
    return groups, boxes


def _swallowing(boxes: Edges) -> tuple[Edges, NDArray[np.int64]]:
    """Larger boxes worth a try: around each two boxes, and around all. With a row for each: which boxes lie inside."""
    first, second = np.triu_indices(len(boxes), k=1)
    low = np.minimum(boxes[first, :2], boxes[second, :2])
    high = np.maximum(boxes[first, 2:], boxes[second, 2:])
    together = np.concatenate([np.concatenate([low, high], axis=1), bounds(boxes)[np.newaxis]])
    inside = (boxes[:, :2] >= together[:, np.newaxis, :2]) & (boxes[:, 2:] <= together[:, np.newaxis, 2:])
    swallowed: NDArray[np.int64] = np.all(inside, axis=2).astype(np.int64)
    return together, swallowed


def _merge_greedily(groups: list[list[int]], boxes: Edges, price: Price) -> Groups:
    """The pair that saves most, again and again. `boxes` has a row for each group."""
    if len(groups) < 2:
        return groups, boxes
    boxes, members = boxes.copy(), [list(group) for group in groups]
    prices = _price_of(boxes, price)
    saved = _savings(boxes, prices, boxes, prices, price)
    np.fill_diagonal(saved, -TOO_LARGE)
    while True:
        i, j = sorted(divmod(int(saved.argmax()), len(groups)))
        if saved[i, j] <= 0:
            left = [k for k, group in enumerate(members) if group]
            return [members[k] for k in left], boxes[left]
        members[i] += members[j]
        members[j] = []
        boxes[i] = bounds(boxes[[i, j]])
        prices[i] = _price_of(boxes[i : i + 1], price)[0]
        prices[j] = -TOO_LARGE  # merging with what is gone saves nothing
        saved[i] = saved[:, i] = _savings(boxes[i], prices[i], boxes, prices, price)
        saved[j] = saved[:, j] = -TOO_LARGE
        saved[i, i] = -TOO_LARGE


def _price_of(boxes: Edges, price: Price) -> NDArray[np.int64]:
    return price(boxes[:, 3] - boxes[:, 1], boxes[:, 2] - boxes[:, 0])


def _savings(
    these: Edges, their_prices: NDArray[np.int64], boxes: Edges, prices: NDArray[np.int64], price: Price
) -> NDArray[np.int64]:
    """What merging each of `these` with each of `boxes` would save: a row for each of `these`."""
    low = np.minimum(these[..., np.newaxis, :2], boxes[:, :2])
    high = np.maximum(these[..., np.newaxis, 2:], boxes[:, 2:])
    together = price(high[..., 1] - low[..., 1], high[..., 0] - low[..., 0])
    saved: NDArray[np.int64] = their_prices[..., np.newaxis] + prices - together
    return saved
