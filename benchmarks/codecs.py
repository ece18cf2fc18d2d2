"""PNG encoders, time by size: what the choice in models/codec/png.py rests on."""

import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
from PIL import Image as Pillow

from benchmarks.pictures import photo_like
from benchmarks.report import Report
from models.codec.metadata import Metadata
from models.codec.png import write_png
from models.types import Image

SIZES = ((900, 1333), (4000, 3000))
Encoder = Callable[[Image], int]
"""Returns the size of the file."""


@dataclass(frozen=True, slots=True)
class Measured:
    width: int
    height: int
    encoder: str
    file_bytes: int
    seconds: float


def _pillow(level: int) -> Encoder:
    def encode(image: Image) -> int:
        buffer = io.BytesIO()
        Pillow.fromarray(image).save(buffer, "PNG", compress_level=level)
        return buffer.tell()

    return encode


def _opencv(*options: int) -> Encoder:
    def encode(image: Image) -> int:
        _, file = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), list(options))
        return len(file)

    return encode


ENCODERS: Mapping[str, Encoder] = {
    "ours (png.py)": lambda image: len(write_png(image, None, Metadata())),
    "OpenCV, as it comes": _opencv(),
    "OpenCV, level 1": _opencv(cv2.IMWRITE_PNG_COMPRESSION, 1),
    "Pillow, level 1": _pillow(1),
    "Pillow, level 3": _pillow(3),
    "Pillow, level 6": _pillow(6),
}


def measure(sizes: Sequence[tuple[int, int]] = SIZES, *, rounds: int) -> list[Measured]:
    """The least time of `rounds`, in which the encoders take turns."""
    results = []
    for width, height in sizes:
        image = photo_like(width, height)
        best = dict.fromkeys(ENCODERS, float("inf"))
        sizes_bytes = dict.fromkeys(ENCODERS, 0)
        for _ in range(rounds):
            for name, encode in ENCODERS.items():
                started = time.perf_counter()
                sizes_bytes[name] = encode(image)
                best[name] = min(best[name], time.perf_counter() - started)
        results += [Measured(width, height, name, sizes_bytes[name], best[name]) for name in ENCODERS]
    return results


def report(results: Sequence[Measured]) -> Report:
    rows = [
        (
            f"{r.width * r.height / 1e6:.1f}",
            r.encoder,
            f"{r.seconds * 1000:.0f}",
            f"{r.file_bytes / (r.width * r.height * 3):.0%}",
        )
        for r in results
    ]
    return Report("PNG encoders on a photo-like image", ("image, MP", "encoder", "ms, least", "of the raw size"), rows)
