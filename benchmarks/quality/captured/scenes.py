"""The captured set: drawn at about twice its size, then taken through the chain. Fixed by its seed."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.captured.chain import Chain, chain
from benchmarks.quality.captured.styles import STYLES, Style
from benchmarks.quality.scenes import Draw, Scene, place, region_of
from benchmarks.quality.texts import Floats, Generator, Ink
from benchmarks.quality.textures import photo
from models.types import Image, Mask, Region

HEIGHT, WIDTH = 960, 1280
"""Of the drawing."""
SEED = 20_261
_CHANGED = 10
"""A pixel is a true stroke if the text changed one of its channels by more than this many levels, before coding."""

Placed = tuple[Ink, int, int]
"""A text and the top and left of its inked box in the drawing."""


@dataclass(frozen=True, slots=True)
class CapturedScene:
    style: str
    scene: Scene


def captured_scenes(count: int, seed: int = SEED) -> tuple[CapturedScene, ...]:
    """`count` scenes of each style; two of three on photos, the others on flat plates."""
    return tuple(
        _captured(np.random.default_rng((seed, index, number)), style, index + number, on_photo=number % 3 != 2)
        for index, style in enumerate(STYLES)
        for number in range(count)
    )


def _captured(rng: Generator, style: Style, number: int, on_photo: bool) -> CapturedScene:
    taking = chain(rng)
    clean = _ground(rng, style, number, on_photo)
    taken = np.zeros((HEIGHT, WIDTH), np.uint8)
    smallest, largest = (np.log(size / taking.reduction) for size in style.sizes_px)
    inks: list[Placed] = []
    for _ in range(int(rng.integers(style.texts[0], style.texts[1] + 1))):
        size = int(np.exp(rng.uniform(smallest, largest)))
        placed = (_on_plate if style.plate else place)(rng, size, clean, taken, style.draw)
        if placed is not None:
            inks.append(placed)
    drawing = clean.copy()
    for text, top, left in inks:
        window = np.s_[top : top + text.shape[0], left : left + text.shape[1]]
        drawing[window] = text.composed(drawing[window])
    return CapturedScene(style.name, _taken(taking, on_photo, clean, drawing, inks))


def _ground(rng: Generator, style: Style, number: int, on_photo: bool) -> Image:
    """A photo, or one with two or three flat plates that cover most of it; darkened for neon."""
    ground = photo(rng, number, HEIGHT, WIDTH)
    if not on_photo:
        edges = sorted([0, WIDTH, *(int(x) for x in rng.uniform(0.3, 0.7, int(rng.integers(1, 3))) * WIDTH)])
        for left, right in pairwise(edges):
            ground[40:-40, left + 8 : max(left + 9, right - 8)] = rng.integers(0, 256, 3)
    return np.asarray(ground * 0.4, np.uint8) if style.dark else ground


def _on_plate(rng: Generator, size: int, clean: Image, taken: Mask, draw: Draw) -> Placed | None:
    """As `place`, and paints a flat plate below the text into `clean`."""
    tone = np.full(3, rng.choice([0, 255])) if rng.random() < 0.4 else rng.integers(0, 256, 3)

    def readable(rng: Generator, size: int, _: Floats) -> Ink:
        return draw(rng, size, tone.astype(np.float32))

    placed = place(rng, size, clean, taken, readable)
    if placed is None:
        return None
    text, top, left = placed
    pad = int(text.height_px * rng.uniform(0.12, 0.4)) + 2
    clean[max(0, top - pad) : top + text.shape[0] + pad, max(0, left - pad) : left + text.shape[1] + pad] = tone
    return placed


def _taken(taking: Chain, on_photo: bool, clean: Image, drawing: Image, inks: list[Placed]) -> Scene:
    before, after = taking.sharpened(clean), taking.sharpened(drawing)
    strokes = np.abs(after.astype(np.int16) - before).max(axis=2) > _CHANGED
    scale = np.array(after.shape[1::-1]) / (WIDTH, HEIGHT)
    regions = [_scaled(region_of(text, top, left, WIDTH, HEIGHT), scale) for text, top, left in inks]
    return Scene(
        on_photo=on_photo,
        clean=taking.coded(before),
        image=taking.coded(after),
        strokes=np.where(strokes, 255, 0).astype(np.uint8),
        regions=tuple(regions),
        heights_px=tuple(round(text.height_px * taking.reduction) for text, _, _ in inks),
    )


def _scaled(region: Region, scale: NDArray[np.float64]) -> Region:
    return Region(tuple((x * scale[0], y * scale[1]) for x, y in region.points), region.rectangle)
