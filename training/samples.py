"""Synthetic line crops exactly as models/masking/strokes.py will cut them: pixels, region, true strokes."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from models.masking.stroke_network import LINE_HEIGHT_PX, MARGIN_PX, Floats, features
from models.types import Image, Mask
from training.backgrounds import background
from training.lettering import letter

CROP_HEIGHT_PX = LINE_HEIGHT_PX + 2 * MARGIN_PX
VISIBLE = 10
"""A pixel is a stroke if text changed one of its channels by more than this many grey levels."""


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


def sample(rng: np.random.Generator, folder: Path | None, width_px: int = 192) -> Sample:
    """A random crop of CROP_HEIGHT_PX x width_px, drawn at a native text size of 8 to 120 px and then scaled."""
    native = float(np.exp(rng.uniform(np.log(8), np.log(120))))
    lines = 1 if rng.random() < 0.88 else int(rng.integers(2, 4))
    text = letter(rng, native / lines, lines, native * width_px / LINE_HEIGHT_PX)
    vertical = rng.random() < 0.06
    if vertical:
        text = text.turned()
    pad = rng.uniform(-0.03, 0.22, 4) * text.line_height + rng.uniform(0, 1.5, 4)
    box_height = text.height + pad[0] + pad[1]
    scale = LINE_HEIGHT_PX / box_height
    margin = MARGIN_PX / scale
    height = max(6, round(CROP_HEIGHT_PX / scale))
    width = max(6, round(width_px / scale))
    clean = background(rng, height, width, folder)
    top = margin + pad[0]
    spare = width - text.width - pad[2] - pad[3] - 2 * margin
    left = margin + pad[2] + rng.uniform(0, 1) * spare
    empty = rng.random() < 0.03
    drawn, alpha = (clean, np.zeros(clean.shape[:2], np.float32)) if empty else text.draw(rng, clean, left, top)
    box = (left - pad[2], margin, left + text.width + pad[3], margin + box_height)
    changed = np.abs(drawn.astype(np.int16) - clean).max(axis=2)
    if rng.random() < 0.15 and not empty:
        for shift in (-1, 1):
            drawn, _ = text.draw(rng, drawn, left, top + shift * text.height * rng.uniform(1.1, 1.4), repeat=True)
    spoiled = _spoil(rng, drawn)
    return _scaled(rng, spoiled, (changed > VISIBLE), (alpha > 0.25) & (changed <= VISIBLE), box, width_px, scale)


def _scaled(
    rng: np.random.Generator,
    image: Image,
    strokes: np.ndarray,
    unclear: np.ndarray,
    box: tuple[float, float, float, float],
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
    weight = np.where(inside > 0, 1.0, 0.05) * (doubt < 0.3)
    if rng.random() < 0.5:
        line, truth, inside, weight = line[:, ::-1], truth[:, ::-1], inside[:, ::-1], weight[:, ::-1]
    if rng.random() < 0.2:
        line, truth, inside, weight = line[::-1], truth[::-1], inside[::-1], weight[::-1]
    if rng.random() < 0.1:
        line = 255 - line
    return Sample(line, inside, truth.astype(np.float32), weight.astype(np.float32))


def _spoil(rng: np.random.Generator, image: Image) -> Image:
    """What cameras and encoders do: blur, noise, a smaller size in between, JPEG."""
    height, width = image.shape[:2]
    if rng.random() < 0.15:
        image = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.4, 1.2)) * min(1.0, height / 40))
    if rng.random() < 0.12 and height > 24:
        factor = float(rng.uniform(0.5, 0.9))
        image = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_CUBIC)
    if rng.random() < 0.2:
        noise = rng.normal(0, rng.uniform(1, 10), image.shape)
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.55:
        quality = int(rng.integers(35, 97))
        _, coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        image = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    return np.ascontiguousarray(image)
