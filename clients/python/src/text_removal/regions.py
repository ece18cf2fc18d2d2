"""Regions: where text is."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

Point: TypeAlias = tuple[float, float]


@dataclass(frozen=True)
class Region:
    """A polygon in pixels of the upright image, and what is known of the text in it."""

    points: tuple[Point, ...]
    confidence: float | None = None
    text: str | None = None

    @classmethod
    def of_box(cls, x: float, y: float, width: float, height: float, **known: Any) -> "Region":
        return cls(((x, y), (x + width, y), (x + width, y + height), (x, y + height)), **known)

    @property
    def x(self) -> float:
        return min(x for x, _ in self.points)

    @property
    def y(self) -> float:
        return min(y for _, y in self.points)

    @property
    def width(self) -> float:
        return max(x for x, _ in self.points) - self.x

    @property
    def height(self) -> float:
        return max(y for _, y in self.points) - self.y


class Listed(Protocol):
    """A numpy array, or whatever else becomes a list so."""

    def tolist(self) -> Any: ...


RegionLike: TypeAlias = Region | Mapping[str, Any] | Sequence[Any] | Listed
"""A Region, or any of the service's forms: {"x", "y", "width", "height"}, {"x1", "y1", "x2", "y2"}, {"points": ...},
[x1, y1, x2, y2], [[x, y], ...], an OCR's line, ..."""


def regions_json(regions: Any) -> str:
    """As the service reads it; numpy's arrays and numbers, too."""
    return json.dumps(list(regions), default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Region):
        return {"points": [list(point) for point in value.points]}
    if hasattr(value, "tolist"):  # numpy's arrays and scalars
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is no region, nor part of one")
