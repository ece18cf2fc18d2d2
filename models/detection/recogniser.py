"""Reads a line of text, to tell whether it is one: with the recogniser whose ONNX file ships in the rapidocr wheel."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detection.wheel import session
from models.types import Image

_HEIGHT_PX = 48
"""What the network was trained at."""
_LONGEST_PX = 480
"""Of longer lines the beginning is read."""
_CHARACTERS = "character"
"""Where the file holds its alphabet: one a line, without the blank before and the space after them."""


@dataclass(frozen=True, slots=True)
class Words:
    """`text` may be empty. `certainty` is 0-1, the mean over the characters of what the two likeliest of each have
    together: capitals and small letters, or O and 0, are alike, and no doubt that it is text."""

    text: str
    certainty: float


class Recogniser:
    """Called from one thread only. Knows Latin, Greek, Chinese and Japanese letters, digits and many symbols; a line of
    any other script, or one that does not lie level, it reads as something else without certainty."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._input: str = session.get_inputs()[0].name
        alphabet = session.get_modelmeta().custom_metadata_map[_CHARACTERS].splitlines()
        self._alphabet: list[str] = ["", *alphabet, " "]

    def read(self, line: Image) -> Words:
        """What stands in (h, w, 3), one level line of text."""
        height, width = line.shape[:2]
        size = min(_LONGEST_PX, max(_HEIGHT_PX, round(width * _HEIGHT_PX / height)))
        part = line[:, : max(1, round(_LONGEST_PX * height / _HEIGHT_PX))]
        scaled = cv2.resize(part, (size, _HEIGHT_PX), interpolation=cv2.INTER_LINEAR)
        bgr = scaled[..., ::-1].astype(np.float32) / 127.5 - 1
        (out,) = self._session.run(None, {self._input: np.ascontiguousarray(bgr.transpose(2, 0, 1)[None])})
        return self._words(out[0])

    def _words(self, likeness: NDArray[np.float32]) -> Words:
        """From (steps, characters): a character goes on until another or a blank (0) follows (Graves et al., 2006)."""
        best = likeness.argmax(axis=1)
        starts = np.flatnonzero((best > 0) & np.concatenate([[True], best[1:] != best[:-1]]))
        two = np.sort(np.partition(likeness[starts], -2, axis=1)[:, -2:], axis=1).sum(axis=1)
        text = "".join(self._alphabet[index] for index in best[starts])
        return Words(text.strip(), float(two.mean()) if len(starts) else 0.0)


def load(device: str, threads: int = 0) -> Recogniser:
    """As `detector.load`. Raises WeightsUnavailable if the wheel holds no recogniser."""
    return Recogniser(session("rec", device, threads))
