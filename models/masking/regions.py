"""Where text is, as polygons and rectangles in pixels of the upright image: built, checked and rounded outwards.

Pixel (column, row) is the unit square from (column, row) to (column + 1, row + 1).
"""

import math
from collections.abc import Iterable, Sequence

from models.errors import InvalidRegion
from models.types import Box, Region

MAX_COORDINATE_PX = 1e9
"""Beyond this a coordinate is a mistake, and sums and products of coordinates would lose their precision."""

MAX_EDGE_ROWS = 10_000_000
"""Pixel rows crossed by polygon edges, over all regions of a request: bounds the time `masks.rasterise` takes."""

MAX_POLYGON_PX = 400_000_000
MAX_RECTANGLE_PX = 20_000_000_000
"""Pixels in the boxes around the polygons, and in the rectangles, of a request, parts outside the image left out: the
time of `masks.rasterise` grows with these too, by 4 and by 0.15 ns a pixel. Four polygons, or 200 rectangles, may each
cover an image of 100 megapixels."""

SNAP_PX = 1e-6
"""A coordinate this close to a pixel border lies on it, so that 10.1 + 19.9 does not reach into column 30."""


def rectangle(x: float, y: float, width: float, height: float) -> Region:
    """`x`, `y` is the upper left corner. A negative size is kept, for `validate` to refuse."""
    return Region(((x, y), (x + width, y), (x + width, y + height), (x, y + height)), rectangle=True)


def corners(x1: float, y1: float, x2: float, y2: float) -> Region:
    """Any two opposite corners, in any order."""
    (left, right), (top, bottom) = sorted((x1, x2)), sorted((y1, y2))
    return Region(((left, top), (right, top), (right, bottom), (left, bottom)), rectangle=True)


def polygon(points: Iterable[Sequence[float]]) -> Region:
    """Vertices (x, y) in order, either way round; the last joins the first. Under 3 are for `validate` to refuse."""
    return Region(tuple((float(x), float(y)) for x, y in points))


def validate(regions: Sequence[Region], width: int, height: int, what: str = "region") -> None:
    """Raises InvalidRegion for the first region that has no area, lies wholly outside the image, has a coordinate that
    is not finite or absurd, or adds more polygon edges or more area than one request may have; `details["index"]` names
    it, `what` is what the message calls it."""
    edge_rows = polygon_px = rectangle_px = 0
    for index, region in enumerate(regions):
        fault = _fault(region, width, height)
        if fault:
            raise InvalidRegion(f"{what} {index} {fault}", index=index)
        area = bounding_box(region, width, height).area
        if region.rectangle:
            rectangle_px += area
        else:
            polygon_px += area
            edge_rows += sum(_rows_crossed(a, b, height) for a, b in edges(region))
            if edge_rows > MAX_EDGE_ROWS:
                raise InvalidRegion(f"{what} {index} makes the polygons of this request too detailed", index=index)
        if polygon_px > MAX_POLYGON_PX or rectangle_px > MAX_RECTANGLE_PX:
            raise InvalidRegion(f"{what} {index} makes the regions of this request too large together", index=index)


def bounding_box(region: Region, width: int, height: int) -> Box:
    """The smallest box of whole pixels that covers the region's part inside the image; at least one pixel if the
    region has passed `validate`, and empty if it lies outside."""
    left, right = _round_outwards([x for x, _ in region.points], width)
    top, bottom = _round_outwards([y for _, y in region.points], height)
    return Box(left, top, right, bottom)


def edges(region: Region) -> Iterable[tuple[tuple[float, float], tuple[float, float]]]:
    return zip(region.points, region.points[1:] + region.points[:1], strict=True)


def usable(regions: Sequence[Region], width: int, height: int) -> tuple[Region, ...]:
    """Those that reach into the image and have an area. What is wrong in itself stays, for `validate` to refuse."""
    return tuple(r for r in regions if _misshapen(r) or not _misplaced(r, width, height))


def clipped(regions: Sequence[Region], width: int, height: int) -> tuple[Region, ...]:
    """Those without area, or outside, become the nearest pixels inside the image, one at least; the others stay."""
    return tuple(
        r if _misshapen(r) or not _misplaced(r, width, height) else _nearest(r, width, height) for r in regions
    )


def _nearest(region: Region, width: int, height: int) -> Region:
    left, right = _nearest_pixels([x for x, _ in region.points], width)
    top, bottom = _nearest_pixels([y for _, y in region.points], height)
    return corners(left, top, right, bottom)


def _nearest_pixels(values: Sequence[float], limit: int) -> tuple[int, int]:
    first = min(max(0, math.floor(min(values))), limit - 1)
    return first, min(max(first + 1, math.ceil(max(values))), limit)


def _fault(region: Region, width: int, height: int) -> str | None:
    return _misshapen(region) or _misplaced(region, width, height)


def _misshapen(region: Region) -> str | None:
    points = region.points
    if len(points) < 3:
        return f"has {len(points)} points; a polygon needs 3"
    if not all(math.isfinite(value) for point in points for value in point):
        return "has a coordinate that is not a finite number"
    if any(abs(value) > MAX_COORDINATE_PX for point in points for value in point):
        return f"has a coordinate beyond {MAX_COORDINATE_PX:.0e}"
    return None


def _misplaced(region: Region, width: int, height: int) -> str | None:
    """Of a region that is not misshapen."""
    points = region.points
    if region.rectangle:
        (left, top), (right, bottom) = points[0], points[2]
        if right <= left or bottom <= top:
            return "has no area"
        overlaps = left < width and right > 0 and top < height and bottom > 0
    else:
        if _collinear(points):
            return "has no area"
        overlaps = _polygon_overlaps(region, width, height)
    return None if overlaps else f"lies outside the image ({width}x{height})"


def _collinear(points: Sequence[tuple[float, float]]) -> bool:
    x0, y0 = points[0]
    far_x, far_y = max(points, key=lambda point: abs(point[0] - x0) + abs(point[1] - y0))
    dx, dy = far_x - x0, far_y - y0
    tolerance = 1e-12 * (dx * dx + dy * dy)
    return all(abs(dx * (y - y0) - dy * (x - x0)) <= tolerance for x, y in points)


def _polygon_overlaps(region: Region, width: int, height: int) -> bool:
    """Whether the interior reaches into the image: a vertex or an edge does, or the polygon surrounds the image."""
    if any(0 < x < width and 0 < y < height for x, y in region.points):
        return True
    if any(_crosses(a, b, width, height) for a, b in edges(region)):
        return True
    return _winding(region, width / 2, height / 2) != 0


def _crosses(a: tuple[float, float], b: tuple[float, float], width: int, height: int) -> bool:
    """Whether the segment passes through the open image rectangle (Liang and Barsky's parametric clipping)."""
    enter, leave = 0.0, 1.0
    for start, end, limit in ((a[0], b[0], width), (a[1], b[1], height)):
        if start == end:
            if not 0 < start < limit:
                return False
            continue
        near, far = sorted(((0 - start) / (end - start), (limit - start) / (end - start)))
        enter, leave = max(enter, near), min(leave, far)
    return enter < leave


def _winding(region: Region, x: float, y: float) -> int:
    """How often the polygon goes around the point."""
    turns = 0
    for (x1, y1), (x2, y2) in edges(region):
        if (y1 <= y) != (y2 <= y) and x1 + (y - y1) / (y2 - y1) * (x2 - x1) > x:
            turns += 1 if y2 > y1 else -1
    return turns


def _rows_crossed(a: tuple[float, float], b: tuple[float, float], height: int) -> int:
    low, high = min(a[1], b[1]), max(a[1], b[1])
    return int(min(high, height) - max(low, 0)) + 1 if high > 0 and low < height else 0


def _round_outwards(values: Sequence[float], limit: int) -> tuple[int, int]:
    low, high = min(values), max(values)
    if high <= 0 or low >= limit:
        return 0, 0
    first = min(max(0, math.floor(low + SNAP_PX)), limit - 1)
    return first, max(first + 1, min(limit, math.ceil(high - SNAP_PX)))
