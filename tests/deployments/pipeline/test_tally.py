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

    # When
    told = [tally.progress()]
    for finished in (left, right):
        tally.finish(finished)
        told.append(tally.progress())

    # Then
    assert [(progress.done, progress.total) for progress in told] == [(0, 2), (1, 2), (2, 2)]
    assert [(progress.regions_done, progress.regions) for progress in told] == [(1, 3), (1, 3), (3, 3)]


def test_no_regions_are_all_finished() -> None:
    progress = RegionTally([window(0, Box(0, 0, 5, 5))], []).progress()
    assert (progress.regions_done, progress.regions) == (0, 0)
