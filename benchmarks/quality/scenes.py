"""The evaluation set: images with text, the same images without, and what is text in them. Fixed by its seed."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from benchmarks.quality.texts import Floats, Ink, ink
from benchmarks.quality.textures import photo, texture
from models.types import Image, Mask, Region

HEIGHT, WIDTH = 480, 640
SEED = 20_260
_VISIBLE = 10
"""A pixel is a true stroke if the text changed one of its channels by more than this many grey levels."""

Draw = Callable[[np.random.Generator, int, Floats], Ink]
"""A text of a font size in px, readable on a mean colour (3,)."""


@dataclass(frozen=True, slots=True)
class Scene:
    """`on_photo` says what it is drawn on, photo or texture. `regions[i]` is the rectangle of text i, turned with it
    and padded by 6 % of its height plus a pixel."""

    on_photo: bool
    clean: Image
    image: Image
    strokes: Mask
    regions: tuple[Region, ...]
    heights_px: tuple[int, ...]


def scenes(count: int, seed: int = SEED) -> tuple[Scene, ...]:
    """`count` scenes; three of four on photos, the others on textures; every third after JPEG coding."""
    return tuple(_scene(np.random.default_rng((seed, number)), number) for number in range(count))


def _scene(rng: np.random.Generator, number: int) -> Scene:
    clean = (photo if number % 4 else texture)(rng, number // 2, HEIGHT, WIDTH)
    image = clean.copy()
    taken = np.zeros((HEIGHT, WIDTH), np.uint8)
    regions: list[Region] = []
    heights: list[int] = []
    for _ in range(int(rng.integers(5, 11))):
        size = int(np.exp(rng.uniform(np.log(11), np.log(150 if number % 5 == 4 else 48))))
        placed = place(rng, size, clean, taken, ink)
        if placed is None:
            continue
        text, top, left = placed
        window = np.s_[top : top + text.shape[0], left : left + text.shape[1]]
        image[window] = text.composed(image[window])
        regions.append(region_of(text, top, left, WIDTH, HEIGHT))
        heights.append(text.height_px)
    strokes = np.where(np.abs(image.astype(np.int16) - clean).max(axis=2) > _VISIBLE, 255, 0).astype(np.uint8)
    if number % 3 == 0:
        quality = int(rng.integers(60, 95))
        clean, image = _coded(clean, quality), _coded(image, quality)
    return Scene(number % 4 > 0, clean, image, strokes, tuple(regions), tuple(heights))


def place(rng: np.random.Generator, size: int, clean: Image, taken: Mask, draw: Draw) -> tuple[Ink, int, int] | None:
    """A text of font size `size` px and a free place for it, (text, top, left), marked in `taken` with a gap; None if
    twenty tries found none."""
    height, width = taken.shape
    for _ in range(20):
        top, left = int(rng.integers(2, height - size)), int(rng.integers(2, width - size))
        text = draw(rng, size, clean[top : top + size, left : left + 4 * size].reshape(-1, 3).mean(axis=0))
        bottom, right = top + text.shape[0], left + text.shape[1]
        gap = text.height_px // 2
        around = taken[max(0, top - gap) : bottom + gap, max(0, left - gap) : right + gap]
        if bottom < height and right < width and not around.any():
            gap += 8
            taken[max(0, top - gap) : bottom + gap, max(0, left - gap) : right + gap] = 1
            return text, top, left
    return None


def region_of(text: Ink, top: int, left: int, width: int, height: int) -> Region:
    """The rectangle of a text at (top, left), turned with it, padded by 6 % of its height plus a pixel."""
    corners = text.corners
    pad = 0.06 * text.height_px + 1
    along, down = corners[1] - corners[0], corners[3] - corners[0]
    along, down = along / np.linalg.norm(along) * pad, down / np.linalg.norm(down) * pad
    grown = corners + np.array([-along - down, along - down, along + down, down - along]) + (left, top)
    grown = np.clip(grown, 0, (width, height))
    upright = bool(abs(along[1]) < 1e-6)
    return Region(tuple((float(x), float(y)) for x, y in grown), rectangle=upright)


def _coded(image: Image, quality: int) -> Image:
    _, coded = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.cvtColor(np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR)), cv2.COLOR_BGR2RGB), np.uint8)
