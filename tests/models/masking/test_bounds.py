"""What of a picture may be touched."""

import numpy as np

from models.masking.bounds import allowed, without_kept
from models.masking.regions import polygon, rectangle

TEXTS = [rectangle(0, 0, 100, 20), rectangle(0, 50, 100, 20), polygon([(200, 0), (300, 10), (300, 30), (200, 20)])]


def test_without_limits_every_text_is_allowed() -> None:
    assert allowed(TEXTS, (), ()) == [0, 1, 2]


def test_a_text_must_lie_mostly_within_and_not_mostly_in_what_is_kept() -> None:
    assert allowed(TEXTS, [rectangle(0, 0, 120, 15)], ()) == [0]
    assert allowed(TEXTS, [rectangle(0, 0, 120, 9)], ()) == []
    assert allowed(TEXTS, (), [rectangle(0, 0, 120, 15)]) == [1, 2]
    assert allowed(TEXTS, (), [rectangle(0, 0, 120, 9)]) == [0, 1, 2]
    assert allowed(TEXTS, [rectangle(0, 0, 400, 100)], [rectangle(190, 0, 200, 90)]) == [0, 1]


def test_several_regions_count_together() -> None:
    halves = [rectangle(0, 0, 40, 20), rectangle(40, 0, 40, 20)]

    assert allowed(TEXTS, halves, ()) == [0]
    assert allowed(TEXTS, (), halves) == [1, 2]


def test_no_pixel_that_a_kept_region_reaches_into_stays_in_the_mask() -> None:
    # Given
    mask = np.full((10, 12), 255, np.uint8)

    # When
    left = without_kept(mask, [rectangle(2.5, 1.0, 4.0, 3.2)])

    # Then
    assert (left[1:5, 2:7] == 0).all()
    assert int((left == 255).sum()) == 10 * 12 - 4 * 5
    assert (mask == 255).all()
    assert without_kept(mask, ()) is mask
