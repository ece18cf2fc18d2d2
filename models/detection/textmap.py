"""From a map of text-likeness to polygons: the last step of differentiable binarisation (Liao et al., 2020)."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.lines.ribbons import Points, Ribbon, ribbon, smoothed

Floats = NDArray[np.float32]
Outline = NDArray[np.int32]
"""(n, 1, 2): a contour as cv2 has it."""

_LIKELY, _SURE = 0.3, (0.6, 0.8)
_LEAST_MIXED_PX = 12
"""Smaller marks are not taken apart."""
_GROW = 1.6
"""The network marks text shrunk by area / perimeter times its ratio; this undoes it (RapidOCR's `unclip_ratio`)."""

_SMALLEST_PX, _LEAST_BENT_PX = 3, 6
_STRAIGHT = 0.72
"""A marked area that fills this much of its rectangle is straight text."""
_LONG = 6.0
"""A bent text is longer than this many times its height: what is not is a spot of no shape, or two texts that touch."""
_EVEN = 0.8
"""The least evenness of a bent text (`Ribbon`)."""


@dataclass(frozen=True, slots=True)
class Find:
    """`points` (n, 2) go round clockwise from the top left, in image pixels: the 4 corners of a turned rectangle, or
    more of a bent text. `score` is 0-1, `height_px` how high its letters may be."""

    points: Points
    score: float
    height_px: float

    @property
    def bent(self) -> bool:
        return len(self.points) > 4

    @property
    def corners(self) -> tuple[tuple[float, float], ...]:
        return tuple((float(x), float(y)) for x, y in self.points)


@dataclass(frozen=True, slots=True)
class Mark:
    """An area of the map that may be text, in the map's pixels: its `outline` (n, 1, 2) before it is grown, how high a
    text it would be once grown, and the mean of the map inside. `band` is its course if it is bent."""

    outline: Outline
    band: Ribbon | None
    height: float
    score: float


def marks(likeness: Floats) -> list[Mark]:
    """What a map (h, w), 0-1, shows."""
    return [mark for outline in _outlines(likeness > _LIKELY) for mark in _marks_in(likeness, outline)]


def _outlines(likely: NDArray[np.bool_]) -> list[Outline]:
    outlines, nesting = cv2.findContours(
        cv2.dilate(likely.astype(np.uint8), np.ones((2, 2), np.uint8)), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE
    )
    if not outlines:
        return []
    return [np.asarray(o, np.int32) for o, (*_, parent) in zip(outlines, nesting[0], strict=True) if parent < 0]


def _marks_in(likeness: Floats, outline: Outline) -> list[Mark]:
    """One mark; or, where its shape is that of no text, the bent texts that stand out in it: what lies inside an arc
    is half likely."""
    mark = _mark(likeness, outline)
    left, top, width, height = cv2.boundingRect(outline)
    if mark.band or mark.score > _SURE[0] or min(width, height) < _LEAST_MIXED_PX:
        return [mark]
    inside = np.zeros((height, width), np.uint8)
    cv2.drawContours(inside, [outline - (left, top)], -1, 1, cv2.FILLED)
    window = np.where(inside > 0, likeness[top : top + height, left : left + width], 0)
    for least in _SURE:
        parts = [_mark(likeness, part + np.array((left, top), np.int32)) for part in _outlines(window > least)]
        if any(part.band for part in parts):
            return [part for part in parts if part.band]
    return [mark]


def is_text(mark: Mark, min_score: float) -> bool:
    return mark.score >= min_score and min(cv2.minAreaRect(mark.outline)[1]) >= _SMALLEST_PX


def found(mark: Mark, pixel: tuple[float, float], origin: tuple[float, float], shape: tuple[int, int]) -> Find:
    """A mark of a map whose pixels are `pixel` (x, y) image pixels large and whose corner lies at `origin` (x, y),
    grown to the whole text and clipped to the image `shape` (h, w)."""
    points = _grown_band(mark.band, mark.height) if mark.band else _grown_rectangle(mark.outline)
    points = np.clip(points * pixel + origin, 0, shape[::-1])
    return Find(_from_top_left(points), mark.score, mark.height * sum(pixel) / 2)


def _mark(likeness: Floats, outline: Outline) -> Mark:
    """Of straight text the rectangle around it counts for the score: it tells words from spots of any other shape."""
    rectangle = cv2.minAreaRect(outline)
    short = min(rectangle[1])
    band = _band(outline, rectangle[1])
    if band is None:
        corners = np.rint(cv2.boxPoints(rectangle)).astype(np.int32)[:, None]
        return Mark(outline, None, short + _growth(*rectangle[1]), _mean_inside(likeness, corners))
    growth = 2 * cv2.contourArea(outline) * _GROW / cv2.arcLength(outline, True)
    return Mark(outline, band, band.width + growth, _mean_inside(likeness, outline))


def _band(outline: Outline, size: tuple[float, float]) -> Ribbon | None:
    """Of bent text; None if this is none."""
    area, perimeter = cv2.contourArea(outline), cv2.arcLength(outline, True)
    # The area of a band is l h, and its perimeter 2 (l + h), straight or bent.
    height = (perimeter - np.sqrt(max(0.0, perimeter**2 - 16 * area))) / 4
    if area > _STRAIGHT * size[0] * size[1] or height < _LEAST_BENT_PX or area < _LONG * height**2:
        return None
    band = ribbon(outline[:, 0].astype(np.float64))
    return band if band.evenness > _EVEN and band.length > _LONG * band.width else None


def _growth(width: float, height: float) -> float:
    """Of both sides of a rectangle together."""
    return 2 * width * height * _GROW / max(1.0, 2 * (width + height))


def _grown_rectangle(outline: Outline) -> Points:
    centre, (width, height), angle = cv2.minAreaRect(outline)
    grow = _growth(width, height)
    return np.asarray(cv2.boxPoints((centre, (width + grow, height + grow), angle)), np.float64)


def _grown_band(band: Ribbon, height: float) -> Points:
    from shapely import LineString

    course = smoothed(band.middle, (height - band.width) / 2)
    grown = LineString(course).buffer(height / 2, cap_style="flat", quad_segs=3).simplify(0.5)
    return np.asarray(grown.exterior.coords, np.float64)[:-1]


def _mean_inside(likeness: Floats, outline: Outline) -> float:
    left, top = np.maximum(outline[:, 0].min(axis=0), 0)
    right, bottom = outline[:, 0].max(axis=0) + 1
    window = likeness[top:bottom, left:right]
    inside = np.zeros(window.shape, np.uint8)
    cv2.fillPoly(inside, [outline - (left, top)], 1)
    return float(cv2.mean(window, inside)[0])


def _from_top_left(points: Points) -> Points:
    """Clockwise (as seen, y down), beginning with the point nearest to the top left."""
    x, y = points.T
    if (x * np.roll(y, -1) - np.roll(x, -1) * y).sum() < 0:
        points = points[::-1]
    return np.roll(points, -int(points.sum(axis=1).argmin()), axis=0)
