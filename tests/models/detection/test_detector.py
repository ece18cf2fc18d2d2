"""The detector on drawn text: found where it is, in order, at any size and angle; and nothing where nothing is."""

import socket
from typing import Any

import cv2
import numpy as np
import pytest

from models.detection.detector import OVERLAP_PX, TILE_PX, FoundText, TextDetector, load, readable
from models.detection.detector import _spans as spans
from models.detection.textmap import Quad, quads, reading_order, without_parts
from models.types import Image, Region


@pytest.fixture(scope="module")
def detector() -> TextDetector:
    return load("cpu", threads=1)


def page(height: int, width: int) -> Image:
    return np.full((height, width, 3), 235, np.uint8)


def write(image: Image, text: str, x: int, y: int, height: int = 22) -> Region:
    """Draws black capitals with (x, y) as the lower left corner; the region is their rectangle."""
    scale = height / 22
    thick = max(1, round(2 * scale))
    cv2.putText(image, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, (10, 10, 10), thick, cv2.LINE_AA)
    (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
    return rectangle(x, y - height, x + width, y)


def rectangle(left: float, top: float, right: float, bottom: float) -> Region:
    return Region(((left, top), (right, top), (right, bottom), (left, bottom)), rectangle=True)


def covers(found: FoundText, region: Region) -> bool:
    """At least 80 % of the region lies inside the found polygon, which is at most four times as large."""
    from shapely import Polygon

    inner, outer = Polygon(region.points), Polygon(found.points)
    return bool(inner.intersection(outer).area > 0.8 * inner.area and outer.area < 4 * inner.area)


def test_texts_are_found_where_they_are_and_in_reading_order(detector: TextDetector) -> None:
    # Given
    image = page(320, 480)
    wanted = [
        write(image, "FIRST LINE", 20, 60),
        write(image, "SAME", 330, 62),
        write(image, "THIRD WORDS", 60, 170),
        write(image, "LAST", 300, 280, height=40),
    ]
    before = image.copy()

    # When
    found = detector.detect(image)

    # Then
    assert len(found) == len(wanted)
    assert all(covers(text, region) for text, region in zip(found, wanted, strict=True))
    assert all(0.5 <= text.confidence <= 1 for text in found)
    assert np.array_equal(image, before)


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (200, 300)])
def test_no_text_gives_no_regions(detector: TextDetector, shape: tuple[int, int]) -> None:
    assert detector.detect(page(*shape)) == ()


def test_noise_gives_no_regions(detector: TextDetector) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (200, 300, 3), dtype=np.uint8)

    assert detector.detect(noise) == ()


def test_turned_text_gives_a_turned_polygon(detector: TextDetector) -> None:
    # Given
    image = page(400, 400)
    write(image, "TURNED TEXT", 90, 210, height=26)
    turn = cv2.getRotationMatrix2D((200, 200), 30, 1)
    turned = np.asarray(cv2.warpAffine(image, turn, (400, 400), borderValue=(235, 235, 235)), np.uint8)

    # When
    (found,) = detector.detect(turned)

    # Then
    (x1, y1), (x2, y2) = sorted(found.points)[0], sorted(found.points)[-1]
    sides = [np.subtract(b, a) for a, b in zip(found.points, found.points[1:] + found.points[:1], strict=True)]
    longest = max(sides, key=lambda side: float(np.hypot(*side)))
    assert abs(np.degrees(np.arctan(longest[1] / longest[0])) + 30) < 4
    assert x1 < 200 < x2
    assert y2 < 200 < y1


def test_a_low_confidence_is_left_out(detector: TextDetector) -> None:
    image = page(120, 300)
    write(image, "CERTAIN", 40, 70)

    (found,) = detector.detect(image)

    assert detector.detect(image, min_confidence=min(1.0, found.confidence + 0.01)) == ()


def test_text_on_a_tile_border_of_a_large_image_is_found_once(detector: TextDetector) -> None:
    # Given
    image = page(740, 2 * TILE_PX)
    wanted = write(image, "ACROSS THE BORDER OF TWO TILES", TILE_PX - 260, 300, height=24)

    # When
    found = detector.detect(image)

    # Then
    assert len(found) == 1
    assert covers(found[0], wanted)


def test_letters_larger_than_the_overlap_of_tiles_are_one_text(detector: TextDetector) -> None:
    # Given
    image = page(900, 2 * TILE_PX)
    wanted = write(image, "HUGE", TILE_PX - 800, 660, height=OVERLAP_PX + 160)

    # When
    found = detector.detect(image)

    # Then
    assert len(found) == 1
    assert covers(found[0], wanted)


@pytest.mark.parametrize("length", [1, TILE_PX, TILE_PX + 1, 2 * TILE_PX, 7777])
def test_tiles_cover_every_row_and_overlap_enough(length: int) -> None:
    tiles = list(spans(length))

    assert tiles[0][0] == 0
    assert tiles[-1][1] == length
    assert all(end - start <= TILE_PX for start, end in tiles)
    assert all(tiles[i][1] - tiles[i + 1][0] >= OVERLAP_PX for i in range(len(tiles) - 1))


def test_a_region_is_readable_until_its_text_is_gone(detector: TextDetector) -> None:
    # Given
    image = page(300, 480)
    regions = [write(image, "STAYS HERE", 30, 70), write(image, "GOES AWAY", 200, 240)]
    after = image.copy()
    (left, top), _, (right, bottom), _ = regions[1].points
    after[int(top) - 4 : int(bottom) + 8, int(left) - 4 : int(right) + 4] = 235

    # When / Then
    assert readable(detector, image, regions) == (0, 1)
    assert readable(detector, after, regions) == (0,)
    assert readable(detector, after, []) == ()


def test_loading_needs_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("the detector opened a socket")

    monkeypatch.setattr(socket.socket, "connect", refuse)

    # When / Then
    assert load("cuda", threads=1).detect(page(40, 40)) == ()


def upright(left: float, top: float, right: float, bottom: float) -> Quad:
    return Quad(np.array([[left, top], [right, top], [right, bottom], [left, bottom]], float), 0.9)


def test_a_map_becomes_rectangles_grown_by_the_ratio() -> None:
    # Given
    likeness = np.zeros((60, 200), np.float32)
    likeness[20:30, 40:140] = 0.8

    # When
    (quad,) = quads(likeness, (2.0, 2.0), (120, 400), 0.5)

    # Then
    # 100 x 10 are marked (contours run through pixel centres), and grow on each side by 1.6 * 1000 / 220 = 7.3.
    left, top = quad.corners[0]
    right, bottom = quad.corners[2]
    assert abs(left / 2 - 32.7) < 2
    assert abs(top / 2 - 12.7) < 2
    assert abs(right / 2 - 147.3) < 2
    assert abs(bottom / 2 - 37.3) < 2


def test_a_whole_text_replaces_its_pieces_but_not_itself() -> None:
    pieces = [upright(0, 0, 40, 50), upright(60, 0, 100, 50)]
    whole, other = upright(0, 0, 100, 50), upright(300, 0, 400, 50)

    assert without_parts([whole], [*pieces, other]) == [other, whole]
    assert without_parts([upright(298, 0, 402, 52)], [other]) == [other]


def test_reading_order_tolerates_uneven_lines() -> None:
    right, left, below = upright(200, 8, 300, 28), upright(0, 10, 100, 30), upright(50, 40, 150, 60)

    ordered = reading_order([below, right, left])

    assert [quad.corners[0, 0] for quad in ordered] == [0, 200, 50]
