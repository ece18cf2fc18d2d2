"""Auto: windows by cost per masked pixel. plan.py tells the whole story."""

from collections.abc import Iterable

import numpy as np

from models.base import ModelFacts
from models.planning.buckets import Buckets
from models.planning.components import Edges, hole_edges
from models.planning.iopaint import whole_image
from models.planning.limits import PlanLimits, with_context
from models.planning.merging import bounds, merge
from models.planning.overlaps import later_overlaps
from models.planning.padding import padded_shape
from models.planning.tiles import sort_by_size, tile_px
from models.planning.window import Scaling, Window
from models.types import Box, Mask


def plan_by_cost(mask: Mask, facts: ModelFacts, limits: PlanLimits) -> tuple[Window, ...]:
    """Every masked pixel has one owner; together never more padded pixels than the unreduced whole image."""
    height, width = mask.shape
    limits = limits.of(facts)
    buckets = Buckets(height, width, facts, limits)
    holes, oversize = sort_by_size(hole_edges(mask, tile_px(buckets)), mask, buckets, limits)
    if not len(holes) and not len(oversize):
        return ()
    needs = with_context(holes, height, width, limits)
    planned = [_unreduced(holes[rows], needs[rows], buckets) for rows in merge(needs, buckets.price)]
    planned += [_reduced(hole, buckets, limits) for hole in oversize]
    planned.sort(key=lambda draft: (draft[1].top, draft[1].left, draft[1].bottom, draft[1].right))
    windows = _numbered(planned, facts)
    whole = _whole_image(height, width, facts, buckets)
    return (whole,) if _is_cheaper(whole, windows, height, width, facts, limits) else windows


def _is_cheaper(
    whole: Window, windows: tuple[Window, ...], height: int, width: int, facts: ModelFacts, limits: PlanLimits
) -> bool:
    """Whether one window over everything wins: on price where it keeps the resolution, else only if it must."""
    tall, wide = padded_shape(height, width, facts)
    pixels = sum(window.pixels for window in windows)
    if whole.scaling is Scaling.NONE:
        call = facts.cost.call_px
        return pixels > tall * wide or pixels + call * len(windows) >= whole.pixels + call
    # Reducing the whole image is no way to save for a model that runs at one size: it has few pixels as it is.
    return pixels > tall * wide and not facts.own_crop_px


Draft = tuple[Box, Box, tuple[int, int], Scaling]
"""Box, paste, (height, width) the model sees, scaling."""


def _unreduced(holes: Edges, needs: Edges, buckets: Buckets) -> Draft:
    need = bounds(needs)
    tall, wide = buckets.sizes(need[3] - need[1], need[2] - need[0])
    left, right = _grown(int(need[0]), int(need[2]), int(wide), buckets.width)
    top, bottom = _grown(int(need[1]), int(need[3]), int(tall), buckets.height)
    return Box(left, top, right, bottom), _box(bounds(holes)), (int(tall), int(wide)), Scaling.NONE


def _reduced(hole: Edges, buckets: Buckets, limits: PlanLimits) -> Draft:
    box = _box(with_context(hole[np.newaxis], buckets.height, buckets.width, limits)[0])
    return box, _box(hole), _shrunk(box.height, box.width, buckets.longest), Scaling.REDUCE


def _whole_image(height: int, width: int, facts: ModelFacts, buckets: Buckets) -> Window:
    if max(height, width) <= buckets.longest:
        return whole_image(height, width, facts)
    return whole_image(height, width, facts, _shrunk(height, width, buckets.longest), Scaling.REDUCE)


def _shrunk(height: int, width: int, longest: int) -> tuple[int, int]:
    ratio = longest / max(height, width)
    return max(1, round(height * ratio)), max(1, round(width * ratio))


def _grown(low: int, high: int, length: int, limit: int) -> tuple[int, int]:
    """An interval of `length` around [low, high), inside [0, limit)."""
    start = min(max(low - (length - (high - low)) // 2, 0), limit - length)
    return start, start + length


def _box(edges: Edges) -> Box:
    left, top, right, bottom = (int(edge) for edge in edges)
    return Box(left, top, right, bottom)


def _numbered(planned: Iterable[Draft], facts: ModelFacts) -> tuple[Window, ...]:
    drafts = list(planned)
    yields_to = later_overlaps([paste for _, paste, _, _ in drafts])
    return tuple(
        Window(index, box, paste, *shape, *padded_shape(*shape, facts), scaling, later)
        for index, ((box, paste, shape, scaling), later) in enumerate(zip(drafts, yields_to, strict=True))
    )
