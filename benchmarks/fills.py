"""What `fill: auto` saves: windows and pixels that the model no longer sees, on pages as people send them.

Nothing is run but the fit and the planner. The model's seconds are those of the planner's cost model (lama on 2 CPU
cores), so a figure here is as good as that.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from benchmarks.pictures import COMIC, RECEIPT, Workload, lettered, mask_of, photo_like
from benchmarks.report import Report
from models.base import ModelFacts
from models.filling.fitting import fitted
from models.masking.masks import dilate
from models.planning.plan import plan
from models.types import Box, Image, InpaintParameters, Mask

PAGE = Workload("dense page", 1700, 2200, 81)
_BUBBLE_PX, _OUTLINE_PX = 14, 3
_JPEG_QUALITY = 90

Ground = Callable[[Workload], Image]


def paper(workload: Workload) -> Image:
    """Warm white, darker to one side, with grain."""
    y, x = np.mgrid[: workload.height, : workload.width]
    shade = 245 - 25 * x / workload.width - 10 * y / workload.height
    grain = np.random.default_rng(0).normal(0, 1.5, shade.shape)
    return np.asarray(np.clip((shade + grain)[..., np.newaxis] * (1, 0.99, 0.95), 0, 255), np.uint8)


def comic(workload: Workload) -> Image:
    """Something painted, with a white bubble around every text."""
    picture = np.ascontiguousarray(photo_like(workload.width, workload.height))
    for box in workload.boxes:
        corners = (box.left - _BUBBLE_PX, box.top - _BUBBLE_PX), (box.right + _BUBBLE_PX, box.bottom + _BUBBLE_PX)
        cv2.rectangle(picture, *corners, (255, 255, 255), cv2.FILLED)
        cv2.rectangle(picture, *corners, (0, 0, 0), _OUTLINE_PX)
    return picture


GROUNDS: Sequence[tuple[Workload, Ground]] = ((RECEIPT, paper), (COMIC, comic), (PAGE, paper))


@dataclass(frozen=True, slots=True)
class Saved:
    """One picture with one kind of mask: windows and their pixels with `fill` model and auto, and the CPU
    seconds of the fit (other work on the machine does not lengthen them)."""

    workload: str
    mask: str
    regions: int
    fitted: int
    windows: tuple[int, int]
    pixels: tuple[int, int]
    fit_s: float

    def seconds(self, facts: ModelFacts) -> tuple[float, float]:
        """Of the model alone, and of the model and the fit."""
        before, after = (
            pixels * facts.cost.pixel_s + windows * facts.cost.call_s
            for pixels, windows in zip(self.pixels, self.windows, strict=True)
        )
        return before, after + self.fit_s


def measure(facts: ModelFacts, grounds: Sequence[tuple[Workload, Ground]] = GROUNDS) -> Iterator[Saved]:
    """Each picture with whole boxes, and with its letters grown by 2 px, masked."""
    for workload, ground in grounds:
        clean = ground(workload)
        image = lettered(clean, workload.boxes)
        letters = np.where((image != clean).any(axis=2), np.uint8(255), np.uint8(0))
        coded = _coded(image)
        yield _saved(facts, workload, coded, "boxes", mask_of(workload.boxes, workload.width, workload.height))
        yield _saved(facts, workload, coded, "strokes", dilate(letters, 2))


def _saved(facts: ModelFacts, workload: Workload, image: Image, kind: str, mask: Mask) -> Saved:
    started = time.process_time()
    fit = fitted(image, mask)
    fit_s = time.process_time() - started
    before, after = (plan(holes, facts, InpaintParameters()) for holes in (mask, fit.left))
    return Saved(
        workload.name,
        kind,
        workload.count,
        sum(not _touched(fit.left, box) for box in workload.boxes),
        (len(before), len(after)),
        (sum(window.pixels for window in before), sum(window.pixels for window in after)),
        fit_s,
    )


def _touched(mask: Mask, box: Box) -> bool:
    return bool(mask[box.slices].any())


def _coded(image: Image) -> Image:
    _, file = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return np.asarray(cv2.cvtColor(np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR)), cv2.COLOR_BGR2RGB), np.uint8)


def report(results: Sequence[Saved], facts: ModelFacts) -> Report:
    rows = []
    for one in results:
        before, after = one.seconds(facts)
        rows.append(
            (
                one.workload, one.mask, f"{one.fitted} of {one.regions}",
                f"{one.windows[0]} → {one.windows[1]}", f"{one.pixels[0] / 1e6:.3f} → {one.pixels[1] / 1e6:.3f}",
                f"{one.fit_s:.2f}", f"{before:.1f} → {after:.1f}", f"{before / after:.1f}×",
            )
        )  # fmt: skip
    return Report(
        f"Fill `model` → `auto`, {facts.name}",
        ("picture", "mask", "fitted", "windows", "model sees, MP", "fit, s", "model + fit, s (by cost)", "saved"),
        rows,
    )
