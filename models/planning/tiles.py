"""Holes too large for one window."""

from itertools import pairwise

import numpy as np

from models.planning.buckets import Buckets
from models.planning.components import Edges, tight_edges
from models.planning.limits import PlanLimits, with_context
from models.stopping import go_on
from models.types import Box, Mask

LEAST_KNOWN = 0.25
"""A hole too large for one window is cut into tiles if at least this share of each tile's surroundings is known. A long
line with its margins has a third or more; a solid block has nothing: its tiles would be guessed and the seams would
show, so it is filled at reduced size instead."""

SHORTEST_PX = 64
"""Of a tile. A window of 64x64 costs LaMa hardly more than the call itself."""

TILES_PER_WINDOW = 4
"""Tiles are this many times shorter than a window may be. Merging joins them again; what is small follows the shape of
a thin hole, such as a frame around the picture."""


def tile_px(buckets: Buckets) -> int:
    return max(buckets.longest // TILES_PER_WINDOW, SHORTEST_PX)


def sort_by_size(holes: Edges, mask: Mask, buckets: Buckets, limits: PlanLimits) -> tuple[Edges, Edges]:
    """Holes (or tiles of holes) that fit into a window with their context, and holes that must be reduced."""
    needs = with_context(holes, buckets.height, buckets.width, limits)
    fits = buckets.fits(needs[:, 3] - needs[:, 1], needs[:, 2] - needs[:, 0])
    kept, reduced = [holes[fits]], []
    for hole in holes[~fits]:
        go_on()
        tiles = _tiles(hole, mask, buckets, limits)
        if tiles is None:
            reduced.append(hole)
        else:
            kept.append(tiles)
    return np.concatenate(kept), np.array(reduced, dtype=np.int64).reshape(-1, 4)


def _tiles(hole: Edges, mask: Mask, buckets: Buckets, limits: PlanLimits) -> Edges | None:
    """The hole cut into equal parts that fit, each shrunk to its masked pixels; None if too little is known there."""
    side_px = tile_px(buckets)
    xs, ys = (_cuts(int(hole[axis]), int(hole[axis + 2]), side_px) for axis in (0, 1))
    cells = [Box(x, y, right, bottom) for y, bottom in ys for x, right in xs]
    found = np.array([tight_edges(mask, cell) for cell in cells], dtype=np.int64)
    tiles = found[found[:, 2] > 0]
    needs = with_context(tiles, buckets.height, buckets.width, limits)
    if not buckets.fits(needs[:, 3] - needs[:, 1], needs[:, 2] - needs[:, 0]).all():
        return None
    for need in needs:
        part = mask[Box(*(int(edge) for edge in need)).slices]
        if np.count_nonzero(part) > (1 - LEAST_KNOWN) * part.size:
            return None
    return tiles


def _cuts(start: int, end: int, side: int) -> list[tuple[int, int]]:
    edges = np.linspace(start, end, -(-(end - start) // side) + 1).round().astype(int).tolist()
    return list(pairwise(edges))
