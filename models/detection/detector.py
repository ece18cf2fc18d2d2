"""Finds text with the detector whose ONNX file ships in the rapidocr wheel. Nothing is ever downloaded.

Only the network is RapidOCR's: it maps how text-like each pixel is. Cutting into tiles, joining their maps and turning
the map into rectangles is done here, because RapidOCR shrinks large images and rounds corners to integers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detection.textmap import Quad, quads, reading_order, without_parts
from models.errors import WeightsUnavailable
from models.stopping import go_on
from models.types import Image, Region

Floats = NDArray[np.float32]

MIN_CONFIDENCE = 0.6
"""On the evaluation set: recall 0.96 at precision 0.96; at 0.5, as RapidOCR has it, the same recall at 0.94."""

TILE_PX = 1280
OVERLAP_PX = 192
_SHORT_SIDE_PX = 736
"""Smaller images are enlarged to this (RapidOCR's own choice), at most doubled: small text is found better."""
_COARSEST_PX = 300
_LARGE_PX, _TOO_LARGE_PX = 45, 120
"""A find higher than this at one scale is left to the next coarser one, where it must still be as high as the former:
larger letters fall apart, and most things that are no text but are taken for it are large."""
_MULTIPLE = 32


@dataclass(frozen=True, slots=True)
class FoundText:
    """`points` (x, y) are the 4 corners, clockwise from the top left, in image pixels; `confidence` is 0-1."""

    points: tuple[tuple[float, float], ...]
    confidence: float

    @property
    def region(self) -> Region:
        return Region(self.points)


class TextDetector:
    """Called from one thread only. Keeps no state between calls, and never writes into an image."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._input: str = session.get_inputs()[0].name

    def detect(
        self, image: Image, *, min_confidence: float = MIN_CONFIDENCE, scale: float | None = None
    ) -> tuple[FoundText, ...]:
        """All texts in reading order.

        The image is looked at in its own size (in overlapping tiles) and again at each half of it down to
        `_COARSEST_PX`, there only for letters too large for the finer look. `scale` is how much it is enlarged first;
        a window of a larger image should get the `working_scale` of that.
        """
        scale = scale or working_scale(*image.shape[:2])
        found = [quad for quad in self._quads(image, scale, min_confidence) if quad.height * scale < _TOO_LARGE_PX]
        while max(image.shape[:2]) * scale > _COARSEST_PX:
            scale /= 2
            coarse = self._quads(image, scale, min_confidence)
            found = without_parts([q for q in coarse if _LARGE_PX < q.height * scale < _TOO_LARGE_PX], found)
        return tuple(FoundText(quad.points, quad.score) for quad in reading_order(found))

    def _quads(self, image: Image, scale: float, min_confidence: float) -> list[Quad]:
        height, width = image.shape[:2]
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        scaled = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        return quads(self._map(scaled), (width / size[0], height / size[1]), (height, width), min_confidence)

    def _map(self, image: Image) -> Floats:
        """Text-likeness (h, w) of (h, w, 3), 0-1. Where tiles overlap the higher value counts."""
        height, width = image.shape[:2]
        joined = np.zeros((height, width), np.float32)
        for top, bottom in _spans(height):
            for left, right in _spans(width):
                go_on()
                part = joined[top:bottom, left:right]
                np.maximum(part, self._forward(image[top:bottom, left:right]), out=part)
        return joined

    def _forward(self, tile: Image) -> Floats:
        height, width = tile.shape[:2]
        padding = ((0, -height % _MULTIPLE), (0, -width % _MULTIPLE), (0, 0))
        bgr = np.pad(tile, padding, mode="edge")[..., ::-1].astype(np.float32) / 127.5 - 1
        (out,) = self._session.run(None, {self._input: np.ascontiguousarray(bgr.transpose(2, 0, 1)[None])})
        likeness: Floats = out[0, 0, :height, :width]
        return likeness


def working_scale(height: int, width: int) -> float:
    """By how much an image of that size is enlarged before the detector looks at it."""
    return float(np.clip(_SHORT_SIDE_PX / min(height, width), 1, 2))


def _spans(length: int) -> Iterator[tuple[int, int]]:
    """(start, end) of tiles of equal length, at most TILE_PX, that overlap by at least OVERLAP_PX."""
    count = 1 if length <= TILE_PX else -(-(length - OVERLAP_PX) // (TILE_PX - OVERLAP_PX))
    tile = min(length, TILE_PX)
    for number in range(count):
        start = round(number * (length - tile) / max(1, count - 1))
        yield start, start + tile


def load(device: str, threads: int = 0) -> TextDetector:
    """`device` "cuda" uses the GPU if this onnxruntime can, else the CPU; `threads` 0 leaves it to onnxruntime.

    Raises WeightsUnavailable if the wheel holds no detector.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    wanted = ["CUDAExecutionProvider"] if device.startswith("cuda") else []
    usable = [name for name in wanted if name in onnxruntime.get_available_providers()]
    return TextDetector(
        onnxruntime.InferenceSession(str(_weights()), options, providers=[*usable, "CPUExecutionProvider"])
    )


def _weights() -> Path:
    """The detector's file in the installed wheel, found without importing it (it configures logging on import)."""
    wheel = find_spec("rapidocr")
    for folder in (wheel.submodule_search_locations or []) if wheel else []:
        for file in sorted(Path(folder, "models").glob("*_det_*.onnx")):
            return file
    raise WeightsUnavailable("the text detector's weights are not installed: the rapidocr wheel should hold them")


def readable(
    detector: TextDetector, image: Image, regions: Sequence[Region], *, min_confidence: float = 0.5
) -> tuple[int, ...]:
    """Indices of regions in which text is (still) found; looks only at windows around them.

    A found text counts for a region if at least half of it lies inside, or if it covers half of the region and is not
    over four times as large.
    """
    from shapely import Polygon

    shapes = [Polygon(region.points).buffer(0) for region in regions]
    seen = set()
    height, width = image.shape[:2]
    scale = working_scale(height, width)
    for left, top, right, bottom in _windows([shape.bounds for shape in shapes], height, width):
        for text in detector.detect(image[top:bottom, left:right], min_confidence=min_confidence, scale=scale):
            found = Polygon([(x + left, y + top) for x, y in text.points])
            for index, shape in enumerate(shapes):
                shared = shape.intersection(found).area
                if shared > 0.5 * found.area or (shared > 0.5 * shape.area and found.area < 4 * shape.area):
                    seen.add(index)
    return tuple(sorted(seen))


def _windows(
    bounds: Sequence[tuple[float, float, float, float]], height: int, width: int
) -> list[tuple[int, int, int, int]]:
    """(left, top, right, bottom) around the bounds with as much margin as they are high, at least 32 px; windows that
    meet become one."""
    windows: list[tuple[int, int, int, int]] = []
    for x1, y1, x2, y2 in bounds:
        margin = max(32, min(x2 - x1, y2 - y1))
        new = (
            int(max(0, x1 - margin)), int(max(0, y1 - margin)),
            int(min(width, x2 + margin + 1)), int(min(height, y2 + margin + 1)),
        )  # fmt: skip
        meeting = [w for w in windows if w[0] < new[2] and new[0] < w[2] and w[1] < new[3] and new[1] < w[3]]
        while meeting:
            windows = [w for w in windows if w not in meeting]
            group = [new, *meeting]
            new = (
                min(w[0] for w in group), min(w[1] for w in group), max(w[2] for w in group), max(w[3] for w in group)
            )  # fmt: skip
            meeting = [w for w in windows if w[0] < new[2] and new[0] < w[2] and w[1] < new[3] and new[1] < w[3]]
        windows.append(new)
    return windows
