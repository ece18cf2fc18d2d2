"""Counts what was done to images."""

from deployments import metrics
from deployments.messages.jobs import ErasedInfo


class Counting:
    """Of one replica."""

    def __init__(self) -> None:
        self._stage = metrics.histogram("stage_seconds", "Parts of the work on one image", metrics.SECONDS, "stage")
        self._fills = metrics.counter("fills_total", "Regions by how they were filled", "kind")

    def count(self, info: ErasedInfo) -> None:
        """`kind` is fitted (without a model), model, or box: strokes did not do, and the region was filled as a box;
        a box is a fit or a model's work as well."""
        for stage, seconds in info.timings_s.items():
            self._stage(seconds, {"stage": stage})
        fitted = info.fitted_count or 0
        self._fills(fitted, {"kind": "fitted"})
        self._fills(info.regions_count - fitted, {"kind": "model"})
        self._fills(info.stroke_fallbacks or 0, {"kind": "box"})
