"""What is looked at in one piece."""

import pytest

from models.detection.tiles import OVERLAP_PX, TILE_PX, spans, windows
from models.types import Box


@pytest.mark.parametrize("length", [1, TILE_PX, TILE_PX + 1, 2 * TILE_PX, 7777])
def test_tiles_cover_every_row_and_overlap_enough(length: int) -> None:
    tiles = list(spans(length))

    assert tiles[0][0] == 0
    assert tiles[-1][1] == length
    assert all(end - start <= TILE_PX for start, end in tiles)
    assert all(tiles[i][1] - tiles[i + 1][0] >= OVERLAP_PX for i in range(len(tiles) - 1))


def test_tiles_of_a_length_just_over_one_are_hardly_over_half_as_long() -> None:
    assert max(end - start for start, end in spans(TILE_PX + 2)) < 0.6 * TILE_PX


def test_places_close_together_share_a_window_and_far_ones_do_not() -> None:
    near, next_to_it, far = Box(0, 0, 200, 40), Box(0, 30, 200, 80), Box(3000, 3000, 3200, 3040)

    assert sorted(windows([near, next_to_it, far], 2.0), key=lambda box: box.left) == [Box(0, 0, 200, 80), far]
    assert windows([], 2.0) == []
