"""What boxes, strokes and true masks leave on the captured set, style by style."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.captured.scenes import CapturedScene
from benchmarks.quality.captured.styles import STYLES
from benchmarks.quality.methods import fill, true_strokes
from benchmarks.quality.metrics import distance
from benchmarks.quality.scenes import Scene
from models.base import InpaintModel
from models.masking.masks import rasterise
from models.masking.strokes import stroke_mask
from models.types import Image, Mask

METHODS = ("boxes", "strokes", "true masks")
_JUST_VISIBLE = 3.0
"""Lab distance of two areas that an eye just tells apart."""
_LOW_PASS_PX = 5


@dataclass(frozen=True, slots=True)
class Left:
    """One scene after one method: PSNR in the regions (dB), and the share of their pixels that visibly differ from the
    clean twin, and of pixels outside every region that changed, both in percent."""

    result: Image
    mask: Mask
    psnr: float
    visible: float
    elsewhere: float


@dataclass(frozen=True, slots=True)
class CapturedMeasure:
    style: str
    scene: Scene
    left: dict[str, Left]
    fallbacks: int


def measure_captured(captured: CapturedScene, filler: InpaintModel) -> CapturedMeasure:
    scene = captured.scene
    boxes = rasterise(scene.regions, scene.image.shape[1], scene.image.shape[0])
    strokes = stroke_mask(scene.image, scene.regions, threads=1)
    masks = (boxes, strokes.mask, true_strokes(scene) & boxes)
    left = {name: _left(scene, mask, boxes > 0, filler) for name, mask in zip(METHODS, masks, strict=True)}
    return CapturedMeasure(captured.style, scene, left, strokes.fallbacks)


def visible(result: Image, clean: Image, where: NDArray[np.bool_]) -> float:
    """Percent of the pixels `where` whose 5 x 5 mean in Lab is more than 3 off."""
    lab, wanted = (cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) for image in (result, clean))
    off = np.linalg.norm(cv2.blur(lab - wanted, (_LOW_PASS_PX, _LOW_PASS_PX)), axis=2)
    return 100 * float((off > _JUST_VISIBLE)[where].mean())


def _left(scene: Scene, mask: Mask, inside: NDArray[np.bool_], filler: InpaintModel) -> Left:
    result = fill(scene.image, mask, filler)
    changed = (result != scene.image).any(axis=2)
    return Left(
        result=result,
        mask=mask,
        psnr=distance(result, scene.clean, inside).psnr,
        visible=visible(result, scene.clean, inside),
        elsewhere=100 * float(changed[~inside].mean()),
    )


def report_captured(measured: Sequence[CapturedMeasure]) -> str:
    """Markdown, a row a style: means over its scenes."""
    rows = [_row(style.name, [one for one in measured if one.style == style.name]) for style in STYLES]
    on_photos = [one for one in measured if one.scene.on_photo]
    on_plates = [one for one in measured if not one.scene.on_photo]
    groups = (("on photos", on_photos), ("on flat plates", on_plates), ("**all**", measured))
    rows += [_row(name, group) for name, group in groups]
    return "\n".join([_HEADER, *filter(None, rows)])


_HEADER = (
    "| style | boxes dB | visible % | strokes dB | visible % | fallbacks a picture | elsewhere % "
    "| true masks dB | visible % |\n|---|---|---|---|---|---|---|---|---|"
)


def _row(name: str, some: Sequence[CapturedMeasure]) -> str:
    if not some:
        return ""
    cells = []
    for method in METHODS:
        left = [one.left[method] for one in some]
        cells += [f"{np.mean([one.psnr for one in left]):.2f}", f"{np.mean([one.visible for one in left]):.1f}"]
        if method == "strokes":
            cells += [
                f"{np.mean([one.fallbacks for one in some]):.2f}",
                f"{np.mean([one.elsewhere for one in left]):.3f}",
            ]
    return f"| {name} | {' | '.join(cells)} |"
