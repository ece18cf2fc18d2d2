"""A second look at regions in which text can still be read after the first fill."""

from collections.abc import Sequence

import numpy as np

from models.masking.growth import grown
from models.masking.masks import rasterise
from models.masking.strokes import stroke_mask
from models.types import Image, Mask, Region

GROWTH_PX = 2


def more_of(filled: Image, regions: Sequence[Region], mask: Mask) -> Mask:
    """What to fill anew: the strokes that show in `filled`, the picture after the first fill, and what `mask` marks of
    these regions, wider by `GROWTH_PX`. Regions in which nothing shows get no box.
    """
    height, width = mask.shape
    seen = stroke_mask(filled, regions, boxes=False).mask
    near = grown(rasterise(regions, width, height), GROWTH_PX)
    return np.asarray(seen | (grown(mask & near, GROWTH_PX)), np.uint8)


def still_seen(filled: Image, regions: Sequence[Region]) -> tuple[int, ...]:
    """Indices of the regions in which the stroke network, too, sees text."""
    unseen = set(stroke_mask(filled, regions, boxes=False).unsure)
    return tuple(index for index in range(len(regions)) if index not in unseen)


def boxes_of(regions: Sequence[Region], mask: Mask) -> Mask:
    """The regions, whole, and all of `mask` that reaches into them: no letter is cut at the border of its box."""
    import cv2

    height, width = mask.shape
    boxes = rasterise(regions, width, height)
    _, labels = cv2.connectedComponents(mask, connectivity=8)
    crossing = np.unique(labels[(boxes > 0) & (mask > 0)])
    return np.asarray(boxes | np.where(np.isin(labels, crossing) & (mask > 0), 255, 0).astype(np.uint8), np.uint8)
