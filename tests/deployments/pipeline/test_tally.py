"""Counting finished regions."""

from deployments.pipeline.tally import RegionTally
from models.planning.window import Window
from models.types import Box


def window(index: int, box: Box) -> Window:
    return Window(index, box, box, box.height, box.width, box.height, box.width)


def test_a_region_is_finished_when_its_last_window_is() -> None:
    # Given one region over two windows, one over the second only, and one over none
    left, right = window(0, Box(0, 0, 50, 50)), window(1, Box(50, 0, 100, 50))
    tally = RegionTally([left, right], [Box(10, 10, 90, 20), Box(60, 30, 70, 40), Box(0, 80, 9, 90)])

    # When / Then
    assert tally.finished == 1
    assert tally.finish(left) == 1
    assert tally.finish(right) == 3


def test_no_regions_are_all_finished() -> None:
    assert RegionTally([window(0, Box(0, 0, 5, 5))], []).finished == 0
