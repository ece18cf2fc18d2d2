"""Lines on an arc, unbent and brought back."""

import cv2
import numpy as np

from models.lines.bent_lines import BentLine, bent_line_of
from models.lines.text_lines import line_of
from models.masking.strokes import stroke_mask
from models.types import Box, Image, Mask, Region

CENTRE, RADIUS, HALF = np.array((200.0, 230.0)), 150.0, 16.0


def ring_sector(first: float, last: float) -> Region:
    """Around the centre, between two angles in degrees, `HALF` to each side of the radius."""
    angles = np.radians(np.linspace(first, last, 25))
    rays = np.column_stack([np.cos(angles), np.sin(angles)])
    points = np.concatenate([CENTRE + rays * (RADIUS + HALF), CENTRE + rays[::-1] * (RADIUS - HALF)])
    return Region(tuple((float(x), float(y)) for x, y in points))


def letters_on_the_arc() -> tuple[Image, Mask]:
    """Dark bars across the arc, eight degrees apart, and where they are."""
    bars = np.zeros((260, 400), np.uint8)
    for angle in np.radians(np.arange(206, 336, 8)):
        ray = np.array((np.cos(angle), np.sin(angle)))
        start, end = CENTRE + ray * (RADIUS - 9), CENTRE + ray * (RADIUS + 9)
        cv2.line(bars, tuple(np.rint(start).astype(int).tolist()), tuple(np.rint(end).astype(int).tolist()), 255, 4)
    image = np.full((260, 400, 3), 230, np.uint8)
    image[bars > 0] = 20
    return image, bars


def test_a_line_on_an_arc_is_laid_straight() -> None:
    # Given
    image, _ = letters_on_the_arc()

    # When
    line = bent_line_of(ring_sector(200, 340), 1 / 6)
    assert line is not None
    crop = line.cut(image)

    # Then
    dark = crop[..., 0] < 120
    rows = np.flatnonzero(dark.any(axis=1))
    middle = dark[line.height // 2]
    assert abs(line.short - 2 * HALF) < 3
    assert abs(line.width - 2 * line.margin - np.radians(140) * RADIUS) < 15
    assert abs(np.ptp(rows) - 22) <= 4
    assert int((np.diff(middle.astype(int)) == 1).sum()) == len(range(206, 336, 8))


def test_what_is_found_in_the_straight_line_comes_back_to_its_place() -> None:
    # Given
    image, bars = letters_on_the_arc()
    line = bent_line_of(ring_sector(200, 340), 1 / 6)
    assert line is not None
    box = Box(20, 40, 390, 250)

    # When
    seen = line.back((line.cut(image)[..., 0] < 120).astype(np.float32), box) > 0.5

    # Then
    truth = bars[box.slices] > 0
    assert (seen & truth).sum() > 0.85 * truth.sum()
    near = cv2.dilate(truth.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    assert not (seen & ~near).any()


def test_margins_lie_outside_the_band_and_the_rest_inside() -> None:
    line = bent_line_of(ring_sector(200, 340), 1 / 6)
    assert line is not None

    inside = line.inside()

    edge = round(line.margin)
    assert inside.shape == (line.height, line.width)
    assert not inside[:edge].any()
    assert not inside[:, -edge:].any()
    assert (inside[edge:-edge, edge:-edge] == 255).all()


def test_straight_and_shapeless_polygons_are_read_as_they_stand() -> None:
    straight = Region(((10, 10), (200, 14), (199, 34), (100, 33), (9, 30)))
    star = Region(((100, 0), (110, 90), (200, 100), (110, 110), (100, 200), (90, 110), (0, 100), (90, 90)))

    assert bent_line_of(straight, 1 / 6) is None
    assert bent_line_of(star, 1 / 6) is None
    assert isinstance(line_of(ring_sector(200, 340), 400, 260, 1 / 6), BentLine)


def test_strokes_on_an_arc_are_marked_and_what_the_arc_goes_round_is_not() -> None:
    # Given
    image, bars = letters_on_the_arc()

    # When
    strokes = stroke_mask(image, [ring_sector(200, 340)], threads=1)

    # Then
    assert strokes.unsure == ()
    assert (strokes.mask[bars > 0] > 0).mean() > 0.9
    assert not strokes.mask[200:, 150:250].any()
    assert (strokes.mask > 0).sum() < 4 * (bars > 0).sum()
