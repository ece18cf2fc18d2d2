"""From a map of text-likeness to rectangles: the last step of differentiable binarisation (Liao et al., 2020)."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_LIKELY = 0.3
_GROW = 1.6
"""The network marks text shrunk by area / perimeter times its ratio; this undoes it (RapidOCR's `unclip_ratio`)."""

_SMALLEST_PX = 3


@dataclass(frozen=True, slots=True)
class Quad:
    """A turned rectangle: corners (4, 2) clockwise from the top left, in image pixels; `score` 0-1."""

    corners: NDArray[np.float64]
    score: float

    @property
    def points(self) -> tuple[tuple[float, float], ...]:
        return tuple((float(x), float(y)) for x, y in self.corners)

    @property
    def height(self) -> float:
        """The shorter side."""
        return float(np.linalg.norm(self.corners[:2] - self.corners[1:3], axis=1).min())


def quads(likeness: Floats, pixel: tuple[float, float], shape: tuple[int, int], min_score: float) -> list[Quad]:
    """Texts on a map (h, w) whose pixels are `pixel` (x, y) image pixels large, clipped to the image `shape` (h, w).

    The score is the mean of the map inside the rectangle before it is grown.
    """
    likely = cv2.dilate((likeness > _LIKELY).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(likely, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for contour in contours:
        centre, (width, height), angle = cv2.minAreaRect(contour)
        if min(width, height) < _SMALLEST_PX:
            continue
        score = _mean_inside(likeness, cv2.boxPoints((centre, (width, height), angle)))
        if score < min_score:
            continue
        grow = 2 * width * height * _GROW / (2 * (width + height))
        corners = cv2.boxPoints((centre, (width + grow, height + grow), angle)).astype(np.float64) * pixel
        found.append(Quad(_clockwise(np.clip(corners, 0, shape[::-1])), score))
    return found


def _mean_inside(likeness: Floats, corners: Floats) -> float:
    low = np.maximum(np.floor(corners.min(axis=0)).astype(int), 0)
    high = np.ceil(corners.max(axis=0)).astype(int) + 1
    window = likeness[low[1] : high[1], low[0] : high[0]]
    inside = np.zeros(window.shape, np.uint8)
    cv2.fillPoly(inside, [np.rint(corners - low).astype(np.int32)], 1)
    return float(cv2.mean(window, inside)[0])


def _clockwise(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """`boxPoints` goes round already; turned so that the corner nearest to the top left comes first."""
    return np.roll(corners, -int(corners.sum(axis=1).argmin()), axis=0)


def without_parts(large: Sequence[Quad], small: Sequence[Quad]) -> list[Quad]:
    """`large` and those of `small` that do not lie mostly (half their area) inside one of them: of a text found as a
    whole, the pieces found at a finer scale are dropped. A large one that is hardly larger than a small one it shares
    three quarters of its area with is the same text, and the finer one stays."""
    from shapely import Polygon

    shapes = [Polygon(quad.corners) for quad in small]
    kept = list(small)
    for quad in large:
        shape = Polygon(quad.corners)
        shared = [shape.intersection(other).area for other in shapes]
        if any(area > 0.75 * shape.area for area in shared):
            continue
        parts = {id(part) for part, area in zip(small, shared, strict=True) if area > 0.5 * Polygon(part.corners).area}
        kept = [one for one in kept if id(one) not in parts] + [quad]
    return kept


def reading_order(found: Sequence[Quad]) -> list[Quad]:
    """Top to bottom, left to right in a line. Two texts are on one line if their middles are closer than half the
    height of the smaller one."""
    lines: list[list[Quad]] = []
    for quad in sorted(found, key=lambda q: float(q.corners[:, 1].mean())):
        middle = quad.corners[:, 1].mean()
        if lines and abs(middle - lines[-1][0].corners[:, 1].mean()) < min(quad.height, lines[-1][0].height) / 2:
            lines[-1].append(quad)
        else:
            lines.append([quad])
    return [quad for line in lines for quad in sorted(line, key=lambda q: float(q.corners[:, 0].min()))]
