"""From a map of text-likeness to outlines."""

import cv2
import numpy as np

from models.detection.textmap import Find, found, is_text, marks


def test_a_map_becomes_rectangles_grown_by_the_ratio() -> None:
    # Given
    likeness = np.zeros((60, 200), np.float32)
    likeness[20:30, 40:140] = 0.8

    # When
    (mark,) = marks(likeness)
    find = found(mark, (2.0, 2.0), (0, 0), (120, 400))

    # Then
    # 100 x 10 are marked (contours run through pixel centres), and grow on each side by 1.6 * 1000 / 220 = 7.3.
    left, top = find.points[0]
    right, bottom = find.points[2]
    assert mark.band is None
    assert is_text(mark, 0.5)
    assert abs(left / 2 - 32.7) < 2
    assert abs(top / 2 - 12.7) < 2
    assert abs(right / 2 - 147.3) < 2
    assert abs(bottom / 2 - 37.3) < 2
    assert abs(find.height_px - (bottom - top)) < 1


def test_a_window_of_the_image_gives_points_of_the_image_and_none_outside() -> None:
    # Given
    likeness = np.zeros((40, 100), np.float32)
    likeness[2:12, 2:90] = 0.9

    # When
    (mark,) = marks(likeness)
    find = found(mark, (1.0, 1.0), (300, 0), (200, 380))

    # Then
    assert find.points[:, 0].min() > 290
    assert find.points[:, 0].max() == 380
    assert find.points[:, 1].min() == 0


def test_a_bent_band_is_scored_and_outlined_along_its_bend() -> None:
    # Given
    band = np.zeros((220, 320), np.uint8)
    cv2.ellipse(band, (160, 190), (130, 130), 0, 190, 350, 255, 12)
    likeness = np.where(band > 0, np.float32(0.85), np.float32(0))

    # When
    (mark,) = marks(likeness)
    find = found(mark, (1.0, 1.0), (0, 0), (220, 320))

    # Then
    assert mark.band is not None
    assert mark.score > 0.75
    assert is_text(mark, 0.6)
    assert 20 < find.height_px < 42
    assert cv2.pointPolygonTest(find.points.astype(np.float32), (160, 60), False) > 0
    assert cv2.pointPolygonTest(find.points.astype(np.float32), (160, 150), False) < 0


def test_a_fork_and_a_spot_are_no_bent_text() -> None:
    # Given
    likeness = np.zeros((200, 600), np.float32)
    for end in (40, 160):
        cv2.line(likeness, (20, 100), (260, end), 0.9, 12)
    cv2.circle(likeness, (450, 100), 80, 0.9, 20)
    cv2.circle(likeness, (450, 100), 10, 0.9, -1)

    # When / Then
    assert [mark.band for mark in marks(likeness)] == [None] * 3


def test_what_lies_inside_a_ring_is_seen_as_well() -> None:
    # Given
    likeness = np.zeros((200, 300), np.float32)
    cv2.rectangle(likeness, (20, 20), (280, 180), 0.9, 6)
    likeness[95:105, 80:220] = 0.9

    # When
    texts = [mark for mark in marks(likeness) if is_text(mark, 0.6)]

    # Then
    (text,) = texts
    assert cv2.boundingRect(text.outline)[2] < 150


def test_points_go_round_clockwise_from_the_top_left() -> None:
    # Given
    likeness = np.zeros((100, 100), np.float32)
    likeness[40:50, 10:90] = 0.9

    # When
    (mark,) = marks(likeness)
    find: Find = found(mark, (1.0, 1.0), (0, 0), (100, 100))

    # Then
    (x1, y1), (x2, y2), (x3, y3), (x4, y4) = find.corners
    assert x1 < x2
    assert y2 < y3
    assert x4 < x3
    assert y1 < y4
