"""Which of the finds of two looks stay."""

import numpy as np

from models.detection.lines import joined, reading_order
from models.detection.textmap import Find

SHAPE = (600, 400)


def upright(left: float, top: float, right: float, bottom: float) -> Find:
    return Find(np.array([[left, top], [right, top], [right, bottom], [left, bottom]], float), 0.9, bottom - top)


def test_a_whole_text_replaces_its_pieces_but_not_itself() -> None:
    pieces = [upright(0, 0, 20, 50), upright(80, 0, 100, 50)]
    whole, other = upright(0, 0, 100, 50), upright(300, 0, 400, 50)

    assert joined([*pieces, other], [whole], SHAPE) == [other, whole]
    assert joined([other], [upright(298, 0, 402, 52)], SHAPE) == [other]


def test_what_swallows_several_lines_is_no_line() -> None:
    lines = [upright(0, y, 200, y + 20) for y in (0, 40, 80)]

    assert joined(lines, [upright(0, 0, 200, 200)], SHAPE) == lines


def test_a_column_of_letters_is_one_line() -> None:
    letters = [upright(0, y, 20, y + 20) for y in (0, 80, 160)]
    column = upright(0, 0, 20, 180)

    assert joined(letters, [column], SHAPE) == [column]


def test_what_covers_most_of_both_axes_is_no_line() -> None:
    picture = upright(5, 5, 395, 590)

    assert joined([], [picture], SHAPE) == []
    assert joined([], [upright(5, 250, 395, 340)], SHAPE) != []


def test_an_image_that_is_a_line_may_be_one_text() -> None:
    text = upright(2, 2, 398, 48)

    assert joined([], [text], (50, 400)) == [text]


def test_a_text_that_only_the_coarser_look_saw_stays() -> None:
    seen, lost = upright(0, 0, 100, 20), upright(0, 100, 100, 140)

    assert joined([seen], [lost], SHAPE) == [seen, lost]


def test_reading_order_tolerates_uneven_lines() -> None:
    right, left, below = upright(200, 8, 300, 28), upright(0, 10, 100, 30), upright(50, 40, 150, 60)

    ordered = reading_order([below, right, left])

    assert [find.points[0, 0] for find in ordered] == [0, 200, 50]
