import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from models.errors import InvalidRegion
from models.masking.masks import changed, count_areas, dilate, masked_area, rasterise, union
from models.masking.regions import bounding_box, corners, polygon, rectangle, validate
from models.types import InpaintParameters, Mask, Region

WIDTH, HEIGHT = 24, 18
NEAR = st.floats(-8, 32) | st.integers(-8, 32).map(float)
POINTS = st.lists(st.tuples(NEAR, NEAR), min_size=3, max_size=7)


def valid(region: Region) -> bool:
    try:
        validate([region], WIDTH, HEIGHT)
    except InvalidRegion:
        return False
    return True


def mask_of(*rows: str) -> Mask:
    return np.array([[255 if mark == "#" else 0 for mark in row] for row in rows], np.uint8)


def test_rectangles_mark_every_pixel_they_reach_into() -> None:
    mask = rasterise([rectangle(1.5, 1, 1, 1), corners(4.9, 3.1, 4.1, 2.9)], 6, 4)

    assert np.array_equal(mask, mask_of("......", ".##...", "....#.", "....#."))


def test_a_triangle_marks_every_pixel_it_reaches_into() -> None:
    mask = rasterise([polygon([(1, 1), (5, 1), (1, 3)])], 6, 4)

    assert np.array_equal(mask, mask_of("......", ".####.", ".##...", "......"))


def test_a_polygon_inside_one_pixel_marks_it() -> None:
    mask = rasterise([polygon([(2.2, 1.2), (2.4, 1.2), (2.3, 1.4)])], 4, 3)

    assert np.array_equal(mask, mask_of("....", "..#.", "...."))


def test_a_rectangle_drawn_as_polygon_marks_the_same_pixels() -> None:
    box = [(2.5, 1.0), (7.0, 1.0), (7.0, 4.25), (2.5, 4.25)]

    assert np.array_equal(rasterise([polygon(box)], 10, 8), rasterise([corners(2.5, 1.0, 7.0, 4.25)], 10, 8))


def test_a_polygon_that_winds_twice_has_no_hole() -> None:
    # Given a pentagram: its middle is wound around twice
    angles = np.deg2rad([90, 234, 18, 162, 306])
    star = polygon(list(zip(20 + 15 * np.cos(angles), 20 - 15 * np.sin(angles), strict=True)))

    # Then
    assert rasterise([star], 40, 40)[20, 20] == 255


def test_both_directions_round_mark_the_same_pixels() -> None:
    points = [(3.3, 2.2), (20.5, 4.1), (15.2, 16.8), (5.0, 11.0)]

    assert np.array_equal(rasterise([polygon(points)], 24, 18), rasterise([polygon(points[::-1])], 24, 18))


def test_huge_coordinates_are_clipped() -> None:
    mask = rasterise([polygon([(-1e9, 5), (1e9, 5), (1e9, 1e9), (-1e9, 1e9)])], 10, 10)

    assert np.array_equal(mask[:5], np.zeros((5, 10)))
    assert (mask[5:] == 255).all()


def test_an_edge_that_rises_by_next_to_nothing_is_level() -> None:
    sliver, level = [(0, 1), (0, 2.2e-309), (1, 0)], [(0, 1), (0, 0), (1, 0)]

    assert np.array_equal(rasterise([polygon(sliver)], 4, 4), rasterise([polygon(level)], 4, 4))


@settings(deadline=None, max_examples=60)
@given(POINTS)
def test_a_polygon_marks_what_its_inside_reaches_into_and_stays_in_its_box(points: list[tuple[float, float]]) -> None:
    # Given
    region = polygon(points)
    assume(valid(region))

    # When
    mask = rasterise([region], WIDTH, HEIGHT)

    # Then nothing outside the box of the region is marked
    box = bounding_box(region, WIDTH, HEIGHT)
    assert masked_area(mask) == masked_area(mask[box.slices])
    # and every pixel is marked that the area enclosed by the outline, in an independent library, reaches well into,
    inside, outline = inside_of(region), shapely.LinearRing(region.points)
    for row in range(HEIGHT):
        for column in range(WIDTH):
            pixel = shapely.box(column, row, column + 1, row + 1)
            if inside.intersection(pixel).area > 1e-5:
                assert mask[row, column] == 255, (row, column)
            elif mask[row, column]:
                # and none is that neither the inside nor the outline comes near.
                assert inside.distance(pixel) < 1e-5 or outline.distance(pixel) < 1e-5, (row, column)


def inside_of(region: Region) -> shapely.Geometry:
    """Where the polygon winds around a point at least once: its triangles' signed windings, summed per face. A face
    without area to speak of is left out: no point lies inside it."""
    ring = shapely.LinearRing(region.points)
    faces = shapely.polygonize([shapely.unary_union(ring)]).geoms
    wide = [face for face in faces if face.area > 1e-9]
    return shapely.unary_union([face for face in wide if winding(region, face.representative_point()) != 0])


def winding(region: Region, point: shapely.Point) -> int:
    vectors = [complex(x - point.x, y - point.y) for x, y in region.points]
    turns = sum(np.angle(after / before) for before, after in zip(vectors, [*vectors[1:], vectors[0]], strict=True))
    return round(turns / (2 * np.pi))


def test_overlapping_regions_are_joined() -> None:
    mask = rasterise([rectangle(0, 0, 3, 2), polygon([(2, 0), (5, 0), (5, 2), (2, 2)])], 6, 2)

    assert np.array_equal(mask, mask_of("#####.", "#####."))


def test_a_union_marks_what_any_mask_marks_and_changes_none() -> None:
    first, second = mask_of("#..", "..."), mask_of("..#", "...")

    assert np.array_equal(union([first, second]), mask_of("#.#", "..."))
    assert np.array_equal(first, mask_of("#..", "..."))


def test_dilating_grows_a_square() -> None:
    assert np.array_equal(
        dilate(mask_of(".....", "..#..", ".....", "....."), 1), mask_of(".###.", ".###.", ".###.", ".....")
    )


def test_dilating_by_nothing_or_by_more_than_the_image_works() -> None:
    mask = mask_of("#....", ".....")

    assert np.array_equal(dilate(mask, 0), mask)
    assert (dilate(mask, 10_000) == 255).all()
    with pytest.raises(ValueError, match="0 pixels or more"):
        dilate(mask, -1)


def test_areas_are_counted_with_their_corners() -> None:
    mask = mask_of("##...", "..#..", "....#")

    assert masked_area(mask) == 4
    assert count_areas(mask) == 2
    assert count_areas(np.zeros((3, 3), np.uint8)) == 0


def test_a_diffusion_model_changes_what_is_masked_and_what_it_is_asked_to_blend_or_not_to_keep() -> None:
    # Given
    mask = np.zeros((60, 80), np.uint8)
    mask[20:30, 30:40] = 255
    # Then
    assert (changed(mask, InpaintParameters()) == mask).all()
    blurred = changed(mask, InpaintParameters(sd_mask_blur=3))
    assert (int(np.count_nonzero(blurred)), int(blurred[17, 27])) == (16 * 16, 255)
    assert (changed(mask, InpaintParameters(sd_keep_unmasked_area=False)) == 255).all()
    cropped = InpaintParameters(use_croper=True, croper_x=35, croper_y=-5, croper_width=10, croper_height=30)
    assert np.count_nonzero(changed(mask, cropped)) == 5 * 5
