"""Which marks of a window are whole texts, and which may go on beyond its edge."""

import numpy as np
import pytest

from models.detection.look import Look
from models.detection.textmap import Find, Mark
from models.types import Box


def looked(left: int, window: Box) -> int:
    """How many texts a look at the window finds that marks 80 x 12 px from `left`, in lines of 40 px."""
    corners = [(left, 30), (left + 80, 30), (left + 80, 42), (left, 42)]
    mark = Mark(np.array(corners, np.int32)[:, None], None, 40.0, 0.9)
    return len(Look([mark], window, 1.0, (window.width, window.height), (500, 500)).finds(0.6))


@pytest.mark.parametrize("left", [0, 4, 10, 209])
def test_a_text_near_the_edge_of_a_window_may_go_on_there(left: int) -> None:
    assert looked(left, Box(100, 100, 400, 200)) == 0


@pytest.mark.parametrize("left", [20, 100, 190])
def test_a_text_away_from_the_edges_is_whole(left: int) -> None:
    assert looked(left, Box(100, 100, 400, 200)) == 1


@pytest.mark.parametrize("left", [0, 4, 100])
def test_nothing_goes_on_beyond_the_image(left: int) -> None:
    assert looked(left, Box(0, 0, 300, 200)) == 1


def test_a_text_at_an_edge_is_due_for_another_look_unless_it_was_found_elsewhere() -> None:
    # Given
    window = Box(100, 100, 400, 200)
    corners = [(4, 30), (84, 30), (84, 42), (4, 42)]
    mark = Mark(np.array(corners, np.int32)[:, None], None, 40.0, 0.9)
    look = Look([mark], window, 1.0, (window.width, window.height), (500, 500))
    whole = Find(np.array([(60, 116), (200, 116), (200, 156), (60, 156)], np.float64), 0.8, 40)

    # Then: the place reaches beyond the edge
    (place,) = look.cut(0.6, [])
    assert place.left < 100 < 184 < place.right
    assert look.cut(0.6, [whole]) == []
