"""Looking again after erasing: in which regions can text still be read?"""

from collections.abc import Sequence

from models.detection.detector import TextDetector, working_scale
from models.stopping import go_on
from models.types import Image, Region


def readable(
    detector: TextDetector, image: Image, regions: Sequence[Region], *, min_confidence: float = 0.5
) -> tuple[int, ...]:
    """Indices of regions in which text is (still) found; looks only at windows around them.

    A found text counts for a region if at least half of it lies inside, or if it covers half of the region and is not
    over four times as large.
    """
    from shapely import Polygon, STRtree

    shapes = [Polygon(region.points).buffer(0) for region in regions]
    tree = STRtree(shapes)
    seen = set()
    height, width = image.shape[:2]
    scale = working_scale(height, width)
    for left, top, right, bottom in _windows([shape.bounds for shape in shapes], height, width):
        window = image[top:bottom, left:right]
        for text in detector.detect(window, min_confidence=min_confidence, scale=scale, raw=True):
            found = Polygon([(x + left, y + top) for x, y in text.points])
            for index in tree.query(found, predicate="intersects").tolist():
                shape = shapes[index]
                shared = shape.intersection(found).area
                if shared > 0.5 * found.area or (shared > 0.5 * shape.area and found.area < 4 * shape.area):
                    seen.add(index)
    return tuple(sorted(seen))


def _windows(
    bounds: Sequence[tuple[float, float, float, float]], height: int, width: int
) -> list[tuple[int, int, int, int]]:
    """(left, top, right, bottom) around the bounds with as much margin as they are high, at least 32 px; windows that
    meet become one."""
    windows: list[tuple[int, int, int, int]] = []
    for x1, y1, x2, y2 in bounds:
        go_on()
        margin = max(32, min(x2 - x1, y2 - y1))
        new = (
            int(max(0, x1 - margin)), int(max(0, y1 - margin)),
            int(min(width, x2 + margin + 1)), int(min(height, y2 + margin + 1)),
        )  # fmt: skip
        meeting = [w for w in windows if w[0] < new[2] and new[0] < w[2] and w[1] < new[3] and new[1] < w[3]]
        while meeting:
            windows = [w for w in windows if w not in meeting]
            group = [new, *meeting]
            new = (
                min(w[0] for w in group), min(w[1] for w in group), max(w[2] for w in group), max(w[3] for w in group)
            )  # fmt: skip
            meeting = [w for w in windows if w[0] < new[2] and new[0] < w[2] and w[1] < new[3] and new[1] < w[3]]
        windows.append(new)
    return windows
