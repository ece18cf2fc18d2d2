"""The planner's CostModel for a device, fitted to measured times: seconds of a forward = pixels * pixel_s + call_s.

Least squares of the relative errors, (fit - time) / time, so that a window of 20 ms counts as much as one of 20 s: most
windows are small. What is timed is `InpaintModel.inpaint`, without the hop between processes, which the planner's
`call_s` holds too (CostModel in models/base.py). Every shape is run once before it is timed.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.pictures import windows
from benchmarks.report import Report, median
from models.base import CostModel, InpaintModel
from models.types import InpaintParameters

Shape = tuple[int, int, int]
"""Windows in the batch, height, width."""

SHAPES: Sequence[Shape] = (
    (1, 64, 64), (1, 64, 256), (1, 96, 96), (1, 96, 512), (1, 128, 128), (1, 128, 512), (1, 192, 192), (1, 256, 256),
    (4, 64, 256), (8, 64, 256), (1, 384, 384), (4, 256, 256), (1, 512, 512), (1, 768, 768), (4, 512, 512),
    (1, 1024, 1024),
)  # fmt: skip
"""Text lines and squares, and a few batches."""


@dataclass(frozen=True, slots=True)
class Timed:
    shape: Shape
    seconds: tuple[float, ...]

    @property
    def pixels(self) -> int:
        count, height, width = self.shape
        return count * height * width

    @property
    def median_s(self) -> float:
        return median(self.seconds)


def measure(model: InpaintModel, shapes: Sequence[Shape] = SHAPES, *, rounds: int) -> Iterator[Timed]:
    """The model's time for each shape, smallest first, with a hole in the middle of each window."""
    for count, height, width in sorted(shapes, key=lambda shape: shape[0] * shape[1] * shape[2]):
        images, masks = windows(count, height, width)
        seconds = []
        for _ in range(1 + rounds):
            started = time.perf_counter()
            model.inpaint(images, masks, InpaintParameters())
            seconds.append(time.perf_counter() - started)
        yield Timed((count, height, width), tuple(seconds[1:]))


def fit(times: Sequence[Timed]) -> CostModel:
    """Neither constant is below 0: where a free line would have one below, the other alone is fitted.

    Raises: ValueError with fewer than two sizes.
    """
    if len({timed.pixels for timed in times}) < 2:
        raise ValueError("a line needs two sizes")
    seconds = np.array([timed.median_s for timed in times])
    columns = np.stack([[float(timed.pixels) for timed in times], np.ones(len(times))], axis=1) / seconds[:, np.newaxis]
    pixel_s, call_s = np.linalg.lstsq(columns, np.ones(len(times)), rcond=None)[0]
    if call_s < 0:
        pixel_s, call_s = columns[:, 0].sum() / (columns[:, 0] ** 2).sum(), 0.0
    elif pixel_s < 0:
        pixel_s, call_s = 0.0, columns[:, 1].sum() / (columns[:, 1] ** 2).sum()
    return CostModel(float(pixel_s), float(call_s))


def residual(cost: CostModel, timed: Timed) -> float:
    """(fit - time) / time."""
    return (timed.pixels * cost.pixel_s + cost.call_s) / timed.median_s - 1


def report(times: Sequence[Timed], device: str) -> Report:
    """All times in one fit; single windows alone in another, because a batch of small windows may cost less."""
    cost, single = fit(times), _fit_of_singles(times)
    rows = [
        [
            f"{timed.shape[0]} × {timed.shape[2]}x{timed.shape[1]}",
            f"{timed.pixels / 1e6:.3f}",
            f"{min(timed.seconds) * 1000:.1f}",
            f"{timed.median_s * 1000:.1f}",
            f"{timed.median_s / timed.pixels * 1e6:.2f}",
            f"{residual(cost, timed):+.0%}",
        ]
        for timed in times
    ]
    worst = max(abs(residual(cost, timed)) for timed in times)
    ratios = [
        f"all: {_words(cost)}; off by {np.mean([abs(residual(cost, timed)) for timed in times]):.0%} on average,"
        f" {worst:.0%} at most"
    ]
    if single is not None:
        ratios.append(f"single windows: {_words(single)}")
    return Report(
        f"Cost model on {device}",
        ("windows", "MP", "ms, least", "ms, median", "µs/px", "fit is off by"),
        rows,
        ratios,
        ("Without the hop between processes, which is to be added to call_ms.",),
    )


def _fit_of_singles(times: Sequence[Timed]) -> CostModel | None:
    singles = [timed for timed in times if timed.shape[0] == 1]
    return fit(singles) if len({timed.pixels for timed in singles}) > 1 else None


def _words(cost: CostModel) -> str:
    """As a `cost` of a model in the YAML file has it."""
    call = f"{cost.call_px} px" if cost.pixel_s else "no pixels"
    return f"pixel_us: {cost.pixel_s * 1e6:.4g}, call_ms: {cost.call_s * 1e3:.3g} (a call costs as much as {call})"
