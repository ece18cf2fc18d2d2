"""The measurements over a whole set, and how they are printed."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.quality.detection import Counts, count
from benchmarks.quality.methods import METHODS, Outcome, outcomes, true_strokes
from benchmarks.quality.metrics import mean
from benchmarks.quality.scenes import Scene
from models.base import InpaintModel
from models.detection.detector import TextDetector
from models.masking.strokes import stroke_mask

_HEADER = "| mask | PSNR | MSSIM | AGE | pEPs % | pCEPs % | PSNR image | text left |\n|---|---|---|---|---|---|---|---|"


_OWN_CONFIDENCE = 0.3
"""What the detector half believes to be writing in the clean image is not held against it."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One scene: what each method left, how the texts were found, and how well the stroke mask fits (pixels). Seconds
    are of CPU time, so that other work on the machine does not count."""

    scene: Scene
    outcomes: dict[str, Outcome]
    counts: Counts
    covered: int
    strokes: int
    masked: int
    grown: int
    fallbacks: int
    mask_s: float
    detect_s: float


def measure(scene: Scene, detector: TextDetector, filler: InpaintModel) -> Measured:
    started = time.process_time()
    found = detector.detect(scene.image)
    detect_s = time.process_time() - started
    started = time.process_time()
    mask = stroke_mask(scene.image, scene.regions, threads=1)
    mask_s = time.process_time() - started
    true, ours = scene.strokes > 0, mask.mask > 0
    return Measured(
        scene=scene,
        outcomes=outcomes(scene, mask, detector, filler),
        counts=count(scene, found, detector.detect(scene.clean, min_confidence=_OWN_CONFIDENCE)),
        covered=int(np.count_nonzero(true & ours)),
        strokes=int(np.count_nonzero(true)),
        masked=int(np.count_nonzero(ours)),
        grown=int(np.count_nonzero(true_strokes(scene))),
        fallbacks=mask.fallbacks,
        mask_s=mask_s,
        detect_s=detect_s,
    )


def report(measured: Sequence[Measured]) -> str:
    """Markdown. The first four distances are inside the regions."""
    groups = {
        "On photos": [m for m in measured if m.scene.on_photo],
        "On textures": [m for m in measured if not m.scene.on_photo],
    }
    parts = [f"{name} ({len(some)} images)\n\n{_table(some)}" for name, some in groups.items() if some]
    return "\n\n".join([*parts, _summary(measured)])


def _table(measured: Sequence[Measured]) -> str:
    return "\n".join([_HEADER, *(_row(name, [one.outcomes[name] for one in measured]) for name in METHODS)])


def _row(name: str, some: Sequence[Outcome]) -> str:
    inside, overall = mean([one.inside for one in some]), mean([one.overall for one in some])
    left, texts = sum(one.left for one in some), sum(one.texts for one in some)
    return (
        f"| {name} | {inside.psnr:.2f} | {inside.mssim:.4f} | {inside.age:.2f} | {inside.peps:.2f} | "
        f"{inside.pceps:.2f} | {overall.psnr:.2f} | {100 * left / max(1, texts):.1f} % |"
    )


def _summary(measured: Sequence[Measured]) -> str:
    counts = sum((one.counts for one in measured), Counts())
    texts = sum(len(one.scene.regions) for one in measured)
    megapixels = sum(one.scene.image[..., 0].size for one in measured) / 1e6
    redone = sum(one.outcomes["strokes, verified"].redone for one in measured)
    return "\n".join(
        [
            f"stroke recall {sum(m.covered for m in measured) / sum(m.strokes for m in measured):.4f} at "
            f"{sum(m.masked for m in measured) / sum(m.grown for m in measured):.2f} x the area of the true strokes "
            "grown by a pixel",
            f"{sum(m.fallbacks for m in measured)} of {texts} regions filled as boxes, {redone} more after the check",
            f"detection of texts of 12 px and more at IoU 0.5: recall {counts.recall:.3f}, precision "
            f"{counts.precision:.3f} ({counts.wanted} texts)",
            f"{1000 * sum(m.mask_s for m in measured) / texts:.1f} ms of one core per text line for the stroke mask, "
            f"{sum(m.detect_s for m in measured) / megapixels:.2f} s of one core per megapixel for detection",
        ]
    )
