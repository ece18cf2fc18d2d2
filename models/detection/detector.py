"""Finds text with the detector whose ONNX file ships in the rapidocr wheel.

Only the network is RapidOCR's: it maps how text-like each pixel is. At which scales to look where, joining the maps of
tiles and turning maps into outlines of texts is done here, because RapidOCR shrinks large images, looks at one scale
only and rounds corners to integers.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detection.dashes import with_dashes
from models.detection.lines import joined, reading_order
from models.detection.look import Look
from models.detection.pictograms import without_pictograms
from models.detection.recogniser import Recogniser
from models.detection.recogniser import load as load_recogniser
from models.detection.ruby import with_ruby
from models.detection.textmap import Find, marks
from models.detection.tiles import spans, windows
from models.detection.wheel import session as open_session
from models.stopping import go_on
from models.types import Box, Image, Region

Floats = NDArray[np.float32]

MIN_CONFIDENCE = 0.6
"""On the evaluation set: recall 0.98 at precision 0.97."""

_SHORT_SIDE_PX = 736
"""Smaller images are enlarged to this (RapidOCR's own choice), at most doubled: small text is found better."""
_COARSEST_PX = 300
"""No look makes the longer side of an image smaller than this: the image itself would become a line of text."""
_AT_ONCE_PX = 1_000_000
"""An image larger than this at its working scale gets its first look at half of it. All but one of 500 texts found in
real pictures at the working scale are seen there, if not well enough to be outlined."""
_LEAST_CONTRAST = 8
"""A tile with less between its darkest and its lightest value is blank."""
_FAINT = 0.75
"""What is only this share as sure as a text has to be may belong to one."""
_MULTIPLE = 32


@dataclass(frozen=True, slots=True)
class FoundText:
    """`points` (x, y) go round clockwise from the top left, in image pixels: the 4 corners of a turned rectangle, or
    more round a bent text. `confidence` is 0-1."""

    points: tuple[tuple[float, float], ...]
    confidence: float

    @property
    def region(self) -> Region:
        return Region(self.points)


class TextDetector:
    """Called from one thread only. Keeps no state between calls, and never writes into an image."""

    def __init__(self, session: Any, recogniser: Recogniser) -> None:
        self._session = session
        self._input: str = session.get_inputs()[0].name
        self._recogniser = recogniser

    def detect(
        self,
        image: Image,
        *,
        min_confidence: float = MIN_CONFIDENCE,
        scale: float | None = None,
        raw: bool = False,
    ) -> tuple[FoundText, ...]:
        """All texts in reading order.

        The first look is at the whole image. Where it sees small text, or something that may be some, closer looks
        follow, and coarser ones if it sees letters too large for it. `scale` is how much the image is enlarged to be
        looked at; a window of a larger image should get the `working_scale` of that. `raw`: just what the
        network sees, with pictograms that it takes for text, and without what belongs to columns of letters.
        """
        shape = image.shape[:2]
        scale = scale or working_scale(*shape)
        finest = 2 * scale
        if shape[0] * shape[1] * scale**2 > _AT_ONCE_PX:
            scale /= 2
        first = self._look(image, Box(0, 0, shape[1], shape[0]), scale)
        finds, looks = self._closer(image, first, finest, min_confidence)
        finds = self._coarser(image, first, finds, min_confidence)
        if not raw:
            faint = [find for look in looks for find in look.finds(_FAINT * min_confidence)]
            finds = without_pictograms(image, finds, self._recogniser)
            finds = with_dashes(image, with_ruby(finds, faint))
        return tuple(FoundText(find.corners, find.score) for find in reading_order(finds))

    def _closer(self, image: Image, first: Look, finest: float, min_confidence: float) -> tuple[list[Find], list[Look]]:
        """The first look's finds, and those of closer and closer looks where it is worth it; and all these looks."""
        finds, places, scale = first.finds(min_confidence), first.small(min_confidence), first.scale
        all_looks = [first]
        while places and scale < finest:
            scale *= 2
            looks = [self._look(image, window, scale) for window in windows(places, scale)]
            fine = [find for look in looks for find in look.finds(min_confidence)]
            finds = joined(fine, finds, first.shape)
            cut = [place for look in looks for place in look.cut(min_confidence, finds)]
            if cut:
                again = [self._look(image, window, scale) for window in windows(cut, scale)]
                finds = joined([find for look in again for find in look.finds(min_confidence)], finds, first.shape)
                looks += again
            places = [place for look in looks for place in look.small(min_confidence)]
            all_looks += looks
        return finds, all_looks

    def _coarser(self, image: Image, first: Look, finds: list[Find], min_confidence: float) -> list[Find]:
        """With letters that are too large for the looks before. An image where the first look saw nothing large has
        none."""
        scale = first.scale / 2
        while first.sees_large and max(first.shape) * scale >= _COARSEST_PX:
            look = self._look(image, first.window, scale)
            finds = joined(finds, [find for find in look.finds(min_confidence) if look.adds(find)], first.shape)
            scale /= 2
        return finds

    def _look(self, image: Image, window: Box, scale: float) -> Look:
        size = (max(1, round(window.width * scale)), max(1, round(window.height * scale)))
        part = image[window.slices]
        scaled = cv2.resize(part, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        return Look(marks(self._map(scaled)), window, scale, size, image.shape[:2])

    def _map(self, image: Image) -> Floats:
        """Text-likeness (h, w) of (h, w, 3), 0-1. Where tiles overlap the higher value counts."""
        height, width = image.shape[:2]
        whole = np.zeros((height, width), np.float32)
        for top, bottom in spans(height):
            for left, right in spans(width):
                go_on()
                tile, part = image[top:bottom, left:right], whole[top:bottom, left:right]
                if int(tile.max()) - int(tile.min()) >= _LEAST_CONTRAST:
                    np.maximum(part, self._forward(tile), out=part)
        return whole

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


def load(device: str, threads: int = 0) -> TextDetector:
    """`device` "cuda" uses the GPU if this onnxruntime can, else the CPU; `threads` 0 leaves it to onnxruntime.

    Raises WeightsUnavailable if the wheel holds no detector or no recogniser.
    """
    return TextDetector(open_session("det", device, threads), load_recogniser(device, threads))
