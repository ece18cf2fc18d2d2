"""A membrane continues what surrounds a hole."""

import numpy as np
import pytest

from models.filling.membrane import membrane


@pytest.mark.parametrize("shape", [(40, 60), (41, 33), (1, 30), (7, 1)])
def test_a_plane_is_continued_and_what_holes_held_does_not_matter(shape: tuple[int, int]) -> None:
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    plane = np.stack([3 + 0.5 * x - 0.25 * y, 100 - x], axis=2)
    holes = np.zeros(shape, np.bool_)
    holes[shape[0] // 3 : 2 * shape[0] // 3, shape[1] // 3 : 2 * shape[1] // 3] = True
    spoiled = np.where(holes[..., None], np.float32(np.nan), plane)

    filled = membrane(spoiled, holes)

    np.testing.assert_array_equal(filled[~holes], plane[~holes])
    assert np.abs(filled - plane).max() < 0.6


def test_a_wide_hole_takes_every_value_between_its_two_sides() -> None:
    # Given: black on the left, white on the right, nothing known between
    values = np.zeros((32, 160, 1), np.float32)
    values[:, 80:] = 255
    holes = np.zeros((32, 160), np.bool_)
    holes[:, 10:150] = True

    row = membrane(values, holes)[16, :, 0]

    assert (np.diff(row) >= -1).all()
    assert abs(row[80] - 127.5) < 12


def test_where_nothing_is_known_there_is_nothing_to_continue() -> None:
    assert not membrane(np.full((5, 4, 3), 9, np.float32), np.ones((5, 4), np.bool_)).any()
