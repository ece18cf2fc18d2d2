"""Pictures to measure with: photo-like, any size, the same at every run, and where their text is."""

import io
import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image as Pillow

from models.types import Box, Image, Images, Mask, Masks

LINE_HEIGHT_SHARE = 1 / 40
"""Height of a text line, of the image's shorter side: 22 px on the receipt, 75 px on a 12-megapixel photo."""

Layout = Callable[[int, int, int], tuple[Box, ...]]
"""Width and height of an image and how many boxes to place; the boxes lie inside and never overlap."""


def text_lines(width: int, height: int, count: int, seed: int = 0) -> tuple[Box, ...]:
    """`count` rectangles, one under the other, 15-45 % of the width long, at random places of their rows."""
    rng = np.random.default_rng((seed, count))
    pitch = height / count
    tall = max(4, round(min(min(width, height) * LINE_HEIGHT_SHARE, 0.6 * pitch)))
    boxes = []
    for row in range(count):
        wide = round(width * rng.uniform(0.15, 0.45))
        left = int(rng.integers(0, width - wide + 1))
        top = min(int(row * pitch + rng.uniform(0, pitch - tall)), height - tall)
        boxes.append(Box(left, top, left + wide, top + tall))
    return tuple(boxes)


def speech_bubbles(width: int, height: int, count: int, seed: int = 0) -> tuple[Box, ...]:
    """`count` rectangles in a loose grid, row by row: 8-14 % of the width wide (less if their cell is narrower) and
    40-60 % of that tall, each at a random place of its cell, with at least a pixel between two."""
    rng = np.random.default_rng((seed, count))
    columns = max(1, round(math.sqrt(count * width / height / 1.25)))
    cell_width, cell_height = width // columns, height // math.ceil(count / columns)
    boxes = []
    for number in range(count):
        row, column = divmod(number, columns)
        wide = min(round(width * rng.uniform(0.08, 0.14)), cell_width - 1)
        tall = min(round(wide * rng.uniform(0.4, 0.6)), cell_height - 1)
        left = column * cell_width + int(rng.integers(0, cell_width - wide))
        top = row * cell_height + int(rng.integers(0, cell_height - tall))
        boxes.append(Box(left, top, left + wide, top + tall))
    return tuple(boxes)


@dataclass(frozen=True, slots=True)
class Workload:
    """A picture and where its text is. `count` texts are placed by `layout`."""

    name: str
    width: int
    height: int
    count: int
    layout: Layout = text_lines

    @property
    def pixels(self) -> int:
        return self.width * self.height

    @property
    def boxes(self) -> tuple[Box, ...]:
        return self.layout(self.width, self.height, self.count)

    def image(self) -> Image:
        return photo_like(self.width, self.height)

    def mask(self) -> Mask:
        return mask_of(self.boxes, self.width, self.height)


RECEIPT = Workload("receipt", 900, 1333, 20)
POSTER = Workload("poster", 1500, 2000, 5)
PHONE = Workload("phone", 4000, 3000, 5)
COMIC = Workload("comic", 1250, 1600, 40, speech_bubbles)
THUMBNAIL = Workload("thumbnail", 640, 480, 2)

WORKLOADS = {workload.name: workload for workload in (THUMBNAIL, RECEIPT, POSTER, COMIC, PHONE)}


def photo_like(width: int, height: int, seed: int = 0) -> Image:
    """Soft shapes of several sizes and sensor noise: compresses about like a photo."""
    rng = np.random.default_rng(seed)
    picture = np.full((height, width, 3), 128, np.float32)
    for cells, contrast in ((4, 40), (16, 25), (64, 15), (256, 8)):
        coarse = rng.normal(0, contrast, (cells, cells, 3)).astype(np.float32)
        picture += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    grain = rng.normal(0, 2, (min(height, 512), min(width, 512), 3)).astype(np.float32)
    repeats = (-(-height // grain.shape[0]), -(-width // grain.shape[1]), 1)
    picture += np.tile(grain, repeats)[:height, :width]
    return np.clip(picture, 0, 255).astype(np.uint8)


def windows(count: int, height: int, width: int) -> tuple[Images, Masks]:
    """Photo-like windows, each with a hole over the middle half of its sides."""
    picture = photo_like(width * count, height)
    images = np.stack([picture[:, index * width : (index + 1) * width] for index in range(count)])
    masks = np.zeros((count, height, width), np.uint8)
    masks[:, height // 4 : height * 3 // 4, width // 4 : width * 3 // 4] = 255
    return images, masks


def lettered(image: Image, boxes: tuple[Box, ...]) -> Image:
    """A copy with black capitals in each box, for whatever looks for text."""
    picture = np.ascontiguousarray(image.copy())
    for box in boxes:
        scale = box.height / 30
        letters = "REMOVE THIS TEXT"[: max(1, int(box.width / (20 * scale)))]
        corner = (box.left + 2, box.bottom - max(1, box.height // 6))
        cv2.putText(picture, letters, corner, cv2.FONT_HERSHEY_SIMPLEX, scale, (0, 0, 0), max(1, round(2 * scale)))
    return picture


def mask_of(boxes: tuple[Box, ...], width: int, height: int) -> Mask:
    mask = np.zeros((height, width), np.uint8)
    for box in boxes:
        mask[box.slices] = 255
    return mask


def encoded(pixels: Image | Mask, kind: str) -> bytes:
    """`kind` as Pillow names it; JPEG and WebP have quality 92."""
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, kind, quality=92)
    return buffer.getvalue()
