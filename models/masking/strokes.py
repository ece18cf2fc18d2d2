"""Masks of the glyphs inside regions, so that what stands between the letters need not be invented."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.masking import stroke_network
from models.masking.colour_refinement import sharpened
from models.masking.masks import dilate, rasterise
from models.masking.regions import bounding_box
from models.masking.stroke_network import LINE_HEIGHT_PX, MARGIN_PX, MULTIPLE
from models.masking.text_lines import Line, line_of
from models.stopping import go_on
from models.types import Box, Image, Mask, Region

Floats = NDArray[np.float32]

GROWTH_PX = 1
"""Of a stroke's edge the network marks the darker half; without this pixel a halo stays, with another one, cv2 has more
to invent than the halo was worth (1 dB)."""
_THRESHOLD = 0.85

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
class StrokeMask:
    """`mask` has the image's size; `unsure` are the indices of regions that were filled as boxes instead."""

    mask: Mask
    unsure: tuple[int, ...] = ()

    @property
    def fallbacks(self) -> int:
        return len(self.unsure)


@dataclass(frozen=True, slots=True)
class _Reading:
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


def stroke_mask(image: Image, regions: Sequence[Region], *, dilation_px: int = 0, threads: int = 0) -> StrokeMask:
    """Mark the glyphs inside the regions, with outline, shadow and anti-aliasing; nothing outside the regions.

    `dilation_px` is added to the growth chosen here. The regions must have passed `regions.validate`. A region in
    which no text is seen, or that leaves it open what is text, is filled as a box. `threads` 0 leaves the choice to
    onnxruntime. Safe to call from several threads.
    """
    height, width = image.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    unsure = []
    for index, region in enumerate(regions):
        go_on()
        box = bounding_box(region, width, height)
        within = rasterise([_shifted(region, box)], box.width, box.height)
        glyphs = _glyphs(image, region, box, within, threads)
        if glyphs is None:
            unsure.append(index)
            mask[box.slices] |= within
        else:
            mask[box.slices] |= dilate(glyphs, GROWTH_PX + dilation_px) & within
    return StrokeMask(mask, tuple(unsure))


def _glyphs(image: Image, region: Region, box: Box, within: Mask, threads: int) -> Mask | None:
    """The glyphs in `box`, not grown yet; None if not sure."""
    line = line_of(region, image.shape[1], image.shape[0], MARGIN_PX / LINE_HEIGHT_PX)
    reading = _read(line, line.cut(image), threads)
    if not reading.sure:
        return None
    scaled = cv2.resize(reading.likeness, (line.width, line.height), interpolation=cv2.INTER_LINEAR)
    likeness = line.back(np.asarray(scaled, np.float32), box)
    inside = within > 0
    likeness[inside] = sharpened(likeness[inside], image[box.slices][inside], _trust(reading.scale))
    return np.where(inside & (likeness > _THRESHOLD), 255, 0).astype(np.uint8)


def _read(line: Line, crop: Image, threads: int) -> _Reading:
    """First as one line of text; unless that is clear, as two, four, ... lines, as far as the image has detail."""
    scale = LINE_HEIGHT_PX / line.short
    best = _read_at(scale, line, crop, threads)
    while best.quality < _GOOD:
        scale *= 2
        if scale > _FINEST or crop.shape[0] * crop.shape[1] * scale**2 > _LARGEST_PX:
            break
        finer = _read_at(scale, line, crop, threads)
        if finer.quality > best.quality and finer.certainty > 0.9 * best.certainty and finer.share > _LEAST_BLOCK:
            best = finer
    return best


def _read_at(scale: float, line: Line, crop: Image, threads: int) -> _Reading:
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
    likeness = stroke_network.likeness(features, threads)
    region = likeness[edge : height - edge, edge : width - edge]
    doubtful = region[region > 0.1]
    certainty = float(((2 * doubtful - 1) ** 2).mean()) if doubtful.size else 0.0
    return _Reading(scale, likeness[:, :width], certainty, float((region > 0.5).mean()))


def _trust(scale: float) -> float:
    """In colours, which the image has at full resolution; the more, the coarser the network's look was."""
    return float(np.sqrt(max(1.0, 1 / scale)))


def _shifted(region: Region, box: Box) -> Region:
    return Region(tuple((x - box.left, y - box.top) for x, y in region.points), region.rectangle)
