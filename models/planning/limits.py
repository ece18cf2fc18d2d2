"""The limits a plan keeps, and the context it gives a hole. The constants are argued here; the planner is in auto.py,
prices in ModelFacts.cost."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from models.base import LAMA_PIXEL_BYTES, ModelFacts
from models.planning.components import Edges


@dataclass(frozen=True, slots=True)
class PlanLimits:
    """What the service allows a plan, and its tuning.

    `max_window_px`: longest side of one forward (MAX_IMAGE_SIZE), padding included; a model whose `min_size` or
    `pad_multiple` is larger gets that.
    `bucket_ratio`: each window side is one of a ladder of lengths this far apart, so that windows of different images
    have the same shape and can run as one batch. 1.0625 costs 3 % per side on average, filled with real neighbours, and
    leaves 63 lengths up to 2048. 1 means every multiple the model takes, for a device that gains nothing by batches.
    `margin_floor_px`: known pixels around a hole, at least: three cells of the 8-fold reduced grid the networks work
    on. `margin_ratio` of the hole's shorter side is given if that is more: with 0.25 a hole never fills more than two
    thirds of its window's side. `margin_cap_px` ends that. Up to a hole of 128 px this stays below the 32 px that
    IOPaint's API takes by default, so the windows are smaller than its crops.
    `generous_px` of context are given where hole and context fit into the longest window all the same.
    """

    max_window_px: int = 2048
    bucket_ratio: float = 1.0625
    margin_floor_px: int = 24
    margin_ratio: float = 0.25
    margin_cap_px: int = 256
    generous_px: int = 0

    def of(self, facts: ModelFacts) -> Self:
        """For that model. One that always runs at one size gets windows of that size, and holes in them the context
        IOPaint gives it: 128 of 512 px."""
        if not facts.own_crop_px:
            return self
        return replace(self, max_window_px=facts.own_crop_px, generous_px=facts.own_crop_px // 4)

    @property
    def forward_bytes(self) -> int:
        """Main memory one forward may take, whatever the strategy: what lama takes for a square of the longest side,
        6 GiB for 2048 px."""
        return self.max_window_px**2 * LAMA_PIXEL_BYTES


def _margins(holes: Edges, limits: PlanLimits) -> Edges:
    """(n, 2): for left and right, for top and bottom."""
    sizes = holes[:, 2:] - holes[:, :2]
    scaled = np.ceil(sizes.min(axis=1, keepdims=True) * limits.margin_ratio).astype(np.int64)
    most = max(limits.margin_cap_px, limits.margin_floor_px)
    room = (limits.max_window_px - sizes) // 2
    margins: Edges = np.maximum(np.clip(scaled, limits.margin_floor_px, most), np.minimum(limits.generous_px, room))
    return margins


def with_context(holes: Edges, height: int, width: int, limits: PlanLimits) -> Edges:
    """Holes with their margins, as far as an image of that size reaches."""
    margins = _margins(holes, limits)
    low = np.maximum(holes[:, :2] - margins, 0)
    high = np.minimum(holes[:, 2:] + margins, (width, height))
    return np.concatenate([low, high], axis=1)
