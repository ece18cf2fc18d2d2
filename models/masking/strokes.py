"""Masks of the glyphs inside regions, so that what stands between the letters need not be invented."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.masking.colour_refinement import sharpened
from models.masking.growth import margin_px, with_ring
from models.masking.masks import dilate, rasterise
from models.masking.reading import read
from models.masking.regions import bounding_box
from models.masking.stroke_network import LINE_HEIGHT_PX, MARGIN_PX
from models.masking.text_lines import line_of
from models.stopping import go_on
from models.types import Box, Image, Mask, Region

Floats = NDArray[np.float32]

_THRESHOLD = 0.85


@dataclass(frozen=True, slots=True)
class StrokeMask:
    """`mask` has the image's size; `unsure` are the indices of regions that were filled as boxes instead."""

    mask: Mask
    unsure: tuple[int, ...] = ()

    @property
    def fallbacks(self) -> int:
        return len(self.unsure)


@dataclass(frozen=True, slots=True)
class _Letters:
    """The glyphs of one region, not grown: `ink` of the size of `box`, in lines `line_height` px high."""

    region: Region
    box: Box
    ink: Mask
    line_height: float


def stroke_mask(image: Image, regions: Sequence[Region], *, dilation_px: int = 0, threads: int = 0) -> StrokeMask:
    """Mark the glyphs inside the regions, with outline, shadow, and the ring around them as far as it shows.

    `dilation_px` is added to the growth chosen here. The regions must have passed `regions.validate`. A region in
    which no text is seen, or that leaves it open what is text, is filled as a box. `threads` 0 leaves the choice to
    onnxruntime. Safe to call from several threads.
    """
    height, width = image.shape[:2]
    mask, ink = np.zeros((height, width), np.uint8), np.zeros((height, width), np.uint8)
    found, unsure = [], []
    for index, region in enumerate(regions):
        go_on()
        box = bounding_box(region, width, height)
        within = rasterise([_shifted(region, box)], box.width, box.height)
        letters = _letters(image, region, box, within, threads)
        if letters is None:
            unsure.append(index)
            mask[box.slices] |= dilate(within, dilation_px)
        else:
            found.append(letters)
            ink[box.slices] |= letters.ink
    for letters in found:
        around = _around(letters, width, height)
        mask[around.slices] |= dilate(_with_ring(image, ink, letters, around), dilation_px)
    return StrokeMask(mask, tuple(unsure))


def _letters(image: Image, region: Region, box: Box, within: Mask, threads: int) -> _Letters | None:
    """None if not sure."""
    line = line_of(region, image.shape[1], image.shape[0], MARGIN_PX / LINE_HEIGHT_PX)
    reading = read(line, line.cut(image), threads)
    if not reading.sure:
        return None
    scaled = cv2.resize(reading.likeness, (line.width, line.height), interpolation=cv2.INTER_LINEAR)
    likeness = line.back(np.asarray(scaled, np.float32), box)
    inside = within > 0
    likeness[inside] = sharpened(likeness[inside], image[box.slices][inside], _trust(reading.scale))
    ink = np.where(inside & (likeness > _THRESHOLD), 255, 0).astype(np.uint8)
    return _Letters(region, box, ink, reading.line_height)


def _around(letters: _Letters, width: int, height: int) -> Box:
    margin, box = margin_px(letters.line_height), letters.box
    return Box(
        max(0, box.left - margin), max(0, box.top - margin),
        min(width, box.right + margin), min(height, box.bottom + margin),
    )  # fmt: skip


def _with_ring(image: Image, ink: Mask, letters: _Letters, around: Box) -> Mask:
    """The letters in `around`, grown by as much as their ring is wide."""
    own = np.zeros((around.height, around.width), np.uint8)
    box = letters.box
    own[box.top - around.top : box.bottom - around.top, box.left - around.left : box.right - around.left] = letters.ink
    ground = rasterise([_shifted(letters.region, around)], around.width, around.height)
    return with_ring(image[around.slices], ink[around.slices], own, ground, letters.line_height)


def _trust(scale: float) -> float:
    """In colours, which the image has at full resolution; the more, the coarser the network's look was."""
    return float(np.sqrt(max(1.0, 1 / scale)))


def _shifted(region: Region, box: Box) -> Region:
    return Region(tuple((x - box.left, y - box.top) for x, y in region.points), region.rectangle)
