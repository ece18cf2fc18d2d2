"""Pictures to measure with: photo-like, any size, the same at every run."""

import io
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image as Pillow

from models.types import Box, Image, Mask

LINE_HEIGHT_SHARE = 1 / 40
"""Height of a text line, of the image's shorter side: 22 px on the receipt, 75 px on a 12-megapixel photo."""


@dataclass(frozen=True, slots=True)
class Workload:
    name: str
    width: int
    height: int
    lines: int

    @property
    def pixels(self) -> int:
        return self.width * self.height


RECEIPT = Workload("receipt", 900, 1333, 20)
POSTER = Workload("poster", 1500, 2000, 5)
PHONE = Workload("phone photo", 4000, 3000, 5)
THUMBNAIL = Workload("thumbnail", 640, 480, 2)


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


def mask_of(boxes: tuple[Box, ...], width: int, height: int) -> Mask:
    mask = np.zeros((height, width), np.uint8)
    for box in boxes:
        mask[box.slices] = 255
    return mask


def encoded(pixels: Image | Mask, kind: str) -> bytes:
    """`kind` as Pillow names it; JPEG has quality 92."""
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, kind, quality=92)
    return buffer.getvalue()
