"""Masks of the glyphs inside regions, so that what stands between the letters need not be invented."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from models.lines.text_lines import line_of
from models.masking.colour_refinement import alike, sharpened
from models.masking.continuing import continued
from models.masking.enclosed import with_bodies
from models.masking.growth import margin_px, with_ring
from models.masking.masks import dilate, rasterise
from models.masking.plates import letters_on_plate
from models.masking.reading import read
from models.masking.regions import bounding_box
from models.masking.stroke_network import LINE_HEIGHT_PX, MARGIN_PX
from models.stopping import go_on
from models.types import Box, Image, Mask, Region

Floats = NDArray[np.float32]
Item = TypeVar("Item")
Result = TypeVar("Result")

_THRESHOLD = 0.85
_BAND_OF_LINE = 0.35
"""How far outside its region a letter is looked for, as a share of the line's height."""
_MOST_AT_ONCE = 4
"""Regions worked on at once, on however many CPUs: a large one takes some hundred megabytes meanwhile."""


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
    """The glyphs of one region, not grown: `ink`, in lines `line_height` px high, and `ground`, which marks where their
    background is (the region, or the plate in it); both of the size of `around`, the region's box with surroundings."""

    around: Box
    ground: Mask
    ink: Mask
    line_height: float


def stroke_mask(
    image: Image, regions: Sequence[Region], *, dilation_px: int = 0, threads: int = 0, boxes: bool = True
) -> StrokeMask:
    """Mark the glyphs inside the regions, with outline, shadow, and the ring around them as far as it shows.

    `dilation_px` is added to the growth chosen here. The regions must have passed `regions.validate`. A region in
    which no text is seen, or that leaves it open what is text, is filled as a box; with `boxes` off, not at all.
    `threads` regions are worked on at once, 0: as many as there are CPUs; and `_MOST_AT_ONCE` at the most. The mask
    does not depend on it. Safe to call from several threads.
    """
    height, width = image.shape[:2]
    mask, ink = np.zeros((height, width), np.uint8), np.zeros((height, width), np.uint8)
    found, unsure = [], []
    for index, (region, letters) in enumerate(
        zip(regions, _each(partial(_letters, image), regions, threads), strict=True)
    ):
        if letters is None:
            unsure.append(index)
            if boxes:
                box = bounding_box(region, width, height)
                mask[box.slices] |= rasterise([_shifted(region, box)], box.width, box.height)
        else:
            found.append(letters)
            ink[letters.around.slices] |= letters.ink
    for letters, ring in zip(found, _each(partial(_ring, image, ink), found, threads), strict=True):
        mask[letters.around.slices] |= ring
    return StrokeMask(dilate(mask, dilation_px), tuple(unsure))


def _each(work: Callable[[Item], Result], items: Sequence[Item], threads: int) -> list[Result]:
    """The results in the order of the items. The first error ends it; threads come to their end before it is raised."""

    def one(item: Item) -> Result:
        go_on()
        return work(item)

    count = min(threads or os.cpu_count() or 1, _MOST_AT_ONCE, len(items))
    if count <= 1:
        return [one(item) for item in items]
    with ThreadPoolExecutor(count, thread_name_prefix="strokes") as pool:
        # What `go_on` asks belongs to the context, and a context is entered by one thread at a time.
        results = [pool.submit(copy_context().run, one, item) for item in items]
        try:
            return [result.result() for result in results]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _ring(image: Image, ink: Mask, letters: _Letters) -> Mask:
    around = letters.around.slices
    return with_ring(image[around], ink[around], letters.ink, letters.ground, letters.line_height)


def _letters(image: Image, region: Region) -> _Letters | None:
    """None if not sure."""
    height, width = image.shape[:2]
    line = line_of(region, width, height, MARGIN_PX / LINE_HEIGHT_PX)
    reading = read(line, line.cut(image))
    if not reading.sure:
        return None
    around = _around(bounding_box(region, width, height), reading.line_height, width, height)
    within = rasterise([_shifted(region, around)], around.width, around.height)
    scaled = cv2.resize(reading.likeness, (line.width, line.height), interpolation=cv2.INTER_LINEAR)
    likeness = line.back(np.asarray(scaled, np.float32), around)
    pixels, inside = image[around.slices], within > 0
    guess = sharpened(likeness[inside], pixels[inside], _trust(reading.scale))
    ink = np.zeros_like(within)
    ink[inside] = np.where(guess > _THRESHOLD, 255, 0)
    colours = alike(guess, pixels[inside], pixels.reshape(-1, 3)).reshape(within.shape)
    on_plate = letters_on_plate(pixels, ink, within, reading.line_height)
    if on_plate is not None:
        letters, plate = on_plate
        return _Letters(around, plate, letters, reading.line_height)
    ink = continued(ink, colours, within, reading.line_height)
    return _Letters(around, within, with_bodies(pixels, ink, reading.line_height), reading.line_height)


def _around(box: Box, line_height: float, width: int, height: int) -> Box:
    margin = max(margin_px(line_height), round(_BAND_OF_LINE * line_height))
    return Box(
        max(0, box.left - margin), max(0, box.top - margin),
        min(width, box.right + margin), min(height, box.bottom + margin),
    )  # fmt: skip


def _trust(scale: float) -> float:
    """In colours, which the image has at full resolution; the more, the coarser the network's look was."""
    return float(np.sqrt(max(1.0, 1 / scale)))


def _shifted(region: Region, box: Box) -> Region:
    return Region(tuple((x - box.left, y - box.top) for x, y in region.points), region.rectangle)
