"""Unbends a line of text on an arc or a wave, and brings what was found in it back."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.lines.ribbons import Points, resampled, ribbon, smoothed
from models.types import Box, Image, Mask, Region

Floats = NDArray[np.float32]

_EVEN = 0.8
_LONG = 2.5
_STRAIGHT = 0.8
"""What is less even (`Ribbon`) or not this many times as long as high is read as it stands, and so is a polygon that
fills this much of the smallest rectangle around it."""
_GRID_PX = 4
"""Places along the line are worked out for one pixel in this many each way, and interpolated between."""


@dataclass(frozen=True, slots=True)
class BentLine:
    """As `text_lines.Line`, for a line whose middle runs along `course` (width, 2), a point for each column of the
    crop, margins included."""

    course: Points
    width: int
    height: int
    margin: float
    short: float

    def cut(self, image: Image) -> Image:
        """(height, width, 3), or without the last axis for a mask; the image's border is repeated outside it."""
        down = np.arange(self.height) - (self.height - 1) / 2
        places = (self.course[None] + down[:, None, None] * self._normals[None]).astype(np.float32)
        return np.asarray(cv2.remap(image, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)

    def inside(self) -> Mask:
        """(height, width): 255 in the line, 0 in its margins."""
        mask = np.zeros((self.height, self.width), np.uint8)
        edge = round(self.margin)
        mask[edge : self.height - edge, edge : self.width - edge] = 255
        return mask

    def back(self, plane: Floats, box: Box) -> Floats:
        """A plane of the crop's shape as seen in the image, cut to `box`; 0 outside the crop."""
        rows = np.arange(0, box.height + _GRID_PX, _GRID_PX)
        columns = np.arange(0, box.width + _GRID_PX, _GRID_PX)
        places = np.stack(np.meshgrid(columns + box.left, rows + box.top), axis=-1).reshape(-1, 2).astype(np.float64)
        found = self._in_crop(places).reshape(len(rows), len(columns), 2).astype(np.float32)
        x, y = np.meshgrid(np.arange(box.width), np.arange(box.height))
        grid = (x / _GRID_PX).astype(np.float32), (y / _GRID_PX).astype(np.float32)
        every = cv2.remap(found, *grid, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(cv2.remap(plane, every, None, cv2.INTER_LINEAR), np.float32)

    def _in_crop(self, places: Points) -> Points:
        """(n, 2) column and row of each place (n, 2) of the image: from the point of the course next to it."""
        step = max(1, self.width // 128)
        known = np.arange(0, self.width, step)
        course, along, down = self.course[known], self._directions[known], self._normals[known]
        nearest = np.concatenate(
            [
                ((part[:, None] - course[None]) ** 2).sum(axis=2).argmin(axis=1)
                for part in np.array_split(places, 1 + len(places) // 4096)
            ]
        )
        away = places - course[nearest]
        column = known[nearest] + (away * along[nearest]).sum(axis=1)
        row = (self.height - 1) / 2 + (away * down[nearest]).sum(axis=1)
        return np.column_stack([column, row])

    @property
    def _directions(self) -> Points:
        ahead = np.gradient(self.course, axis=0)
        directions: Points = ahead / np.maximum(1e-9, np.linalg.norm(ahead, axis=1, keepdims=True))
        return directions

    @property
    def _normals(self) -> Points:
        """To the right of the course: down, where it runs from left to right."""
        return self._directions[:, ::-1] * (-1, 1)


def bent_line_of(region: Region, margin_ratio: float) -> BentLine | None:
    """The line of a polygon that is a bent band, with a margin of `margin_ratio` times its height; None if it is none.

    It runs from left to right, or downwards.
    """
    outline = np.array(region.points, np.float64)
    if region.rectangle or len(outline) <= 4:
        return None
    _, (width, height), _ = cv2.minAreaRect(outline.astype(np.float32))
    if cv2.contourArea(outline.astype(np.float32)) > _STRAIGHT * width * height:
        return None
    band = ribbon(outline)
    if band.evenness < _EVEN or band.length < _LONG * band.width:
        return None
    short = max(1.0, band.width)
    margin = max(1, round(short * margin_ratio))
    course = smoothed(band.middle if _forwards(band.middle) else band.middle[::-1], margin)
    length = round(float(np.linalg.norm(np.diff(course, axis=0), axis=1).sum()))
    return BentLine(resampled(course, length) - 0.5, length, max(1, round(short)) + 2 * margin, margin, short)


def _forwards(path: Points) -> bool:
    x, y = path[-1] - path[0]
    return bool(x > 0 if abs(x) > abs(y) else y > 0)
