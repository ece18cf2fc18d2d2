"""Grain for a smooth fill, so that it does not stand out as a clean patch: the ground's own, from near by.

What the known ground has beyond its surface (sensor noise, paper, the traces of JPEG) is copied: a block of a hole
takes it from the nearest place where all of it is ground; if there is none, in smaller blocks. Places are whole JPEG
blocks away, so their pattern fits. No dice are thrown: equal pictures get equal grain.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from models.filling.membrane import Bools, Floats

BLOCK_PX = 8
_FARTHEST_BLOCKS = 40
_DIRECTIONS = 12


def _moves() -> tuple[tuple[int, int], ...]:
    """(rows, columns) in blocks, nearest first, at most `_DIRECTIONS` of each distance, which grows by a quarter."""
    moves: list[tuple[int, int]] = []
    radius = 1.0
    while radius <= _FARTHEST_BLOCKS:
        # Each turn starts elsewhere, so that rings of directions do not line up.
        angles = 2 * np.pi * (np.arange(_DIRECTIONS) / _DIRECTIONS + 0.382 * len(moves))
        turn = {(round(radius * float(np.sin(a))), round(radius * float(np.cos(a)))) for a in angles}
        moves += sorted(turn - set(moves) - {(0, 0)}, key=lambda move: move[0] ** 2 + move[1] ** 2)
        radius = max(radius + 1, radius * 1.25)
    return tuple(moves)


_MOVES = _moves()


def borrowed(off: Floats, sources: Sequence[Bools], holes: Bools) -> Floats:
    """(n, 3) grain for the n marked pixels of `holes`, in the order of `np.flatnonzero`; 0 where none could be found.

    `off` (h, w, 3) is the image less its surface. `sources` (h, w each) mark where grain may come from, the best first.
    """
    height, width = holes.shape
    row, column = np.divmod(np.flatnonzero(holes), width)
    grain = np.zeros((len(row), off.shape[2]), np.float32)
    waiting = np.arange(len(row))
    for source, side in product(sources, (BLOCK_PX, BLOCK_PX // 2)):
        block = row // side * (width // side + 1) + column // side
        for down, right in _MOVES:
            if not len(waiting):
                return grain
            y, x = row[waiting] + down * BLOCK_PX, column[waiting] + right * BLOCK_PX
            there = (y >= 0) & (y < height) & (x >= 0) & (x < width)
            there[there] = source[y[there], x[there]]
            taken = _complete(there, block[waiting])
            grain[waiting[taken]] = off[y[taken], x[taken]]
            waiting = waiting[~taken]
    return grain


def _complete(there: Bools, block: NDArray[np.int64]) -> Bools:
    """Marks the pixels of blocks all of whose pixels are `there`."""
    missing = np.bincount(block, ~there) > 0
    return np.asarray(~missing[block], np.bool_)
