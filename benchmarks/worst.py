"""Worst cases of planning, rasterising and detection by size of the image: what a hostile request can buy.

CPU seconds of this process, so that a busy machine does not count. Every case has a bound that is stated here; the
report says which are above it.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import cv2
import numpy as np

from benchmarks.report import Report
from models import registry
from models.masking.masks import count_areas, rasterise
from models.masking.regions import MAX_EDGE_ROWS, MAX_POLYGON_PX, MAX_RECTANGLE_PX, polygon, rectangle, validate
from models.planning.plan import plan
from models.types import Image, InpaintParameters, Mask, Region

T = TypeVar("T")

SIDES = (1000, 3500, 10_000)
"""1, 12 and 100 megapixels: the most a request may have by default."""

PLANNING_S = 5.0
RASTERISING_S = 5.0
DETECTION_S_PER_MP = 3.0
MOST_REGIONS = 20_000


@dataclass(frozen=True, slots=True)
class Measured:
    """`outcome` says how much came out: windows, texts, masked pixels."""

    part: str
    case: str
    side: int
    outcome: str
    cpu_s: float
    bound_s: float


def measure(sides: Sequence[int] = SIDES, *, detection: bool = True) -> Iterator[Measured]:
    for side in sides:
        yield from _planning(side)
        yield from _rasterising(side)
        if detection:
            yield from _detection(min(side, 3500))


def _planning(side: int) -> Iterator[Measured]:
    facts = registry.facts("lama")
    for name, mask in _masks(side):
        windows, cpu_s = _timed(partial(plan, mask, facts, InpaintParameters()))
        yield Measured("planning", name, side, f"{len(windows)} windows", cpu_s, PLANNING_S)
        areas, cpu_s = _timed(partial(count_areas, mask))
        yield Measured("counting", name, side, f"{areas} areas", cpu_s, PLANNING_S)


def _masks(side: int) -> Iterator[tuple[str, Mask]]:
    for pitch in (2, 9, 17, 25, 56, 60, 120):
        mask = np.zeros((side, side), np.uint8)
        mask[::pitch, ::pitch] = 255
        yield f"a dot every {pitch} px", mask
    yield "noise", np.where(np.random.default_rng(0).random((side, side)) < 0.3, 255, 0).astype(np.uint8)
    for pitch in (20, 44, 100):
        mask = np.zeros((side, side), np.uint8)
        for inset in range(0, side // 2, pitch):
            cv2.rectangle(mask, (inset, inset), (side - 1 - inset, side - 1 - inset), 255, 2)
        yield f"a frame every {pitch} px", mask
        mask = np.zeros((side, side), np.uint8)
        for start in range(-side, side, pitch):
            cv2.line(mask, (start, 0), (start + side, side), 255, 2)
        yield f"a diagonal every {pitch} px", mask


def _rasterising(side: int) -> Iterator[Measured]:
    for name, regions in _regions(side):
        mask, cpu_s = _timed(partial(_checked_and_drawn, regions, side))
        yield Measured(
            "rasterising", name, side, f"{np.count_nonzero(mask) / mask.size:.0%} masked", cpu_s, RASTERISING_S
        )


def _checked_and_drawn(regions: Sequence[Region], side: int) -> Mask:
    validate(regions, side, side)
    return rasterise(regions, side, side)


def _regions(side: int) -> Iterator[tuple[str, list[Region]]]:
    """As many as are admitted."""
    triangle = polygon([(0, 0), (side, 0), (side / 2, side)])
    count = min(MAX_POLYGON_PX // side**2, MOST_REGIONS, MAX_EDGE_ROWS // (3 * (side + 1)))
    yield f"{count} triangles over everything", [triangle] * count
    count = min(MAX_RECTANGLE_PX // side**2, MOST_REGIONS)
    yield f"{count} rectangles over everything", [rectangle(0, 0, side, side)] * count
    teeth = min(MAX_EDGE_ROWS // (side + 1) - 1, 100_000)
    zigzag = polygon([(i * side / teeth, side * (i % 2)) for i in range(teeth)])
    yield f"a zigzag of {teeth} edges", [zigzag]
    small = [polygon([(i % side, 0), (i % side + 1, 0), (i % side, 1)]) for i in range(MOST_REGIONS)]
    yield f"{MOST_REGIONS} triangles of a pixel", small


def _detection(side: int) -> Iterator[Measured]:
    from models.detection import detector

    finder = detector.load("cpu", 1)
    for name, image in _pictures(side):
        found, cpu_s = _timed(partial(finder.detect, image))
        yield Measured(
            "detection", name, side, f"{len(found)} texts", cpu_s, DETECTION_S_PER_MP * max(side**2 / 1e6, 1.0)
        )


def _pictures(side: int) -> Iterator[tuple[str, Image]]:
    yield "noise", np.random.default_rng(1).integers(0, 256, (side, side, 3), np.uint8)
    page = np.full((side, side, 3), 255, np.uint8)
    for y in range(12, side, 14):
        for x in range(0, side, 60):
            cv2.putText(page, "word", (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 0), 1, cv2.LINE_AA)
    yield "small print all over", page


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    started = time.process_time()
    result = work()
    return result, time.process_time() - started


def report(results: Sequence[Measured]) -> Report:
    rows = [(r.part, r.case, f"{r.side**2 / 1e6:.0f}", r.outcome, f"{r.cpu_s:.2f}", f"{r.bound_s:g}") for r in results]
    above = [f"{r.part} of {r.case} at {r.side}x{r.side}" for r in results if r.cpu_s > r.bound_s]
    return Report(
        "Worst cases",
        ("part", "case", "image, MP", "outcome", "CPU s", "bound, s"),
        rows,
        (f"Above its bound: {', '.join(above)}." if above else "No case is above its bound.",),
        ("Looks of the detector end at a deadline or cancel between two tiles, plans between two holes.",),
    )
