"""The middle of a band."""

import cv2
import numpy as np
from numpy.typing import NDArray

from models.lines.ribbons import ribbon
from models.types import Mask


def outline(mask: Mask) -> NDArray[np.float64]:
    (contour,), _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(contour[:, 0], np.float64)


def test_the_middle_of_a_straight_band_runs_from_end_to_end() -> None:
    # Given
    mask = np.zeros((200, 400), np.uint8)
    mask[90:111, 50:351] = 255

    # When
    band = ribbon(outline(mask))

    # Then
    assert abs(band.width - 20) < 1.5
    assert abs(band.length - 300) < 12
    assert band.evenness > 0.9
    assert np.abs(band.middle[:, 1] - 100).max() < 1


def test_the_middle_of_most_of_a_circle_keeps_to_the_circle() -> None:
    # Given
    mask = np.zeros((400, 400), np.uint8)
    cv2.ellipse(mask, (200, 200), (150, 150), 0, 0, 280, 255, 20)

    # When
    band = ribbon(outline(mask))

    # Then
    inner = band.middle[4:-4]
    assert np.abs(np.linalg.norm(inner - 200, axis=1) - 150).max() < 5
    assert abs(band.width - 20) < 3
    assert band.evenness > 0.9


def test_a_fork_and_a_disc_are_not_even() -> None:
    # Given
    fork = np.zeros((200, 400), np.uint8)
    for end in (30, 100):
        cv2.line(fork, (20, end), (320, 90), 255, 15)
    disc = np.zeros((200, 200), np.uint8)
    cv2.circle(disc, (100, 100), 60, 255, -1)

    # When / Then
    assert ribbon(outline(fork)).evenness < 0.8
    assert ribbon(outline(disc)).evenness < 0.8
