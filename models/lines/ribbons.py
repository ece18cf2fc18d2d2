"""Bands with a middle: what a line of text is, straight or bent."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
"""(n, 2): x, y."""

_STEPS = 64
"""Points an outline is resampled to, and a middle has."""
_RUNGS = 24


@dataclass(frozen=True, slots=True)
class Ribbon:
    """`middle` (n, 2) runs from end to end in equal steps; `length` and `width` are its own, in pixels. `evenness` is 1
    if it is equally wide all along, and below 0.8 for a spot or a fork."""

    middle: Points
    length: float
    width: float
    evenness: float


def ribbon(outline: Points) -> Ribbon:
    """The band that an outline (n, 2) goes round.

    Its two sides are walked at once, each in its own pace, from one end to the other. Of all places where the ends may
    be, they are where the rungs between the two walkers are shortest.
    """
    points = resampled(np.concatenate([outline, outline[:1]]), _STEPS + 1)[:-1]
    start, side = np.meshgrid(np.arange(0, _STEPS, 2), np.arange(_STEPS // 3, _STEPS // 2 + 1), indexing="ij")
    walked = (np.arange(_RUNGS) + 0.5) / _RUNGS
    one = _at(points, start[..., None] + side[..., None] * walked)
    other = _at(points, start[..., None] - (_STEPS - side[..., None]) * walked)
    widths = np.linalg.norm(one - other, axis=-1)
    best = np.unravel_index(int(widths.sum(axis=-1).argmin()), start.shape)
    widths, middle = widths[best], (one[best] + other[best]) / 2
    # Near the ends the walkers go round the corners: the rungs there are short, and their middles bunch up.
    width = float(np.median(widths))
    pace = float(np.linalg.norm(points[1] - points[0])) * _STEPS / 2 / _RUNGS
    ends = min(_RUNGS // 3, round(width / 2 / max(pace, 1e-9)))
    inner = slice(ends, _RUNGS - ends)
    spread = float(np.abs(widths[inner] - width).mean()) / max(width, 1e-9)
    middle = resampled(_to_the_ends(middle[inner], points, width), _STEPS)
    length = float(np.linalg.norm(np.diff(middle, axis=0), axis=1).sum())
    return Ribbon(middle, length, _area(points) / max(length, 1e-9), max(0.0, 1 - spread))


def _area(points: Points) -> float:
    x, y = points.T
    return abs(float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())) / 2


def resampled(path: Points, count: int) -> Points:
    """(count, 2): points at equal distances along the path, its ends among them."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    places = np.linspace(0, along[-1], count)
    return np.column_stack([np.interp(places, along, path[:, axis]) for axis in (0, 1)])


def smoothed(path: Points, longer: float = 0.0) -> Points:
    """(n, 2): the path without its wiggles (a polynomial of each coordinate, of degree 5), carried on straight by
    `longer` at both ends."""
    place = np.linspace(-1, 1, len(path))
    smooth = np.column_stack([np.polynomial.Polynomial.fit(place, axis, 5)(place) for axis in path.T])
    return _lengthened(smooth, longer) if longer > 0 else smooth


def _at(points: Points, place: NDArray[np.float64]) -> Points:
    """Between the points of a closed path, by their number."""
    before = np.floor(place).astype(int)
    share = (place - before)[..., None]
    between: Points = points[before % len(points)] * (1 - share) + points[(before + 1) % len(points)] * share
    return between


def _lengthened(path: Points, by: float) -> Points:
    """Carried on straight at both ends."""
    first, last = _directions(path)
    return np.concatenate([[path[0] + first * by], path, [path[-1] + last * by]])


def _to_the_ends(path: Points, outline: Points, width: float) -> Points:
    """Carried on straight as far as the outline goes near there."""
    ends = []
    for end, direction in zip((path[0], path[-1]), _directions(path), strict=True):
        away = outline - end
        ahead = away @ direction
        near = np.linalg.norm(away, axis=1) < 2 * width
        ends.append(end + direction * float(ahead[near].max(initial=0.0)))
    return np.concatenate([ends[:1], path, ends[1:]])


def _directions(path: Points) -> tuple[Points, Points]:
    """Outwards, at the start and at the end; of length 1."""
    reach = max(1, len(path) // 8)
    first, last = path[0] - path[reach], path[-1] - path[-1 - reach]
    return first / max(1e-9, float(np.linalg.norm(first))), last / max(1e-9, float(np.linalg.norm(last)))
