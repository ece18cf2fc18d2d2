"""What text is set on: plates, bubbles and panels with their borders. They belong to the clean picture."""

import cv2
import numpy as np

from models.types import Image
from training.drawing.styles import contrasting

Edges = tuple[float, float, float, float]
"""left, top, right, bottom in pixels."""

_CHANCE = 0.32


def plated(rng: np.random.Generator, clean: Image, box: Edges, line_height: float) -> Image:
    """A copy of `clean`, sometimes with a plate below the text's `box` or a border close to it."""
    if rng.random() > _CHANCE:
        return clean
    kind = rng.random()
    room = line_height * rng.uniform(0.04, 0.5, 4)
    left, top, right, bottom = (
        round(v) for v in (box[0] - room[0], box[1] - room[1], box[2] + room[2], box[3] + room[3])
    )
    tone = _tone(rng)
    border = max(1, round(line_height * rng.uniform(0.01, 0.08)))
    line = tuple(float(v) for v in contrasting(rng, tone, 60))
    shape = np.zeros(clean.shape[:2], np.uint8)
    if kind < 0.35:
        _ellipse(shape, left, top, right, bottom)
    else:
        _rounded(shape, left, top, right, bottom, int(rng.uniform(0, 0.4) * line_height) if kind < 0.8 else 0)
    opacity = rng.uniform(0.5, 0.95) if rng.random() < 0.2 else 1.0
    alpha = cv2.GaussianBlur(shape, (3, 3), 0).astype(np.float32)[..., None] / 255 * opacity
    out = np.asarray(np.clip(clean * (1 - alpha) + tone * alpha, 0, 255), np.uint8)
    if rng.random() < 0.6:
        contours, _ = cv2.findContours(shape, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(out, contours, -1, line, border, cv2.LINE_AA)
    return out


def _tone(rng: np.random.Generator) -> np.ndarray:
    kind = rng.random()
    if kind < 0.45:
        return np.full(3, 255.0) - rng.uniform(0, 12)
    return np.full(3, rng.uniform(0, 60)) if kind < 0.65 else rng.uniform(0, 255, 3)


def _ellipse(shape: np.ndarray, left: int, top: int, right: int, bottom: int) -> None:
    centre = ((left + right) // 2, (top + bottom) // 2)
    axes = (max(2, int((right - left) * 0.62)), max(2, int((bottom - top) * 0.68)))
    cv2.ellipse(shape, centre, axes, 0, 0, 360, 255, -1)


def _rounded(shape: np.ndarray, left: int, top: int, right: int, bottom: int, radius: int) -> None:
    radius = max(0, min(radius, (right - left) // 2 - 1, (bottom - top) // 2 - 1))
    cv2.rectangle(shape, (left + radius, top), (right - radius, bottom), 255, -1)
    cv2.rectangle(shape, (left, top + radius), (right, bottom - radius), 255, -1)
    for x in (left + radius, right - radius):
        for y in (top + radius, bottom - radius):
            cv2.circle(shape, (x, y), radius, 255, -1)
