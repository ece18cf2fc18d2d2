"""What belongs to a column of letters and is no letter to the detector: a long dash, a reading aid beside it."""

import cv2
import numpy as np
import pytest

from models.detection.dashes import with_dashes
from models.detection.ruby import with_ruby
from models.detection.textmap import Find
from models.types import Image

LEFT, RIGHT, TOP, BOTTOM = 100, 130, 60, 180


def find(left: float, top: float, right: float, bottom: float, score: float = 0.8) -> Find:
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return Find(np.array(corners, np.float64), score, min(right - left, bottom - top))


COLUMN = find(LEFT, TOP, RIGHT, BOTTOM)


def page(ground: int = 250, ink: int = 10) -> Image:
    """Four letters, one below the other: frames with a cross."""
    pixels = np.full((400, 240, 3), ground, np.uint8)
    for top in range(TOP + 4, BOTTOM - 20, 30):
        cv2.rectangle(pixels, (LEFT + 5, top), (RIGHT - 6, top + 20), (ink,) * 3, 2)
        cv2.line(pixels, (115, top), (115, top + 20), (ink,) * 3, 2)
    return pixels


def line(pixels: Image, top: int, bottom: int, x: int = 115, ink: int = 10, thick: int = 2) -> Image:
    cv2.line(pixels, (x, top), (x, bottom), (ink,) * 3, thick)
    return pixels


def ends(found: list[Find]) -> tuple[float, float]:
    (only,) = found
    return float(only.points[:, 1].min()), float(only.points[:, 1].max())


@pytest.mark.parametrize(("ground", "ink"), [(250, 10), (10, 250)])
def test_a_dash_below_a_column_belongs_to_it(ground: int, ink: int) -> None:
    image = line(page(ground, ink), 186, 240, ink=ink)
    before = image.copy()

    top, bottom = ends(with_dashes(image, [COLUMN]))

    assert top == TOP
    assert 241 <= bottom <= 250
    assert np.array_equal(image, before)


def test_a_dash_above_a_column_belongs_to_it() -> None:
    top, bottom = ends(with_dashes(line(page(), 8, 54), [COLUMN]))

    assert 0 <= top <= 8
    assert bottom == BOTTOM


def test_a_dash_that_begins_inside_the_find_is_taken_whole() -> None:
    assert ends(with_dashes(line(page(), 178, 232), [COLUMN]))[1] >= 231


@pytest.mark.parametrize(
    "drawn",
    [
        pytest.param((186, 399, 115, 2), id="a border that goes on"),
        pytest.param((186, 192, 115, 2), id="a dot"),
        pytest.param((186, 240, 104, 2), id="a line at the side"),
        pytest.param((186, 240, 115, 12), id="a bar"),
        pytest.param((230, 290, 115, 2), id="a line far away"),
    ],
)
def test_other_lines_below_a_column_stay(drawn: tuple[int, int, int, int]) -> None:
    top, bottom, x, thick = drawn

    assert ends(with_dashes(line(page(), top, bottom, x, thick=thick), [COLUMN])) == (TOP, BOTTOM)


def test_a_line_that_is_part_of_a_drawing_stays() -> None:
    image = line(line(line(page(), 186, 240), 186, 240, x=108), 186, 240, x=122)

    assert ends(with_dashes(image, [COLUMN])) == (TOP, BOTTOM)


def test_a_line_below_a_word_that_lies_level_stays() -> None:
    word = find(60, 60, 180, 90)

    assert with_dashes(line(page(), 96, 160), [word]) == [word]


def test_a_column_of_one_colour_has_no_dash() -> None:
    blank = np.full((400, 240, 3), 128, np.uint8)

    assert ends(with_dashes(blank, [COLUMN])) == (TOP, BOTTOM)


def test_a_faint_letter_beside_a_column_is_its_reading_aid() -> None:
    aid = find(RIGHT - 2, 90, RIGHT + 10, 104, 0.47)

    assert with_ruby([COLUMN], [aid]) == [COLUMN, aid]


def test_a_reading_aid_that_was_seen_twice_is_told_once() -> None:
    aid, again = find(RIGHT, 90, RIGHT + 12, 104, 0.47), find(RIGHT, 91, RIGHT + 11, 105, 0.5)

    assert with_ruby([COLUMN], [aid, again]) == [COLUMN, aid]


@pytest.mark.parametrize(
    "box",
    [
        pytest.param((RIGHT + 20, 90, RIGHT + 32, 104), id="far away"),
        pytest.param((LEFT - 12, 90, LEFT, 104), id="on the other side"),
        pytest.param((RIGHT, 90, RIGHT + 30, 118), id="as large as the letters"),
        pytest.param((RIGHT, 90, RIGHT + 12, 160), id="a whole column"),
        pytest.param((RIGHT, 200, RIGHT + 12, 214), id="below it"),
        pytest.param((LEFT + 5, 90, LEFT + 17, 104), id="in it"),
    ],
)
def test_other_faint_things_are_no_text(box: tuple[int, int, int, int]) -> None:
    assert with_ruby([COLUMN], [find(*box, 0.5)]) == [COLUMN]


def test_a_faint_thing_beside_a_level_word_is_no_text() -> None:
    word = find(100, 60, 220, 90)

    assert with_ruby([word], [find(222, 65, 232, 75, 0.5)]) == [word]
