"""How long the work of a task is likely to take, before anything but its request has been seen."""

from collections.abc import Sequence

from deployments.config.settings import PlannerConfig
from deployments.messages.jobs import EraseJob
from models.base import ModelFacts
from models.types import Region


def expected_s(job: EraseJob, facts: ModelFacts, planner: PlannerConfig) -> float | None:
    """Seconds by the model's price: each region with its margin is a window, and together they cover the image at most.
    None where it is not known yet what there is to fill: with a mask, or with text to be found.

    Coarse: windows are merged later, and what decoding takes is left out. The tracker scales it by what tasks took.
    """
    if not job.regions or job.pixels <= 0:
        return None
    planned_px = min(_planned_px(job.regions, planner.margin_floor_px), job.pixels)
    return len(job.regions) * facts.cost.call_s + planned_px * facts.cost.pixel_s


def _planned_px(regions: Sequence[Region], margin: int) -> float:
    return sum(_length(region, 0, margin) * _length(region, 1, margin) for region in regions)


def _length(region: Region, axis: int, margin: int) -> float:
    along = [point[axis] for point in region.points]
    return max(along) - min(along) + 2 * margin
