"""Lines are continued through holes."""

import numpy as np
import pytest

from models.filling.flow import continued
from models.filling.membrane import Floats, membrane


def crossed(plane: Floats) -> tuple[Floats, Floats]:
    """Error, root mean square in the holes, of the flow and of the plain membrane, for slanted bars 7 px wide."""
    y, x = np.mgrid[: plane.shape[0], : plane.shape[1]]
    holes = (x + 2 * y) % 40 < 14
    picture = np.repeat(plane[..., None], 3, axis=2).astype(np.float32)
    spoiled = np.where(holes[..., None], np.float32(0), picture)
    errors = [np.sqrt(np.square(fill(spoiled, holes) - picture)[holes].mean()) for fill in (continued, membrane)]
    return errors[0], errors[1]


@pytest.mark.parametrize("angle", [0.0, 0.4, 0.8, 1.6, 2.4])
def test_an_edge_is_continued_at_any_angle(angle: float) -> None:
    y, x = np.mgrid[:96, :96] - 48.0
    distance = x * np.cos(angle) + y * np.sin(angle)

    flow, plain = crossed(np.clip(120 + 40 * distance, 40, 200))

    assert flow < 0.75 * plain


def test_stripes_are_continued() -> None:
    y, x = np.mgrid[:96, :96]

    flow, plain = crossed(120 + 60 * np.sin((x + 0.5 * y) * 0.6))

    assert flow < 0.75 * plain


@pytest.mark.parametrize("slant", [0.0, 0.5, 1.0])
def test_a_band_meets_itself_across_a_hole_wider_than_lines_are_seen(slant: float) -> None:
    y, x = np.mgrid[:160, :160]
    band = np.where(np.abs(y - 80 - slant * (x - 80)) < 14, 190, 60).astype(np.float32)
    picture = np.repeat(band[..., None], 3, axis=2)
    holes = np.abs(x - 80) < 26

    sizes, one_size = (continued(picture * ~holes[..., None], holes, halvings) for halvings in (2, 0))

    middle = np.abs(x - 80) < 10
    errors = [np.abs(filled - picture)[middle].mean() for filled in (sizes, one_size)]
    assert errors[0] < 0.6 * errors[1]


def test_where_there_are_no_lines_it_is_the_membrane() -> None:
    y, x = np.mgrid[:96, :96]

    flow, plain = crossed(60 + 0.5 * x + 0.3 * y)

    assert flow < 0.5
    assert plain < 0.5


def test_known_pixels_stay_and_nothing_is_made_of_nothing() -> None:
    values = np.random.default_rng(0).uniform(0, 255, (30, 40, 3)).astype(np.float32)
    holes = np.zeros((30, 40), np.bool_)
    holes[:3, 5:20] = True

    np.testing.assert_array_equal(continued(values, holes)[~holes], values[~holes])
    assert not continued(values, np.ones((30, 40), np.bool_)).any()
    np.testing.assert_array_equal(continued(values, np.zeros((30, 40), np.bool_)), values)
