"""One look at a part of an image: what was seen, and where another look is due."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from models.detection.textmap import Find, Mark, found, is_text
from models.types import Box

_SMALL_PX = 24
"""Texts lower than this are looked at again at twice the scale."""
_LARGE_PX, _TOO_LARGE_PX = 45, 120
"""A find higher than this at one scale is left to the next coarser one, where it must still be as high as the former:
larger letters fall apart, and most things that are no text but are taken for it are large."""
_LEAST_BENT_PX = 16
_MARGIN_PX = 16
_CUT_OF_HEIGHT = 0.35
"""A mark that comes this close to the edge of a window, as a share of its height, may go on beyond: the network sees a
letter's surroundings, too, and marks none that the edge cuts. Windows keep further away from what they are made for."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is marked in a `window` of an image of `shape` (h, w) that was brought to `size` (w, h) for it."""

    marks: list[Mark]
    window: Box
    scale: float
    size: tuple[int, int]
    shape: tuple[int, int]

    @property
    def sees_large(self) -> bool:
        return any(mark.height > _LARGE_PX for mark in self.marks)

    def adds(self, find: Find) -> bool:
        """Whether a find can be what a finer look could not see: large letters, or a wide bend."""
        return find.height_px * self.scale > (_LEAST_BENT_PX if find.bent else _LARGE_PX)

    def finds(self, min_score: float) -> list[Find]:
        """The texts that are whole and not too large for this look."""
        return [
            found(mark, self._pixel, (self.window.left, self.window.top), self.shape)
            for mark in self.marks
            if mark.height < _TOO_LARGE_PX and is_text(mark, min_score) and not self._cuts(mark)
        ]

    def cut(self, min_score: float, finds: Sequence[Find]) -> list[Box]:
        """Where a look at more of the surroundings is due: at texts that may go on beyond an edge, unless one of the
        finds holds their middle."""
        boxes = [cv2.boundingRect(find.points.astype(np.float32)) for find in finds]
        return [
            self._around(mark)
            for mark in self.marks
            if mark.height < _TOO_LARGE_PX
            and is_text(mark, min_score)
            and self._cuts(mark)
            and not any(_inside(self._middle(mark), box) for box in boxes)
        ]

    def small(self, min_score: float) -> list[Box]:
        """Where a closer look is due, with the surroundings: at small text, and at what might be some."""
        return [
            self._around(mark)
            for mark in self.marks
            if mark.height < _SMALL_PX or (mark.height < _LARGE_PX and not is_text(mark, min_score))
        ]

    @property
    def _pixel(self) -> tuple[float, float]:
        """How large a pixel of the map is in the image (x, y)."""
        return self.window.width / self.size[0], self.window.height / self.size[1]

    def _cuts(self, mark: Mark) -> bool:
        """Whether the mark reaches an edge of the window that is none of the image's: it may go on there."""
        left, top, width, height = cv2.boundingRect(mark.outline)
        (rows, columns), window = self.shape, self.window
        near = max(1.0, _CUT_OF_HEIGHT * mark.height)
        return bool(
            (left <= near and window.left > 0)
            or (top <= near and window.top > 0)
            or (left + width >= self.size[0] - near and window.right < columns)
            or (top + height >= self.size[1] - near and window.bottom < rows)
        )

    def _middle(self, mark: Mark) -> tuple[float, float]:
        x, y = mark.outline[:, 0].mean(axis=0) * self._pixel
        return float(x) + self.window.left, float(y) + self.window.top

    def _around(self, mark: Mark) -> Box:
        left, top, width, height = cv2.boundingRect(mark.outline)
        margin = _MARGIN_PX + 2 * mark.height
        (x, y), (rows, columns), window = self._pixel, self.shape, self.window
        return Box(
            max(0, int((left - margin) * x) + window.left),
            max(0, int((top - margin) * y) + window.top),
            min(columns, int((left + width + margin) * x) + window.left + 1),
            min(rows, int((top + height + margin) * y) + window.top + 1),
        )


def _inside(point: tuple[float, float], box: Sequence[int]) -> bool:
    left, top, width, height = box
    return left <= point[0] <= left + width and top <= point[1] <= top + height
