"""Synthetic line crops exactly as models/masking/strokes.py will cut them: pixels, region, true strokes."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.masking.stroke_network import LINE_HEIGHT_PX, MARGIN_PX, Floats, features
from models.types import Image, Mask
from training.drawing.backgrounds import background
from training.drawing.capture import capture
from training.drawing.lettering import Lettering, letter
from training.drawing.plates import Edges, plated
from training.drawing.styles import Style, random_style

CROP_HEIGHT_PX = LINE_HEIGHT_PX + 2 * MARGIN_PX
_VISIBLE = 10
"""A pixel is a stroke if text changed one of its channels by more than this many grey levels, before the picture was
sharpened and coded: how far the rings of both reach is measured on the picture (models/masking), not learnt."""
_LARGEST_PX = 150
"""Height of the largest letters; from twice the line height on only the reduction to it differs."""
_OUTSIDE = 0.15
"""Weight of a pixel outside the region, where only the ends of cut letters matter."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One crop (h, w): `strokes` 0-1 (fractions where scaling mixed pixels), `weight` 0 where the truth is unclear."""

    line: Image
    inside: Mask
    strokes: Floats
    weight: Floats

    @property
    def features(self) -> Floats:
        return features(self.line, self.inside)


@dataclass(frozen=True, slots=True)
class _Scene:
    """What is captured: the picture with text, its clean twin, what the text covers and encloses, and where others'
    letters are; all (h, w), and the region's edges in the same pixels."""

    drawn: Image
    clean: Image
    covered: Floats
    bodies: Floats
    others: NDArray[np.bool_]
    box: Edges


def sample(rng: np.random.Generator, folder: Path | None, width_px: int = 192) -> Sample:
    """A random crop of CROP_HEIGHT_PX x width_px: drawn large, captured at a text size of 8 to 150 px, then scaled."""
    chain = capture(rng)
    native = float(np.exp(rng.uniform(np.log(8), np.log(_LARGEST_PX))))
    scene = _scene(rng, folder, native / chain.reduction, width_px)
    before, after = chain.reduced(scene.clean), chain.reduced(scene.drawn)
    strokes, unclear = _truth(scene, before, after)
    height, width = after.shape[:2]
    image = np.ascontiguousarray(chain.finished(after))
    scale = width_px / width
    shrink = (width / scene.clean.shape[1], height / scene.clean.shape[0]) * 2
    edges = tuple(edge * s for edge, s in zip(scene.box, shrink, strict=True))
    return _scaled(rng, image, strokes, unclear, edges, width_px, scale)


def _scene(rng: np.random.Generator, folder: Path | None, native: float, width_px: int) -> _Scene:
    """`native`: height of the region's text in the pixels drawn."""
    style = random_style(rng)
    lines = 1 if rng.random() < 0.86 else int(rng.integers(2, 4))
    text = letter(rng, style, native / lines, lines, native * width_px / LINE_HEIGHT_PX)
    if rng.random() < 0.06:
        text = text.turned()
    pad = rng.uniform(-0.03, 0.22, 4) * text.line_height + rng.uniform(0, 2, 4)
    box_height = text.height + pad[0] + pad[1]
    scale = LINE_HEIGHT_PX / box_height
    margin = MARGIN_PX / scale
    height, width = max(6, round(CROP_HEIGHT_PX / scale)), max(6, round(width_px / scale))
    top = margin + pad[0]
    left = margin + pad[2] + rng.uniform(0, 1) * (width - text.width - pad[2] - pad[3] - 2 * margin)
    box = (left - pad[2], margin, left + text.width + pad[3], margin + box_height)
    clean = plated(rng, background(rng, height, width, folder), box, text.line_height)
    nothing = np.zeros(clean.shape[:2], np.float32)
    if rng.random() < 0.05:
        return _Scene(clean, clean, nothing, nothing, nothing > 0, box)
    drawn = text.draw(rng, style, clean, left, top)
    image, others = _between(rng, text, drawn.image, left, top)
    return _Scene(image, clean, drawn.covered, drawn.bodies, others, box)


def _between(
    rng: np.random.Generator, text: Lettering, drawn: Image, left: float, top: float
) -> tuple[Image, NDArray[np.bool_]]:
    """Now and then the same text once more above and below, and where that changed something."""
    if rng.random() > 0.15:
        return drawn, np.zeros(drawn.shape[:2], np.bool_)
    image = drawn
    for side in (-1, 1):
        y = top + side * text.height * rng.uniform(1.1, 1.4)
        image = text.draw(rng, Style("plain", 0.05), image, left, y).image
    return image, np.abs(image.astype(np.int16) - drawn).max(axis=2) > 0


def _truth(scene: _Scene, before: Image, after: Image) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """What the text changed in the reduced picture (h, w), and where that is unclear."""
    size = after.shape[1::-1]
    covered, bodies, others = (
        cv2.resize(plane.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        for plane in (scene.covered, scene.bodies, scene.others)
    )
    strokes = (np.abs(after.astype(np.int16) - before).max(axis=2) > _VISIBLE) | (bodies > 0.4)
    return strokes, ((covered > 0.25) & ~strokes) | (others > 0)


def _scaled(
    rng: np.random.Generator,
    image: Image,
    strokes: NDArray[np.bool_],
    unclear: NDArray[np.bool_],
    box: Edges,
    width_px: int,
    scale: float,
) -> Sample:
    size = (width_px, CROP_HEIGHT_PX)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    line = cv2.resize(image, size, interpolation=how)
    truth = cv2.resize(strokes.astype(np.float32), size, interpolation=how)
    doubt = cv2.resize(unclear.astype(np.float32), size, interpolation=how)
    inside = np.zeros(size[::-1], np.uint8)
    left, top, right, bottom = (round(v * scale) for v in box)
    inside[max(0, top) : bottom, max(0, left) : max(0, right)] = 255
    weight = np.where(inside > 0, 1.0, _OUTSIDE) * (doubt < 0.3)
    if rng.random() < 0.5:
        line, truth, inside, weight = line[:, ::-1], truth[:, ::-1], inside[:, ::-1], weight[:, ::-1]
    if rng.random() < 0.2:
        line, truth, inside, weight = line[::-1], truth[::-1], inside[::-1], weight[::-1]
    if rng.random() < 0.1:
        line = 255 - line
    return Sample(line, inside, truth.astype(np.float32), weight.astype(np.float32))
