"""What of a picture may be touched: only `within` some regions, and never in those to `keep`."""

from collections.abc import Sequence

import numpy as np

from models.masking.masks import rasterise
from models.types import Mask, Region

_MOSTLY = 0.5
"""A text lies in regions if at least this share of its area does."""


def allowed(texts: Sequence[Region], within: Sequence[Region], keep: Sequence[Region]) -> list[int]:
    """Indices of the texts that lie mostly in `within` (everywhere, if that is empty) and not mostly in `keep`.

    A text that reaches into either only with its smaller part counts as a whole; `without_kept` sees to the pixels.
    """
    from shapely import Polygon, unary_union

    def shape(region: Region) -> Polygon:
        return Polygon(region.points).buffer(0)

    inside, kept = unary_union([shape(region) for region in within]), unary_union([shape(region) for region in keep])
    chosen = []
    for index, text in enumerate(texts):
        outline = shape(text)
        least = _MOSTLY * outline.area
        if (not within or outline.intersection(inside).area >= least) and outline.intersection(kept).area < least:
            chosen.append(index)
    return chosen


def without_kept(mask: Mask, keep: Sequence[Region]) -> Mask:
    """The mask without every pixel that a region to keep reaches into; they must have passed `regions.validate`."""
    if not keep:
        return mask
    height, width = mask.shape
    return np.where(rasterise(keep, width, height) > 0, 0, mask).astype(np.uint8)
