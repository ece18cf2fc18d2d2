"""The holes of a mask as boxes."""

import cv2
import numpy as np
from numpy.typing import NDArray

from models.stopping import go_on
from models.types import Box, Mask

Edges = NDArray[np.int64]
"""(n, 4) boxes: left, top, right, bottom; the last two exclusive."""

CELL_PX = 8
"""Holes this near count as one: far below any margin, so they would share a window anyway. Labelling the cells
instead of the pixels takes a 64th of the memory and time: 100 megapixels pass in about 0.1 s."""


MOST_PIECES = 32_768
"""More holes, or tiles of holes, than this are joined over twice the distance, until they are fewer: the time of a plan
grows with their number. On 100 megapixels they stand closer than their margins then, so no plan saves anything."""


def hole_edges(mask: Mask, tile_px: int) -> Edges:
    """Tight boxes around the masked pixels; together they hold every one. Boxes may overlap. (0, 4) for none.

    Cut into tiles of `tile_px`, they are at most MOST_PIECES.
    """
    cells, cell_px = _cells(mask), CELL_PX
    while True:
        count, _, stats, _ = cv2.connectedComponentsWithStats(cells, connectivity=8, ltype=cv2.CV_32S)
        rough = stats[1:count, :4].astype(np.int64) * cell_px
        if int(np.prod(-(-rough[:, 2:] // tile_px), axis=1).sum()) <= MOST_PIECES or max(cells.shape) == 1:
            break
        cells, cell_px = _twice_as_coarse(cells), 2 * cell_px
    go_on()
    boxes = (Box(left, top, left + width, top + height) for left, top, width, height in rough.tolist())
    return np.array([tight_edges(mask, box) for box in boxes], dtype=np.int64).reshape(-1, 4)


def _twice_as_coarse(cells: Mask) -> Mask:
    below, right = cells.shape[0] % 2, cells.shape[1] % 2
    even = np.pad(cells > 0, ((0, below), (0, right)))
    joined: Mask = (even[::2, ::2] | even[1::2, ::2] | even[::2, 1::2] | even[1::2, 1::2]).astype(np.uint8)
    return joined


def tight_edges(mask: Mask, within: Box) -> tuple[int, int, int, int]:
    """The box of the masked pixels inside `within`, which may reach over the edge of the mask; all 0 for none."""
    x, y, width, height = cv2.boundingRect(mask[within.slices])
    if width == 0:
        return 0, 0, 0, 0
    left, top = int(within.left) + x, int(within.top) + y
    return left, top, left + width, top + height


def _cells(mask: Mask) -> Mask:
    """One value for each CELL_PX square: not 0 if any pixel in it is masked (255 / 64 does not round to 0)."""
    height, width = mask.shape
    below, right = -height % CELL_PX, -width % CELL_PX
    if below or right:
        mask = cv2.copyMakeBorder(mask, 0, below, 0, right, cv2.BORDER_CONSTANT, value=0)
    shape = mask.shape[1] // CELL_PX, mask.shape[0] // CELL_PX
    cells: Mask = cv2.resize(mask, shape, interpolation=cv2.INTER_AREA)
    return cells
