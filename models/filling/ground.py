"""What the text stands on: a smooth surface through the known pixels around holes, whatever else lies there.

The surface is found on cells of a few pixels. At each cell a plane is fitted to the cells around it, weighted by a
Gaussian and by how well they agree with the fit before (Tukey's biweight, its width shrinking from round to round), so
that what is left of letters, their halos, borders and neighbours pull at it no more. Where too little is known near
by, inside wide holes, the surface is continued as a membrane.
"""

import cv2
import numpy as np

from models.filling.membrane import Floats, largest, membrane

_SIGMA_CELLS = 2.0
_REACH_CELLS = 6
_RIDGE = 0.3
"""Times the cells' own spread, in cells: cells in a single row cannot tell a slope across it."""
_WIDTHS = (160.0, 80.0, 40.0, 20.0, 10.0, 6.0)
"""Grey levels at which a cell has no say any more, round by round: so wide at first that the mean of two grounds still
hears both, then halved, which keeps hold of the more frequent one. 6 is half of what the judge calls a stranger."""
_LEAST_SUPPORT = 0.02
"""Of the weight that known cells all around would have."""


def surface(image: Floats, weights: Floats, cell_px: int) -> Floats:
    """The surface at every pixel; of use in and near holes.

    `image` is (h, w, 3), both sides multiples of `cell_px`; `weights` (h, w), 0-1, say how much a pixel counts, 0 where
    it is not known. A known plane comes out as it is.
    """
    share = _in_cells(weights, cell_px)
    cells = _means(image, weights, share, cell_px)
    fitted, support = _local_planes(cells, share)
    trust = share
    for level in _WIDTHS:
        off = largest(np.abs(cells - fitted)) / level
        trust = np.asarray(share * np.square(np.maximum(1 - off * off, 0)), np.float32)
        fitted, support = _local_planes(cells, trust)
    # Where only a part of a cell is known, its mean lies off its middle. What is left after a first fit has no slope
    # any more, so there that does not matter.
    rest = _means(image - _enlarged(fitted, weights.shape), weights, share, cell_px)
    fitted = fitted + _local_planes(rest, trust)[0]
    return _enlarged(membrane(fitted, support < _LEAST_SUPPORT), weights.shape)


def _in_cells(values: Floats, cell_px: int) -> Floats:
    size = values.shape[1] // cell_px, values.shape[0] // cell_px
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)


def _means(values: Floats, weights: Floats, share: Floats, cell_px: int) -> Floats:
    summed = _in_cells(values * weights[..., None], cell_px)
    return np.asarray(summed / np.maximum(share, 1e-6)[..., None], np.float32)


def _enlarged(cells: Floats, shape: tuple[int, ...]) -> Floats:
    return np.asarray(cv2.resize(cells, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), np.float32)


def _local_planes(values: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """The value at each cell of the plane that fits `values` (h, w, 3) around it, and how much that rests on.

    Weighted least squares in closed form: every sum it needs is a separable filter.
    """
    weighted = values * weights[..., None]
    w, wx, wy = _sum(weights, 0, 0), _sum(weights, 1, 0), _sum(weights, 0, 1)
    ridge = _RIDGE * w + 1e-9
    wxx, wyy, wxy = _sum(weights, 2, 0) + ridge, _sum(weights, 0, 2) + ridge, _sum(weights, 1, 1)
    determinant = wxx * wyy - wxy * wxy
    per_x, per_y = (wyy * wx - wxy * wy) / determinant, (wxx * wy - wxy * wx) / determinant
    support = w - per_x * wx - per_y * wy
    total = _sum(weighted, 0, 0) - per_x[..., None] * _sum(weighted, 1, 0) - per_y[..., None] * _sum(weighted, 0, 1)
    fitted = total / np.maximum(support, 1e-9)[..., None]
    return np.asarray(fitted, np.float32), np.asarray(support, np.float32)


_OFFSETS = np.arange(-_REACH_CELLS, _REACH_CELLS + 1, dtype=np.float32)
_BELL = np.exp(-np.square(_OFFSETS) / (2 * _SIGMA_CELLS**2))
_KERNELS = tuple(np.asarray(_BELL / _BELL.sum() * _OFFSETS**power, np.float32) for power in range(3))


def _sum(values: Floats, power_x: int, power_y: int) -> Floats:
    """Around each cell: the sum of values * bell * x^power_x * y^power_y, x and y counted from the cell."""
    summed = cv2.sepFilter2D(values, cv2.CV_32F, _KERNELS[power_x], _KERNELS[power_y], borderType=cv2.BORDER_CONSTANT)
    return np.asarray(summed, np.float32)
