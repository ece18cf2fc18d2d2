"""Filling text on flat or smooth ground without a model: fit what surrounds the strokes, give the rest back.

fit = fitted(image, mask)          # fit.image has the smooth holes filled, fit.left marks what a model must fill
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from models.filling.depth import settled
from models.filling.grain import BLOCK_PX, borrowed
from models.filling.ground import surface
from models.filling.judging import STRANGER, judge
from models.filling.membrane import Bools, Floats, largest
from models.stopping import go_on
from models.types import Box, Image, Mask

HALO_PX = 2
"""This near a hole a pixel is not trusted: letters of real files carry rings."""
_HALF_PX = 6.0
RING_PX = 40
"""Where a pixel's word on the ground of a hole counts half, and how far it is heard at all."""
_EDGE = 24.0
"""Grey levels between a pixel and its neighbours that make an edge: twice what makes a stranger (judging.py)."""
_CELL_PX = 4
"""The surface's grid."""
_GRAIN = 0.8
"""Grey levels (root mean square) below which grain is not seen."""
_FAINT = 3.0
"""Grey levels of a 5x5 mean; those of grain stay below."""
_APART_CELLS = 11
"""Holes closer than this, in blocks of BLOCK_PX, are looked at together: twice the ring and more."""
_TILE_PX = 1024
_CONTEXT_PX = 48
"""Pixels around a zone that are looked at: the ring, and room for grain. Whole blocks."""


@dataclass(frozen=True, slots=True)
class Fit:
    """`image` is a copy with the fitted holes filled; `left` marks the masked pixels that are not."""

    image: Image
    left: Mask


def fitted(image: Image, mask: Mask) -> Fit:
    """Only masked pixels change, and each depends on nothing but the picture within _CONTEXT_PX and a tile around its
    hole. Pure and deterministic; the arguments are not written to."""
    filled, left = image.copy(), mask.copy()
    for zone, own in _zones(mask):
        go_on()
        _fit_zone(image, mask, zone, own, filled, left)
    return Fit(filled, left)


def _fit_zone(image: Image, mask: Mask, zone: Box, own: Mask, filled: Image, left: Mask) -> None:
    """Fill the holes `own` marks inside `zone`; other holes in it are unknown."""
    height, width = own.shape
    below, right = -height % BLOCK_PX, -width % BLOCK_PX
    pixels = cv2.copyMakeBorder(image[zone.slices], 0, below, 0, right, cv2.BORDER_REPLICATE).astype(np.float32)
    holes = np.pad(own, ((0, below), (0, right))) > 0
    unknown = cv2.copyMakeBorder(_grown(mask[zone.slices], HALO_PX), 0, below, 0, right, cv2.BORDER_CONSTANT, value=1)
    weights = np.where(unknown == 0, _nearness(holes), np.float32(0))
    if not weights.any():
        return
    smooth = surface(pixels, weights * ~_edges(pixels), _CELL_PX)
    off = pixels - smooth
    verdict = judge(smooth, off, weights, _CELL_PX)
    done = settled(verdict.good, verdict.unheard, holes, smooth)
    grainy = done & (verdict.grain > _GRAIN)
    if grainy.any():
        ground = (weights > 0) & (largest(np.abs(off)) < STRANGER)
        clean = ground & (_grown(unknown, BLOCK_PX) == 0) & ~_lines(off)
        smooth[grainy] += borrowed(off, (clean, ground), grainy)
    done = done[:height, :width]
    values = np.clip(np.rint(smooth[:height, :width][done]), 0, 255)
    filled[zone.slices][done] = values.astype(np.uint8)
    left[zone.slices][done] = 0


def _nearness(holes: Bools) -> Floats:
    """How much a pixel says about the ground of the nearest hole, 0-1."""
    distance = cv2.distanceTransform((~holes).view(np.uint8), cv2.DIST_L2, 3)
    return np.asarray(np.where(distance <= RING_PX, 1 / (1 + np.square(distance / _HALF_PX)), 0), np.float32)


def _edges(pixels: Floats) -> Bools:
    """Pixels on the edge of something: a mix of two grounds, which says nothing of either."""
    square = np.ones((3, 3), np.uint8)
    span = cv2.dilate(pixels, square) - cv2.erode(pixels, square)
    return np.asarray(largest(span) > _EDGE, np.bool_)


def _lines(off: Floats) -> Bools:
    """Faint lines and spots on the ground: no grain, and not to be seen twice."""
    return np.asarray(largest(np.abs(cv2.blur(off, (5, 5)))) > _FAINT, np.bool_)


def _zones(mask: Mask) -> Iterator[tuple[Box, Mask]]:
    """Boxes that begin at whole blocks, with context, and the holes that are theirs: each hole pixel is in one."""
    height, width = mask.shape
    below, right = -height % BLOCK_PX, -width % BLOCK_PX
    padded = cv2.copyMakeBorder(mask, 0, below, 0, right, cv2.BORDER_CONSTANT, value=0)
    size = padded.shape[1] // BLOCK_PX, padded.shape[0] // BLOCK_PX
    blocks = (cv2.resize(padded, size, interpolation=cv2.INTER_AREA) > 0).view(np.uint8)
    count, numbers, stats, _ = cv2.connectedComponentsWithStats(
        _grown(blocks, _APART_CELLS // 2), connectivity=8, ltype=cv2.CV_32S
    )
    for number, (x, y, wide, tall, _) in enumerate(stats[1:count].tolist(), start=1):
        for tile in _tiles(Box(x, y, x + wide, y + tall)):
            theirs = (blocks[tile.slices] > 0) & (numbers[tile.slices] == number)
            if theirs.any():
                yield _zone(mask, tile, theirs.view(np.uint8))


def _tiles(box: Box) -> Iterator[Box]:
    side = _TILE_PX // BLOCK_PX
    for top in range(box.top, box.bottom, side):
        for left in range(box.left, box.right, side):
            yield Box(left, top, min(left + side, box.right), min(top + side, box.bottom))


def _zone(mask: Mask, tile: Box, theirs: Mask) -> tuple[Box, Mask]:
    height, width = mask.shape
    inner = Box(*(edge * BLOCK_PX for edge in (tile.left, tile.top, tile.right, tile.bottom)))
    zone = Box(
        max(0, inner.left - _CONTEXT_PX),
        max(0, inner.top - _CONTEXT_PX),
        min(width, inner.right + _CONTEXT_PX),
        min(height, inner.bottom + _CONTEXT_PX),
    )
    own = np.zeros((zone.height, zone.width), np.uint8)
    inside = own[inner.top - zone.top :, inner.left - zone.left :][: inner.height, : inner.width]
    full = np.repeat(np.repeat(theirs, BLOCK_PX, axis=0), BLOCK_PX, axis=1)[: inside.shape[0], : inside.shape[1]]
    inside[:] = full * mask[inner.top : inner.top + inside.shape[0], inner.left : inner.left + inside.shape[1]]
    return zone, own


def _grown(mask: Mask, pixels: int) -> Mask:
    side = 2 * pixels + 1
    return np.asarray(cv2.dilate(cv2.dilate(mask, np.ones((1, side), np.uint8)), np.ones((side, 1), np.uint8)))
