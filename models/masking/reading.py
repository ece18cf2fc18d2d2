"""What the stroke network sees in a region: read as one line of text first, and as several where that is clearer."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.lines.bent_lines import BentLine
from models.lines.text_lines import Line
from models.masking import stroke_network
from models.masking.stroke_network import LINE_HEIGHT_PX, MULTIPLE
from models.types import Image

Floats = NDArray[np.float32]

_FEWEST, _FEW = 0.03, 0.1
_CERTAIN, _CERTAIN_OF_FEW = 0.25, 0.45
"""With less than `_FEWEST` of a region marked, or less certainty than this (the second value below a share of `_FEW`),
the network has not seen text: photos and textures without any stay below, tight regions of text have a fifth marked."""

_GOOD = 0.3
"""A line read with this quality needs no finer look."""
_LEAST_BLOCK = 0.1
"""A finer look that sees less text than this lost the text, not the blots: no block of lines is as empty."""
_FINEST = 2.2
_LARGEST_PX = 3_000_000
"""No look enlarges the image more than this, or is larger than this."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the network sees in a line enlarged by `scale`: `likeness` (h, w), 0-1. The rest is about the region alone:
    `certainty` is 1 if every pixel that may be text is surely text or surely not, `share` how much of it is text."""

    scale: float
    likeness: Floats
    certainty: float
    share: float

    @property
    def sure(self) -> bool:
        return self.share >= _FEWEST and self.certainty >= (_CERTAIN_OF_FEW if self.share < _FEW else _CERTAIN)

    @property
    def quality(self) -> float:
        """Highest where single letters are resolved: at too coarse a scale whole words are one blot."""
        return self.certainty * (1 - self.share)

    @property
    def line_height(self) -> float:
        """Image pixels from one line of text to the next, as far as the scale says it."""
        return LINE_HEIGHT_PX / self.scale


def read(line: Line | BentLine, crop: Image) -> Reading:
    """First as one line of text; unless that is clear, as two, four, ... lines, as far as the image has detail."""
    scale = LINE_HEIGHT_PX / line.short
    best = _read_at(scale, line, crop)
    while best.quality < _GOOD:
        scale *= 2
        if scale > _FINEST or crop.shape[0] * crop.shape[1] * scale**2 > _LARGEST_PX:
            break
        finer = _read_at(scale, line, crop)
        if finer.quality > best.quality and finer.certainty > 0.9 * best.certainty and finer.share > _LEAST_BLOCK:
            best = finer
    return best


def _read_at(scale: float, line: Line | BentLine, crop: Image) -> Reading:
    height, width = (max(MULTIPLE, round(side * scale)) for side in (line.height, line.width))
    height += -height % MULTIPLE
    scaled = cv2.resize(crop, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    edge = max(1, round(line.margin * scale))
    inside = np.zeros((height, width), np.uint8)
    inside[edge:-edge, edge:-edge] = 255
    right = (0, -width % MULTIPLE)
    features = stroke_network.features(
        np.pad(scaled, ((0, 0), right, (0, 0)), mode="edge"), np.pad(inside, ((0, 0), right))
    )
    likeness = stroke_network.likeness(features)
    region = likeness[edge : height - edge, edge : width - edge]
    doubtful = region[region > 0.1]
    certainty = float(((2 * doubtful - 1) ** 2).mean()) if doubtful.size else 0.0
    return Reading(scale, likeness[:, :width], certainty, float((region > 0.5).mean()))
