"""The ways to say what is filled, and what each leaves behind."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.quality.metrics import Distance, distance
from benchmarks.quality.scenes import Scene
from models.base import InpaintModel
from models.detection.detector import TextDetector
from models.detection.readable import readable
from models.masking.again import boxes_of, more_of, still_seen
from models.masking.masks import dilate, rasterise, union
from models.masking.strokes import StrokeMask
from models.types import Image, InpaintParameters, Mask

METHODS = ("boxes", "strokes", "strokes, verified", "true strokes")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One scene after one method: distances inside the regions and over the whole image; `left` of `texts` can still
    be found; `redone` regions were filled again as boxes."""

    result: Image
    mask: Mask
    inside: Distance
    overall: Distance
    left: int
    texts: int
    redone: int = 0


def fill(image: Image, mask: Mask, filler: InpaintModel) -> Image:
    filled = filler.inpaint(image[None], mask[None], InpaintParameters())[0]
    return np.where(mask[..., None] > 0, filled, image)


def true_strokes(scene: Scene) -> Mask:
    """The glyphs, grown by a pixel."""
    return dilate(scene.strokes, 1)


def outcomes(scene: Scene, found: StrokeMask, detector: TextDetector, filler: InpaintModel) -> dict[str, Outcome]:
    """Every method of METHODS on the scene's own regions; `found` is their stroke mask."""
    boxes = rasterise(scene.regions, scene.image.shape[1], scene.image.shape[0])
    plain = _outcome(scene, found.mask, detector, filler)
    still = readable(detector, plain.result, scene.regions)
    return {
        "boxes": _outcome(scene, boxes, detector, filler),
        "strokes": plain,
        "strokes, verified": verified(scene, found.mask, still, detector, filler) if still else plain,
        "true strokes": _outcome(scene, true_strokes(scene), detector, filler),
    }


def verified(scene: Scene, mask: Mask, still: Sequence[int], detector: TextDetector, filler: InpaintModel) -> Outcome:
    """As the service does it: regions `still` readable are filled again, wider, and then as boxes."""
    left = [scene.regions[index] for index in still]
    mask = union([mask, more_of(fill(scene.image, mask, filler), left, mask)])
    wider = fill(scene.image, mask, filler)
    left = [left[index] for index in readable(detector, wider, left)]
    left = [left[index] for index in still_seen(wider, left)]
    if left:
        mask = union([mask, boxes_of(left, mask)])
    return _outcome(scene, mask, detector, filler, len(left))


def _outcome(scene: Scene, mask: Mask, detector: TextDetector, filler: InpaintModel, redone: int = 0) -> Outcome:
    result = fill(scene.image, mask, filler)
    inside = rasterise(scene.regions, mask.shape[1], mask.shape[0]) > 0
    return Outcome(
        result=result,
        mask=mask,
        inside=distance(result, scene.clean, inside),
        overall=distance(result, scene.clean, np.ones_like(inside)),
        left=len(readable(detector, result, scene.regions)),
        texts=len(scene.regions),
        redone=redone,
    )
