"""Which of the texts found at a finer and at a coarser scale are the lines of text."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from shapely import Polygon, STRtree, unary_union
from shapely.geometry.base import BaseGeometry

from models.detection.textmap import Find
from models.stopping import go_on

_INSIDE = 0.5
"""A find lies inside another with this share of its area."""
_SAME = 0.6
"""Finer finds that cover this much of a coarser one are the same text, better resolved."""
_MOST_OF_AN_AXIS = 0.9
_LINE = 2.5
"""An image at least this many times as long as high may be one line of text."""


def joined(fine: Sequence[Find], coarse: Sequence[Find], shape: tuple[int, int]) -> list[Find]:
    """The lines of text of two looks at one image of `shape` (h, w).

    Finer finds stay unless a coarser one joins them to one line. A coarser find that swallows several lines, or that
    covers most of both axes of the image, is no line.
    """
    outlines = [_polygon(find) for find in fine]
    tree = STRtree(outlines)
    dropped: set[int] = set()
    added = []
    for find in coarse:
        go_on()
        if _covers_all(find, shape):
            continue
        outline = _polygon(find)
        meeting = sorted(tree.query(outline, predicate="intersects").tolist())
        shared = {n: outline.intersection(outlines[n]).area for n in meeting}
        if sum(shared.values()) < 0.05 * outline.area:
            added.append(find)
            continue
        near = [n for n, area in shared.items() if area > _INSIDE * outlines[n].area]
        covered = unary_union([outlines[n] for n, area in shared.items() if area > 0]).intersection(outline).area
        if covered > _SAME * outline.area or _stacked(find, [fine[n] for n in near]):
            continue
        dropped.update(near)
        added.append(find)
    return [find for n, find in enumerate(fine) if n not in dropped] + added


def _stacked(line: Find, parts: Sequence[Find]) -> bool:
    """Whether two of the parts lie one above the other, seen along the line."""
    corners = cv2.boxPoints(cv2.minAreaRect(line.points.astype(np.float32)))
    sides = corners[1] - corners[0], corners[2] - corners[1]
    along, down = sorted(sides, key=lambda side: -float(np.linalg.norm(side)))
    across = [np.sort(part.points @ (down / max(1e-9, float(np.linalg.norm(down)))))[[0, -1]] for part in parts]
    beside = [np.sort(part.points @ (along / max(1e-9, float(np.linalg.norm(along)))))[[0, -1]] for part in parts]
    return any(
        _overlap(across[i], across[j]) < 0.3 and _overlap(beside[i], beside[j]) > 0.3
        for i in range(len(parts))
        for j in range(i)
    )


def _overlap(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Of two spans, as a share of the shorter one."""
    shared = min(first[1], second[1]) - max(first[0], second[0])
    return float(shared / max(1e-9, min(first[1] - first[0], second[1] - second[0])))


def _covers_all(find: Find, shape: tuple[int, int]) -> bool:
    height, width = shape
    size = np.ptp(find.points, axis=0)
    line = max(height, width) > _LINE * min(height, width)
    return not line and bool(size[0] > _MOST_OF_AN_AXIS * width and size[1] > _MOST_OF_AN_AXIS * height)


def _polygon(find: Find) -> BaseGeometry:
    return Polygon(find.points).buffer(0)


def reading_order(finds: Sequence[Find]) -> list[Find]:
    """Top to bottom, left to right in a line. Two texts are on one line if their middles are closer than half the
    height of the smaller one."""
    lines: list[list[Find]] = []
    for find in sorted(finds, key=_middle):
        if lines and abs(_middle(find) - _middle(lines[-1][0])) < min(find.height_px, lines[-1][0].height_px) / 2:
            lines[-1].append(find)
        else:
            lines.append([find])
    return [find for line in lines for find in sorted(line, key=lambda f: float(f.points[:, 0].min()))]


def _middle(find: Find) -> float:
    return float(find.points[:, 1].min() + find.points[:, 1].max()) / 2
