"""How much of the surroundings a hole needs."""

import numpy as np

from models.imaging.components import Edges
from models.imaging.costs import PlanLimits


def _margins(holes: Edges, limits: PlanLimits) -> Edges:
    shorter = np.minimum(holes[:, 2] - holes[:, 0], holes[:, 3] - holes[:, 1])
    scaled = np.ceil(shorter * limits.margin_ratio).astype(np.int64)
    most = max(limits.margin_cap_px, limits.margin_floor_px)
    margins: Edges = np.clip(scaled, limits.margin_floor_px, most)
    return margins


def with_context(holes: Edges, height: int, width: int, limits: PlanLimits) -> Edges:
    """Holes with their margins, as far as an image of that size reaches."""
    margins = _margins(holes, limits)[:, np.newaxis]
    low = np.maximum(holes[:, :2] - margins, 0)
    high = np.minimum(holes[:, 2:] + margins, (width, height))
    return np.concatenate([low, high], axis=1)
