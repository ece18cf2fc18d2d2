"""Masks from regions, and what is done to masks."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from models.masking.regions import SNAP_PX, bounding_box, edges
from models.stopping import go_on
from models.types import Box, InpaintParameters, Mask, Region

_LEVEL_PX = 1e-9
"""An edge that rises by less is level: its slope may be too large for a number, and the pixels it passes through are
marked in either case."""

BAND_ROWS = 64
"""Rows of a polygon worked on at once: bounds memory to this many rows times the edges that cross them."""


def rasterise(regions: Sequence[Region], width: int, height: int) -> Mask:
    """Mark every pixel that the inside of a region reaches into, however little of it: regions are rounded outwards.

    Rectangles mark their `bounding_box`. The inside of a polygon is where it winds around a point at least once
    (non-zero rule), so a polygon that crosses itself has no holes; the pixels its edges pass through are marked. Parts
    outside the image are left out. The regions must have passed `regions.validate`.
    """
    mask = np.zeros((height, width), np.uint8)
    for region in regions:
        go_on()
        box = bounding_box(region, width, height)
        if region.rectangle:
            mask[box.slices] = 255
        else:
            _fill_polygon(mask, region, box)
    return mask


def union(masks: Iterable[Mask]) -> Mask:
    """Pixels that at least one of the masks marks. All have one shape, and there is at least one."""
    first, *others = masks
    result = first.copy()
    for mask in others:
        np.maximum(result, mask, out=result)
    return result


def dilate(mask: Mask, pixels: int) -> Mask:
    """Grow by a square: marks every pixel with a marked one at most `pixels` columns and rows away."""
    import cv2

    if pixels < 0:
        raise ValueError(f"a mask grows by 0 pixels or more, not {pixels}")
    if pixels == 0:
        return mask
    # A square grows side by side: one row, then one column, cost the same as the square and much less time.
    reach = 2 * pixels + 1
    wide = cv2.dilate(mask, np.ones((1, min(reach, 2 * mask.shape[1] + 1)), np.uint8))
    return np.asarray(cv2.dilate(wide, np.ones((min(reach, 2 * mask.shape[0] + 1), 1), np.uint8)), np.uint8)


def changed(mask: Mask, parameters: InpaintParameters) -> Mask:
    """The pixels a diffusion model may change under these parameters, for a mask of what is to be filled."""
    keeps = parameters.sd_keep_unmasked_area
    result = dilate(mask, parameters.sd_mask_blur) if keeps else np.full_like(mask, 255)
    if parameters.use_croper:
        left, top = max(parameters.croper_x, 0), max(parameters.croper_y, 0)
        right = max(parameters.croper_x + parameters.croper_width, 0)
        bottom = max(parameters.croper_y + parameters.croper_height, 0)
        inside = result[top:bottom, left:right]
        result = np.zeros_like(mask)
        result[top:bottom, left:right] = inside
    return result


def masked_area(mask: Mask) -> int:
    """Marked pixels."""
    return int(np.count_nonzero(mask))


def count_areas(mask: Mask) -> int:
    """Separate marked areas; pixels that touch at a corner belong together. Needs 4 bytes per pixel for a moment."""
    import cv2

    return int(cv2.connectedComponents(mask, connectivity=8, ltype=cv2.CV_32S)[0]) - 1


def count_areas_touching(mask: Mask, other: Mask) -> int:
    """Separate marked areas of `mask` that `other` marks a pixel of. Needs 4 bytes per pixel for a moment."""
    import cv2

    _, numbers = cv2.connectedComponents(mask, connectivity=8, ltype=cv2.CV_32S)
    touched = np.unique(numbers[other > 0])
    return int(np.count_nonzero(touched))


def _fill_polygon(mask: Mask, region: Region, box: Box) -> None:
    outline = np.array([(*a, *b) for a, b in edges(region)])
    low, high = np.minimum(outline[:, 1], outline[:, 3]), np.maximum(outline[:, 1], outline[:, 3])
    for top in range(box.top, box.bottom, BAND_ROWS):
        go_on()
        bottom = min(top + BAND_ROWS, box.bottom)
        near = outline[(high > top) & (low < bottom)]
        mask[top:bottom, box.left : box.right][_covered(near, Box(box.left, top, box.right, bottom))] = 255


def _covered(outline: NDArray[np.float64], band: Box) -> NDArray[np.bool_]:
    """Pixels of the band that the inside reaches into, for the edges (x1, y1, x2, y2) that cross the band.

    Both counts are kept as changes from column to column, and summed up along each row.
    """
    rows = np.arange(band.top, band.bottom)
    low, high = np.minimum(outline[:, 1], outline[:, 3]), np.maximum(outline[:, 1], outline[:, 3])
    row, edge = np.nonzero((low < rows[:, None] + 1) & (high > rows[:, None]))
    x1, y1, x2, y2 = outline[edge].T
    top, low, high = rows[row], low[edge], high[edge]
    level = np.abs(y2 - y1) < _LEVEL_PX
    slope = (x2 - x1) / np.where(level, 1.0, y2 - y1)
    shape = (band.height, band.width + 1)

    # An edge passes through the pixels between the columns where it enters and leaves the row.
    enter = x1 + np.where(level, 0.0, (np.maximum(top, low) - y1) * slope)
    leave = np.where(level, x2, x1 + (np.minimum(top + 1, high) - y1) * slope)
    start = np.clip(np.floor(np.minimum(enter, leave) + SNAP_PX), band.left, band.right).astype(np.int64) - band.left
    end = np.clip(np.ceil(np.maximum(enter, leave) - SNAP_PX), band.left, band.right).astype(np.int64) - band.left
    some = end > start  # an edge along a pixel border passes through neither side
    passing = np.zeros(shape, np.int32)
    np.add.at(passing, (row[some], start[some]), 1)
    np.add.at(passing, (row[some], end[some]), -1)

    # The polygon winds around a pixel's centre as often as edges to its left go down more often than up.
    middle = top + 0.5
    crossed = (y1 <= middle) != (y2 <= middle)
    x = (x1 + (middle - y1) * slope)[crossed]
    column = np.clip(np.ceil(x - 0.5), band.left, band.right).astype(np.int64) - band.left
    winding = np.zeros(shape, np.int32)
    np.add.at(winding, (row[crossed], column), np.where(y2 > y1, 1, -1)[crossed])

    reached = np.cumsum(passing, axis=1, dtype=np.int32) > 0
    reached |= np.cumsum(winding, axis=1, dtype=np.int32) != 0
    return np.asarray(reached[:, :-1], np.bool_)
