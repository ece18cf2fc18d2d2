"""Whether a fitted surface will do for a hole, or a model has to invent what lies there."""

from dataclasses import dataclass

import cv2
import numpy as np

from models.filling.membrane import Bools, Floats, largest

STRANGER = 12.0
"""A pixel further than this from the surface, in grey levels of one channel, is none of the ground."""
STEEPEST = 1.5
"""Grey levels a pixel: a surface that rises more bridges two grounds with an edge between them that nobody sees."""
_PATCH_PX = 5
"""The eye's spot: differences are judged as means over this many pixels squared."""
_SIGHT_CELLS = 3.0
"""Sigma of the neighbourhood a verdict rests on, in cells."""
_LEAST_HEARD = 1e-3
"""Of the weight of known pixels all around."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a fit may leave. `uneven`: root mean square, in grey levels, of what differs from the surface over a patch;
    that is how far off the fill will be, too. `strangers`: share of the ring that is none of the ground.

    Measured on true strokes over photos and textures: with both kept, 4 % of the filled area differ visibly from
    the truth (3 in Lab over a patch); of what is beyond, two thirds do.
    """

    uneven: float
    strangers: float


LIMITS = (Limits(2.5, 0.08), Limits(1.0, 0.35))
"""Either may hold: where the ground is very even, more of the ring may be borders, neighbours or bits of letters."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Each (h, w). `good` marks where the surface will do, `unheard` what is too far from known pixels to tell.
    `grain` is the root mean square, in grey levels, of what differs from the surface there."""

    good: Bools
    unheard: Bools
    grain: Floats


def judge(smooth: Floats, off: Floats, weights: Floats, cell_px: int) -> Verdict:
    """`smooth` (h, w, 3) is the surface, `off` the image less the surface; `weights` (h, w) say how much a pixel tells
    of the holes near by, 0 where it is not known. The verdict is one for each cell, of `cell_px` squared."""
    ground = weights * (largest(np.abs(off)) < STRANGER)
    heard, own = _around(weights, cell_px), _around(ground, cell_px)
    safe = np.maximum(own, 1e-6)
    uneven = np.sqrt(_around(_worst_square(_patches(off, ground)) * ground, cell_px) / safe)
    grain = np.sqrt(_around(_worst_square(off) * ground, cell_px) / safe)
    strangers = 1 - own / np.maximum(heard, 1e-6)
    good = np.zeros(heard.shape, np.bool_)
    for limits in LIMITS:
        good |= (uneven <= limits.uneven) & (strangers <= limits.strangers)
    good &= _slopes(smooth, cell_px) <= STEEPEST
    sure = cv2.erode(good.view(np.uint8), np.ones((3, 3), np.uint8))
    height, width = weights.shape
    unheard = (heard < _LEAST_HEARD).view(np.uint8)
    sure, unheard, grain = (
        cv2.resize(cells, (width, height), interpolation=cv2.INTER_NEAREST) for cells in (sure, unheard, grain)
    )
    return Verdict((sure > 0) & (unheard == 0), unheard > 0, np.asarray(grain, np.float32))


def _slopes(smooth: Floats, cell_px: int) -> Floats:
    """Grey levels a pixel that the surface rises at each cell."""
    cells = smooth[cell_px // 2 :: cell_px, cell_px // 2 :: cell_px]
    across, down = (
        cv2.Sobel(cells, cv2.CV_32F, *order, ksize=3, scale=1 / (8 * cell_px)) for order in ((1, 0), (0, 1))
    )
    return np.asarray(np.sqrt(_worst_square(across) + _worst_square(down)), np.float32)


def _around(values: Floats, cell_px: int) -> Floats:
    """(h, w) summed up in cells, and these around each cell."""
    size = values.shape[1] // cell_px, values.shape[0] // cell_px
    cells = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(cells, (0, 0), _SIGHT_CELLS, borderType=cv2.BORDER_CONSTANT), np.float32)


def _patches(off: Floats, ground: Floats) -> Floats:
    """Means over the ground pixels of each patch."""
    size = _PATCH_PX, _PATCH_PX
    weights = (ground > 0).astype(np.float32)
    total = cv2.blur(off * weights[..., None], size)
    return np.asarray(total / np.maximum(cv2.blur(weights, size), 1e-6)[..., None], np.float32)


def _worst_square(off: Floats) -> Floats:
    return np.asarray(largest(np.square(off)), np.float32)
