"""Seconds and planned megapixels per image: `Auto` against IOPaint's Original and Crop.

The same network in the same process runs the windows of each strategy one after the other, with all cores (or as
many threads as asked for). A time covers planning, cutting, padding, forwards and pasting. The strategies take turns,
so that other load on the machine meets them alike; CPU seconds (all threads) are given too, because other load
lengthens them far less.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.pictures import WORKLOADS, Workload
from benchmarks.report import NOT_RUN, Report, median, seconds
from benchmarks.strategies import AUTO, STRATEGIES
from models.base import InpaintModel, ModelFacts
from models.planning.padding import pad, unpad
from models.planning.paste import Canvas
from models.planning.plan import Window, cut, plan
from models.types import Image, InpaintParameters, Mask

GRID = tuple(
    Workload(f"{width * height / 1e6:.1f} MP, {lines} lines", width, height, lines)
    for width, height in ((775, 516), (900, 1333), (1500, 2000), (4000, 3000))
    for lines in (5, 20)
)
"""Every size with few and with many lines."""

WARM_UP_SIDE_PX = 256


@dataclass(frozen=True, slots=True)
class Measured:
    """One strategy on one image; `seconds` (wall) and `cpu_seconds` have a value per round it was run in."""

    workload: str
    pixels: int
    strategy: str
    windows: int
    planned_px: int
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)


def measure(
    model: InpaintModel,
    facts: ModelFacts,
    workloads: Sequence[Workload] = tuple(WORKLOADS.values()),
    *,
    rounds: int,
    budget_px: int,
    tell: Callable[[str], None] = lambda _: None,
) -> Iterator[Measured]:
    """Plans over `budget_px` are counted but not run. `tell` hears of every run."""
    model.inpaint(
        np.zeros((1, WARM_UP_SIDE_PX, WARM_UP_SIDE_PX, 3), np.uint8),
        np.full((1, WARM_UP_SIDE_PX, WARM_UP_SIDE_PX), 255, np.uint8),
        InpaintParameters(),
    )
    for workload in workloads:
        image, mask = workload.image(), workload.mask()
        here = []
        for name, parameters in STRATEGIES.items():
            windows = plan(mask, facts, parameters)
            planned_px = sum(window.pixels for window in windows)
            here.append(Measured(workload.name, workload.pixels, name, len(windows), planned_px))
        for _ in range(rounds):
            for result in here:
                if result.planned_px <= budget_px:
                    wall, cpu = time.perf_counter(), time.process_time()
                    fill(model, facts, image, mask, plan(mask, facts, STRATEGIES[result.strategy]))
                    result.seconds.append(time.perf_counter() - wall)
                    result.cpu_seconds.append(time.process_time() - cpu)
                    took = f"{result.seconds[-1]:.2f} s, {result.cpu_seconds[-1]:.2f} CPU s"
                    tell(f"{workload.name}, {result.strategy}: {took}")
        yield from here


def fill(model: InpaintModel, facts: ModelFacts, image: Image, mask: Mask, windows: Sequence[Window]) -> Image:
    """The image with its masked pixels filled, one window at a time. `facts` are those of a batchable model."""
    canvas = Canvas(image, mask)
    for window in windows:
        part, hole = cut(image, mask, window)
        size = (window.padded_height, window.padded_width)
        filled = model.inpaint(pad(part, *size)[np.newaxis], pad(hole, *size)[np.newaxis], InpaintParameters())[0]
        canvas.paste(window, np.ascontiguousarray(unpad(filled, *window.shape)))
    return canvas.image


def report(results: Sequence[Measured]) -> Report:
    rows = [
        (
            r.workload, f"{r.pixels / 1e6:.1f}", r.strategy, str(r.windows), f"{r.planned_px / 1e6:.3f}",
            f"{r.planned_px / r.pixels:.1%}", seconds(r.seconds), seconds(r.cpu_seconds),
            f"{min(r.cpu_seconds) / r.planned_px * 1e6:.1f}" if r.cpu_seconds else NOT_RUN,
        )
        for r in results
    ]  # fmt: skip
    return Report(
        "Planner: `Auto` against IOPaint's strategies, same network, same process",
        ("workload", "MP", "strategy", "windows", "planned, MP", "of the image", "seconds", "CPU s", "CPU µs/px"),
        rows,
        _ratios(results),
        (
            "Seconds are least / median of the rounds.",
            f"{NOT_RUN} means: planned and counted, but not run, because it takes minutes.",
        ),
    )


def _ratios(results: Sequence[Measured]) -> list[str]:
    cases: dict[str, dict[str, Measured]] = {}
    for result in results:
        cases.setdefault(result.workload, {})[result.strategy] = result
    return [
        f"{name}, against `Auto`: "
        + "; ".join(f"{other} {_times(case[AUTO], case[other])}" for other in case if other != AUTO)
        for name, case in cases.items()
    ]


def _times(auto: Measured, other: Measured) -> str:
    pixels = f"{other.planned_px / auto.planned_px:.1f}× the pixels"
    if not (other.seconds and auto.seconds):
        return f"{pixels} (not run)"
    wall, cpu = (
        median(a) / median(b) for a, b in ((other.seconds, auto.seconds), (other.cpu_seconds, auto.cpu_seconds))
    )
    return f"{wall:.1f}× the seconds, {cpu:.1f}× the CPU seconds, {pixels}"
