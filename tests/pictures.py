"""Small pictures for tests, and what tests ask of the answer."""

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]


def photo(width: int = 320, height: int = 240, seed: int = 0) -> Pixels:
    """Smooth colours with some noise, (height, width, 3)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    smooth = np.stack([x * 255 / width, y * 255 / height, (x + y) * 127 / max(width, height)], axis=-1)
    return np.clip(smooth + rng.normal(0, 6, smooth.shape), 0, 255).astype(np.uint8)


def encoded(pixels: Pixels, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def decoded(data: bytes) -> Pixels:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


def grid_of_regions(
    columns: int, rows: int, pitch: int = 200, width: int = 60, height: int = 20
) -> list[dict[str, int]]:
    """Regions far enough apart that each gets a window of its own."""
    return [
        {"x": 40 + column * pitch, "y": 40 + row * pitch, "width": width, "height": height}
        for row in range(rows)
        for column in range(columns)
    ]


def outside(shape: tuple[int, ...], regions: list[dict[str, int]]) -> NDArray[np.bool_]:
    """True where no region is."""
    keep = np.ones(shape[:2], bool)
    for region in regions:
        keep[region["y"] : region["y"] + region["height"], region["x"] : region["x"] + region["width"]] = False
    return keep
