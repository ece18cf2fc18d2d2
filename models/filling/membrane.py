"""A smooth surface through holes: each unknown value is the mean of its four neighbours (Laplace's equation)."""

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

_SWEEPS = 8
_OVER = 1.5
"""Sweeps of successive over-relaxation on each level, and its factor. More sweeps change the quality of a fill by less
than 0.02 dB (strokes of 2-20 px over photos)."""


def membrane(values: Floats, holes: Bools) -> Floats:
    """A copy of `values` (h, w, channels) with the marked pixels (h, w) filled; what they held does not matter.

    The image's edge reflects. A plane is continued as a plane. Where nothing at all is known, 0 comes out. Solved from
    coarse to fine: half-size means of what is known give the start, so wide holes need no more sweeps than thin ones.
    """
    filled = np.where(holes[..., np.newaxis], np.float32(0), values)
    _fill(filled, holes)
    return filled


def _fill(values: Floats, holes: Bools) -> None:
    """In place. `values` are 0 in the holes."""
    if not holes.any() or holes.all():
        return
    height, width, _ = values.shape
    if min(height, width) > 2:
        values[holes] = _from_half(values, holes)[holes]
    else:
        values[holes] = values[~holes].mean(axis=0)
    _relax(values, holes)


def _from_half(values: Floats, holes: Bools) -> Floats:
    coarse, missing = halved(values, holes)
    _fill(coarse, missing)
    return doubled(coarse, holes.shape)


def halved(values: Floats, holes: Bools) -> tuple[Floats, Bools]:
    """Means of what is known of each two pixels squared, and where that is nothing. `values` are 0 in the holes."""
    height, width, channels = values.shape
    below, right = height % 2, width % 2
    known = cv2.copyMakeBorder((~holes).astype(np.float32), 0, below, 0, right, cv2.BORDER_CONSTANT, value=0)
    padded = cv2.copyMakeBorder(values, 0, below, 0, right, cv2.BORDER_CONSTANT, value=0)
    size = known.shape[1] // 2, known.shape[0] // 2
    share = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
    mean = cv2.resize(padded, size, interpolation=cv2.INTER_AREA).reshape(*share.shape, channels)
    return np.asarray(mean / np.maximum(share, 1e-6)[..., np.newaxis], np.float32), np.asarray(share == 0, np.bool_)


def doubled(coarse: Floats, shape: tuple[int, ...]) -> Floats:
    """`coarse` at twice its size, cut to `shape` (h, w)."""
    size = 2 * coarse.shape[1], 2 * coarse.shape[0]
    fine = cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR).reshape(size[1], size[0], coarse.shape[2])
    return np.asarray(fine[: shape[0], : shape[1]], np.float32)


def _relax(values: Floats, holes: Bools) -> None:
    height, width, channels = values.shape
    flat = values.reshape(-1, channels)
    places = np.flatnonzero(holes)
    row, column = np.divmod(places, width)
    odd = (row + column) % 2 == 1
    halves = [(places[half], _neighbours(places[half], row[half], column[half], height, width)) for half in (~odd, odd)]
    for _ in range(_SWEEPS):
        for here, around in halves:
            mean = flat[around[0]]
            for one in around[1:]:
                mean += flat[one]
            mean *= _OVER / 4
            flat[here] = (1 - _OVER) * flat[here] + mean


def _neighbours(
    places: NDArray[np.int64], row: NDArray[np.int64], column: NDArray[np.int64], height: int, width: int
) -> list[NDArray[np.int64]]:
    """Above, below, left, right; over the edge of the image the pixel itself."""
    return [
        np.where(row > 0, places - width, places),
        np.where(row < height - 1, places + width, places),
        np.where(column > 0, places - 1, places),
        np.where(column < width - 1, places + 1, places),
    ]


def largest(values: Floats) -> Floats:
    """(h, w): over the three channels of (h, w, 3). In a tenth of the time that numpy takes over so short an axis."""
    return np.maximum(np.maximum(values[..., 0], values[..., 1]), values[..., 2])
