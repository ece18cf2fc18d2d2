import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from models.errors import InvalidRegion
from models.masking.regions import bounding_box, corners, polygon, rectangle, validate
from models.types import Box, Region

WIDTH, HEIGHT = 800, 600
ANYWHERE = st.floats(-2000, 2000)


def fault(region: Region) -> str:
    with pytest.raises(InvalidRegion) as caught:
        validate([rectangle(0, 0, 1, 1), region], WIDTH, HEIGHT)
    assert caught.value.details == {"index": 1}
    return caught.value.message


def test_a_rectangle_is_rounded_outwards_and_clipped() -> None:
    assert bounding_box(rectangle(10.2, 20.9, 5, 5), WIDTH, HEIGHT) == Box(10, 20, 16, 26)
    assert bounding_box(rectangle(-50, 590, 100, 100), WIDTH, HEIGHT) == Box(0, 590, 50, 600)


def test_rounding_forgives_what_floating_point_adds() -> None:
    # Given 10.1 + 19.9 = 30.000000000000004 and its like
    regions = [rectangle(10.1, 0.1, 19.9, 0.2 + 0.7), rectangle(10.1, 0.7, 20.2 - 0.3, 0.1 + 0.2)]

    # Then no column or row beyond the border is touched
    assert [bounding_box(region, WIDTH, HEIGHT) for region in regions] == [Box(10, 0, 30, 1), Box(10, 0, 30, 1)]


@given(ANYWHERE, ANYWHERE, ANYWHERE, ANYWHERE)
def test_corners_come_in_any_order(x1: float, y1: float, x2: float, y2: float) -> None:
    expected = corners(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
    assert corners(x1, y1, x2, y2) == corners(x2, y1, x1, y2) == corners(x2, y2, x1, y1) == expected


def valid(region: Region) -> bool:
    try:
        validate([region], WIDTH, HEIGHT)
    except InvalidRegion:
        return False
    return True


@given(ANYWHERE, ANYWHERE, st.floats(0, 3000), st.floats(0, 3000))
def test_a_rectangle_is_refused_only_if_it_has_no_area_or_lies_outside(
    x: float, y: float, width: float, height: float
) -> None:
    empty = x + width == x or y + height == y
    outside = x + width <= 0 or y + height <= 0 or x >= WIDTH or y >= HEIGHT
    assert valid(rectangle(x, y, width, height)) == (not empty and not outside)


@given(ANYWHERE, ANYWHERE, st.floats(0, 3000), st.floats(0, 3000))
def test_a_valid_rectangle_covers_at_least_a_pixel_of_the_image(
    x: float, y: float, width: float, height: float
) -> None:
    region = rectangle(x, y, width, height)
    assume(valid(region))
    box = bounding_box(region, WIDTH, HEIGHT)
    assert 0 <= box.left < box.right <= WIDTH
    assert 0 <= box.top < box.bottom <= HEIGHT
    assert box.left <= max(x, 0) + 1e-6
    assert box.right >= min(x + width, WIDTH) - 1e-6


@pytest.mark.parametrize(
    "region",
    [
        rectangle(800, 0, 10, 10),
        rectangle(-10, 0, 10, 10),
        rectangle(0, 600, 10, 10),
        corners(-5, -5, -1, 900),
        polygon([(900, 10), (950, 10), (920, 50)]),
        polygon([(-10, 5), (-10, -10), (5, -10)]),
    ],
    ids=["right", "left", "below", "corners", "polygon", "polygon whose box overlaps"],
)
def test_a_region_wholly_outside_is_named(region: Region) -> None:
    assert fault(region) == "region 1 lies outside the image (800x600)"


@pytest.mark.parametrize(
    "region",
    [
        rectangle(5, 5, 0, 10),
        rectangle(5, 5, 10, -3),
        corners(5, 5, 5, 9),
        polygon([(1, 1), (2, 2), (3, 3)]),
        polygon([(7, 7), (7, 7), (7, 7)]),
    ],
)
def test_a_region_without_area_is_named(region: Region) -> None:
    assert fault(region) == "region 1 has no area"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_coordinates_must_be_finite(value: float) -> None:
    assert "not a finite number" in fault(rectangle(value, 0, 10, 10))
    assert "not a finite number" in fault(polygon([(0, 0), (10, value), (10, 10)]))


def test_absurd_coordinates_neither_overflow_nor_pass() -> None:
    assert "beyond 1e+09" in fault(rectangle(0, 0, 1e308, 10))
    assert "not a finite number" in fault(rectangle(1e308, 0, 1e308, 10))
    assert "beyond 1e+09" in fault(polygon([(-1e308, 0), (1e308, 0), (0, 1e308)]))


def test_a_polygon_needs_three_points() -> None:
    assert fault(polygon([(0, 0), (5, 5)])) == "region 1 has 2 points; a polygon needs 3"


@pytest.mark.parametrize(
    "region",
    [
        polygon([(-1e8, -1e8), (1e8, -1e8), (1e8, 1e8), (-1e8, 1e8)]),
        polygon([(-100, 300), (900, 299), (900, 301)]),
        polygon([(10, 10), (20, 20), (20, 10), (10, 20)]),
        rectangle(-1e9, -1e9, 2e9, 2e9),
    ],
    ids=["surrounds the image", "crosses it with no vertex inside", "bow tie", "huge rectangle"],
)
def test_unusual_regions_that_do_reach_the_image_pass(region: Region) -> None:
    validate([region], WIDTH, HEIGHT)


def test_a_request_cannot_buy_minutes_of_rasterising_with_zigzags() -> None:
    zigzag = polygon([(i % 777, 4000 * (i % 2)) for i in range(10_000)])
    with pytest.raises(InvalidRegion, match="too detailed"):
        validate([zigzag] * 3, 6000, 4000)


def test_ten_thousand_regions_are_checked_one_by_one() -> None:
    # Given
    regions = [rectangle(i % 700, i % 500, 20, 9) for i in range(5000)]
    regions += [polygon([(i % 700, 1), (i % 700 + 30, 3), (i % 700 + 29, 20)]) for i in range(5000)]

    # When
    validate(regions, WIDTH, HEIGHT)
    with pytest.raises(InvalidRegion) as caught:
        validate([*regions, rectangle(900, 0, 1, 1)], WIDTH, HEIGHT)

    # Then
    assert caught.value.details == {"index": 10_000}


def test_a_request_cannot_buy_minutes_of_rasterising_with_area() -> None:
    # Given: whole-image regions on 100 megapixels
    side = 10_000
    triangle, square = polygon([(0, 0), (side, 0), (0, side)]), rectangle(0, 0, side, side)
    # When / Then: as many as take about two seconds pass
    validate([triangle] * 4, side, side)
    validate([square] * 200, side, side)
    with pytest.raises(InvalidRegion, match="region 4 makes the regions of this request too large together"):
        validate([triangle] * 450, side, side)
    with pytest.raises(InvalidRegion, match="region 200 makes"):
        validate([square] * 20_000, side, side)
    validate([rectangle(0, 0, 1000, 1000)] * 20_000, side, side)
