"""What text is drawn on: crops of free photos, and procedural textures."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.types import Image

Plane = NDArray[np.float64]
"""(h, w, 3) or (h, w, 1), in grey levels, not clipped."""


@cache
def photos(folder: Path) -> tuple[Image, ...]:
    """Every image file below `folder`, at most 1600 px wide or high, RGB."""
    loaded = []
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp")):
        pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if pixels is None:
            continue
        scale = 1600 / max(pixels.shape[:2])
        if scale < 1:
            pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        loaded.append(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))
    return tuple(loaded)


def background(rng: np.random.Generator, height: int, width: int, folder: Path | None) -> Image:
    """(height, width, 3): photo crops at a random zoom or textures, one in four times divided by hard edges."""
    ground = _whole(rng, height, width, folder)
    if rng.random() > 0.25:
        return ground
    other = _whole(rng, height, width, folder) if rng.random() < 0.4 else _flat(rng, height, width)
    share = _bars(rng, height, width)[..., None]
    return np.asarray(np.clip(ground * (1 - share) + other * share, 0, 255), np.uint8)


def _bars(rng: np.random.Generator, height: int, width: int) -> Plane:
    """0-1 (h, w): one half, or one to three bars across, as wide as strokes or as panels, mostly upright or level."""
    angle = rng.choice([0, np.pi / 2]) + (rng.normal(0, 0.4) if rng.random() < 0.4 else 0)
    y, x = np.mgrid[0:height, 0:width]
    along = x * np.cos(angle) + y * np.sin(angle)
    share = np.zeros((height, width))
    reach = abs(width * np.cos(angle)) + abs(height * np.sin(angle))
    for _ in range(1 if rng.random() < 0.5 else int(rng.integers(1, 4))):
        start = rng.uniform(0, reach)
        end = np.inf if rng.random() < 0.4 else start + height * np.exp(rng.uniform(np.log(0.02), np.log(0.5)))
        share = np.maximum(share, np.clip(along - start, 0, 1) * np.clip(end - along, 0, 1))
    return share


def _whole(rng: np.random.Generator, height: int, width: int, folder: Path | None) -> Image:
    images = photos(folder) if folder else ()
    if images and rng.random() < 0.72:
        return _crop(rng, images[int(rng.integers(len(images)))], height, width)
    texture = _TEXTURES[int(rng.integers(len(_TEXTURES)))]
    return np.clip(texture(rng, height, width), 0, 255).astype(np.uint8)


def _crop(rng: np.random.Generator, image: Image, height: int, width: int) -> Image:
    """At 0.4 to 3 of the photo's pixels a pixel; one in four shows much of the scene, as behind huge letters."""
    zoom = float(np.exp(rng.uniform(np.log(0.4), np.log(3))))
    if rng.random() < 0.25:
        zoom = float(rng.uniform(0.15, 0.9)) * image.shape[0] / height
    rows, columns = max(4, int(height * zoom)), max(4, int(width * zoom))
    shrink = min(1.0, image.shape[0] / rows, image.shape[1] / columns)
    rows, columns = int(rows * shrink), int(columns * shrink)
    top = int(rng.integers(image.shape[0] - rows + 1))
    left = int(rng.integers(image.shape[1] - columns + 1))
    crop = image[top : top + rows, left : left + columns]
    crop = cv2.resize(crop, (width, height), interpolation=cv2.INTER_AREA if zoom > 1 else cv2.INTER_LINEAR)
    return np.asarray(crop[:, ::-1] if rng.random() < 0.5 else crop, np.uint8)


def _colour(rng: np.random.Generator) -> Plane:
    if rng.random() < 0.3:
        return np.asarray(rng.uniform(0, 255) + rng.normal(0, 4, 3))
    return rng.uniform(0, 255, 3)


def _flat(rng: np.random.Generator, height: int, width: int) -> Plane:
    base = np.array([255.0, 255, 255]) if rng.random() < 0.25 else _colour(rng)
    return np.asarray(np.ones((height, width, 1)) * base)


def _gradient(rng: np.random.Generator, height: int, width: int) -> Plane:
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[0:height, 0:width]
    along = (x * np.cos(angle) + y * np.sin(angle)) / max(height, width)
    along = np.clip(along * rng.uniform(0.5, 2) + rng.uniform(-0.5, 0.5), 0, 1)[..., None]
    return np.asarray(_colour(rng) * (1 - along) + _colour(rng) * along)


def _clouds(rng: np.random.Generator, height: int, width: int) -> Plane:
    out = np.ones((height, width, 1)) * _colour(rng)
    amplitude = rng.uniform(10, 70)
    cell = int(rng.integers(4, 64))
    for _ in range(4):
        shape = (height // cell + 2, width // cell + 2)
        noise = rng.normal(0, 1, (*shape, 3 if rng.random() < 0.3 else 1)).astype(np.float32)
        layer = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
        out = out + amplitude * layer.reshape(height, width, -1)
        amplitude *= rng.uniform(0.35, 0.75)
        cell = max(1, cell // 2)
    return out


def _stripes(rng: np.random.Generator, height: int, width: int) -> Plane:
    angle, period = rng.uniform(0, np.pi), rng.uniform(5, 60)
    y, x = np.mgrid[0:height, 0:width]
    phase = (x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / period
    wave = (np.sin(phase) * rng.choice([1, 8]) * 0.5 + 0.5).clip(0, 1)[..., None]
    first = _colour(rng)
    second = first + rng.normal(0, 30, 3) if rng.random() < 0.6 else _colour(rng)
    return np.asarray(first * (1 - wave) + second * wave)


def _blocks(rng: np.random.Generator, height: int, width: int) -> Plane:
    out = np.ascontiguousarray(_clouds(rng, height, width) if rng.random() < 0.5 else _flat(rng, height, width))
    for _ in range(int(rng.integers(2, 14))):
        y, x = int(rng.integers(-5, height)), int(rng.integers(-5, width))
        corner = (x + int(rng.integers(3, max(4, width // 2))), y + int(rng.integers(3, max(4, height))))
        colour = [float(c) for c in _colour(rng)]
        kind = rng.random()
        if kind < 0.45:
            cv2.rectangle(out, (x, y), corner, colour, -1)
        elif kind < 0.75:
            cv2.circle(out, (x, y), int(rng.integers(2, max(3, height // 2))), colour, -1, cv2.LINE_AA)
        else:
            cv2.line(out, (x, y), corner, colour, int(rng.integers(1, 5)), cv2.LINE_AA)
    return out


def _grain(rng: np.random.Generator, height: int, width: int) -> Plane:
    base = _gradient(rng, height, width)
    return np.asarray(base + rng.normal(0, rng.uniform(2, 25), (height, width, 1 if rng.random() < 0.5 else 3)))


_TEXTURES = (_flat, _gradient, _gradient, _clouds, _clouds, _clouds, _stripes, _blocks, _blocks, _grain)
