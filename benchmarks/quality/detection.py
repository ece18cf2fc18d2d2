"""Counts which texts the detector finds."""

from collections.abc import Sequence
from dataclasses import dataclass

from shapely import Polygon

from benchmarks.quality.scenes import Scene
from models.detection.detector import FoundText

_LEAST_HEIGHT_PX = 12
_LEAST_OVERLAP = 0.5


@dataclass(frozen=True, slots=True)
class Counts:
    """`found` of `wanted` texts, and `false` finds."""

    found: int = 0
    wanted: int = 0
    false: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.found + other.found, self.wanted + other.wanted, self.false + other.false)

    @property
    def recall(self) -> float:
        return self.found / max(1, self.wanted)

    @property
    def precision(self) -> float:
        return self.found / max(1, self.found + self.false)


def count(scene: Scene, found: Sequence[FoundText], in_clean: Sequence[FoundText]) -> Counts:
    """Texts of at least 12 px matched one to one at IoU 0.5 or more, best overlaps first.

    Finds that match a smaller text count neither way, and so do those that lie on what is found in the clean image:
    the photos have writing of their own.
    """
    shapes = [Polygon(text.points) for text in found]
    truths = [Polygon(region.points) for region in scene.regions]
    overlaps = sorted(((_iou(t, s), i, j) for i, t in enumerate(truths) for j, s in enumerate(shapes)), reverse=True)
    matched: dict[int, int] = {}
    for overlap, truth, shape in overlaps:
        if overlap >= _LEAST_OVERLAP and truth not in matched and shape not in matched.values():
            matched[truth] = shape
    counted = [index for index, height in enumerate(scene.heights_px) if height >= _LEAST_HEIGHT_PX]
    own = [Polygon(text.points) for text in in_clean]
    false = sum(
        not any(shape.intersection(o).area > 0.5 * shape.area for o in own)
        and not any(
            shape.intersection(truths[index]).area > 0.5 * shape.area
            for index, height in enumerate(scene.heights_px) if height < _LEAST_HEIGHT_PX
        )
        for number, shape in enumerate(shapes) if number not in matched.values()
    )  # fmt: skip
    return Counts(sum(index in matched for index in counted), len(counted), false)


def _iou(first: Polygon, second: Polygon) -> float:
    shared: float = first.intersection(second).area
    return shared / max(1e-9, float(first.area + second.area) - shared)
