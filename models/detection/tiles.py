"""Cutting what is to be looked at into pieces the network takes at once."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from models.planning.merging import bounds, merge
from models.types import Box

TILE_PX = 1280
OVERLAP_PX = 128
_PRICE_PX = 128 * 128
"""What a window costs besides its pixels, in pixels: calls of the network have a price."""


def spans(length: int) -> Iterator[tuple[int, int]]:
    """(start, end) of tiles of one length, at most TILE_PX, that overlap by at least OVERLAP_PX."""
    count = 1 if length <= TILE_PX else -(-(length - OVERLAP_PX) // (TILE_PX - OVERLAP_PX))
    tile = -(-(length + (count - 1) * OVERLAP_PX) // count)
    for number in range(count):
        start = round(number * (length - tile) / max(1, count - 1))
        yield start, start + tile


def windows(places: Sequence[Box], scale: float) -> list[Box]:
    """Boxes around the places, joined where that saves work for a look at `scale`."""
    if not places:
        return []
    edges = np.array([(box.left, box.top, box.right, box.bottom) for box in places], np.int64)

    def price(heights: NDArray[np.int64], widths: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.asarray(heights * widths * scale**2 + _PRICE_PX, np.int64)

    around = [bounds(edges[group]) for group in merge(edges, price)]
    return [Box(int(left), int(top), int(right), int(bottom)) for left, top, right, bottom in around]
