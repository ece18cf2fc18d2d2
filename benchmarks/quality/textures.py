"""Clean backgrounds of the evaluation set: the photos beside, and textures of kinds training does not have."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.types import Image

Plane = NDArray[np.float64]
Generator = np.random.Generator
_PHOTOS = Path(__file__).parent / "photos"


@cache
def _photos() -> tuple[Image, ...]:
    pictures = (cv2.imread(str(path), cv2.IMREAD_COLOR) for path in sorted(_PHOTOS.glob("*.jpg")))
    return tuple(np.asarray(cv2.cvtColor(p, cv2.COLOR_BGR2RGB), np.uint8) for p in pictures if p is not None)


def photo(rng: Generator, number: int, height: int, width: int) -> Image:
    """A crop of photo `number` (modulo their count), mirrored by chance, scaled to (height, width)."""
    source = _photos()[number % len(_photos())]
    scale = min(source.shape[0] / height, source.shape[1] / width) * rng.uniform(0.75, 1.0)
    rows, columns = int(height * scale), int(width * scale)
    top, left = (int(rng.integers(room + 1)) for room in (source.shape[0] - rows, source.shape[1] - columns))
    crop = source[top : top + rows, left : left + columns]
    scaled = cv2.resize(crop, (width, height), interpolation=cv2.INTER_AREA if scale > 1 else cv2.INTER_CUBIC)
    return np.ascontiguousarray(scaled[:, ::-1] if rng.random() < 0.5 else scaled, dtype=np.uint8)


def texture(rng: Generator, number: int, height: int, width: int) -> Image:
    """Texture kind `number` (modulo their count) in random colours."""
    plane = _KINDS[number % len(_KINDS)](rng, height, width)[..., None]
    first, second = rng.uniform(30, 225, (2, 3))
    second = first + (second - first) * rng.uniform(0.5, 1)
    return np.asarray(np.clip(first * (1 - plane) + second * plane, 0, 255), np.uint8)


def _noise(rng: Generator, height: int, width: int, cell: float) -> Plane:
    grid = rng.normal(0, 1, (int(height / cell) + 3, int(width / cell) + 3))
    return np.asarray(cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC), np.float64)


def _grid(height: int, width: int) -> tuple[Plane, Plane]:
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    return y, x


def _paper(rng: Generator, height: int, width: int) -> Plane:
    y, _ = _grid(height, width)
    ruled = (y % int(rng.integers(18, 34)) == 0) * 0.6
    return np.asarray(0.15 * _noise(rng, height, width, 90) + 0.05 * _noise(rng, height, width, 2) + ruled)


def _wood(rng: Generator, height: int, width: int) -> Plane:
    y, x = _grid(height, width)
    bent = y + 9 * _noise(rng, height, width, 120) + 0.08 * x
    return 0.5 + 0.35 * np.sin(bent * rng.uniform(0.25, 0.6)) + 0.1 * _noise(rng, height, width, 3)


def _marble(rng: Generator, height: int, width: int) -> Plane:
    y, x = _grid(height, width)
    turbulence = np.sum([_noise(rng, height, width, cell) * cell for cell in (64, 32, 16, 8)], axis=0)
    return np.asarray(0.5 + 0.5 * np.sin((x + y) * 0.02 + turbulence * 0.06))


def _weave(rng: Generator, height: int, width: int) -> Plane:
    y, x = _grid(height, width)
    period = rng.uniform(4, 9)
    threads = np.sin(x * 2 * np.pi / period) * np.sin(y * 2 * np.pi / period)
    return 0.5 + 0.2 * threads + 0.3 * _noise(rng, height, width, 150)


def _cells(rng: Generator, height: int, width: int) -> Plane:
    y, x = _grid(height, width)
    points = rng.uniform(0, 1, (28, 2)) * (height, width)
    shades = rng.uniform(0, 1, 28)
    distances = [(y - py) ** 2 + (x - px) ** 2 for py, px in points]
    return np.asarray(shades[np.argmin(distances, axis=0)])


def _dots(rng: Generator, height: int, width: int) -> Plane:
    y, x = _grid(height, width)
    period = int(rng.integers(9, 17))
    inside = ((x % period - period / 2) ** 2 + (y % period - period / 2) ** 2) < (period * 0.3) ** 2
    return np.asarray(cv2.GaussianBlur(inside.astype(np.float64), (0, 0), 0.7) * 0.5 + x / width * 0.5)


_KINDS: tuple[Callable[[Generator, int, int], Plane], ...] = (_paper, _wood, _marble, _weave, _cells, _dots)
