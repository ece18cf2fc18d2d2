"""The detector on drawn text: found where it is, in order, at any size and angle; and nothing where nothing is."""

import socket
from typing import Any

import cv2
import numpy as np
import pytest

from models.detection.detector import FoundText, TextDetector, load
from models.detection.readable import readable
from models.detection.tiles import OVERLAP_PX, TILE_PX
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


def area(found: FoundText) -> float:
    from shapely import Polygon

    return float(Polygon(found.points).area)


def test_a_page_full_of_lines_is_lines_and_not_one_text(detector: TextDetector) -> None:
    # Given
    image = page(520, 640)
    wanted = [write(image, "LINE AFTER LINE OF TEXT", 12, y, height=30) for y in range(44, 520, 52)]

    # When
    found = detector.detect(image)

    # Then
    assert all(any(covers(text, line) for text in found) for line in wanted)
    assert all(area(text) < 0.2 * 520 * 640 for text in found)


def test_columns_of_large_letters_are_columns_and_not_one_text(detector: TextDetector) -> None:
    # Given
    image = page(900, 420)
    for column, letters in enumerate(("HKNRSE", "BDGMWA", "PQUXYZ")):
        for row, letter in enumerate(letters):
            write(image, letter, 30 + column * 135, 130 + row * 145, height=95)

    # When
    found = detector.detect(image)

    # Then
    assert len(found) >= 3
    assert all(area(text) < 0.4 * 900 * 420 for text in found)


def test_small_dense_text_is_found_line_by_line(detector: TextDetector) -> None:
    # Given
    image = page(400, 640)
    texts = ["many small words stand close in such a line", "and the next one follows at once below it"]
    wanted = [write(image, texts[n % 2], 40, 40 + 13 * n, height=8) for n in range(24)]

    # When
    found = detector.detect(image)

    # Then
    seen = [line for line in wanted if any(covers(text, line) for text in found)]
    assert len(seen) >= 0.9 * len(wanted)


def test_a_small_text_on_a_large_page_is_found(detector: TextDetector) -> None:
    # Given
    image = page(2000, 1600)
    number = write(image, "page 207", 760, 1930, height=11)

    # When
    (found,) = detector.detect(image)

    # Then
    assert covers(found, number)


def arc(text: str) -> tuple[Image, list[tuple[float, float]]]:
    """Letters along a half circle, and their middles."""
    image, middles = page(420, 640), []
    for number, letter in enumerate(text):
        angle = np.radians(200 + 140 * number / (len(text) - 1))
        x, y = 320 + 230 * np.cos(angle), 330 + 230 * np.sin(angle)
        stamp = page(60, 60)
        write(stamp, letter, 17, 43, height=26)
        turn = cv2.getRotationMatrix2D((30, 30), -float(np.degrees(angle)) - 90, 1)
        turned = cv2.warpAffine(stamp, turn, (60, 60), borderValue=(235, 235, 235))
        top, left = round(y) - 30, round(x) - 30
        image[top : top + 60, left : left + 60] = np.minimum(image[top : top + 60, left : left + 60], turned)
        if letter != " ":
            middles.append((x, y))
    return image, middles


def test_text_on_an_arc_gives_a_bent_outline_that_leaves_out_what_the_arc_goes_round(detector: TextDetector) -> None:
    from shapely import Point, Polygon

    # Given
    image, middles = arc("WRITTEN ON AN ARCH")

    # When
    found = detector.detect(image)

    # Then
    outlines = [Polygon(text.points) for text in found]
    bent = [outline for text, outline in zip(found, outlines, strict=True) if len(text.points) > 4]
    assert bent
    assert all(outline.area < 0.9 * outline.convex_hull.area for outline in bent)
    assert all(any(outline.contains(Point(middle)) for outline in outlines) for middle in middles)
    assert not any(outline.contains(Point(320, 250)) for outline in outlines)


def test_shapes_and_shades_without_letters_give_no_regions(detector: TextDetector) -> None:
    # Given
    image = page(400, 600)
    image[:] = np.linspace(60, 220, 600, dtype=np.uint8)[None, :, None]
    for number in range(12):
        centre = (60 + 90 * (number % 6), 110 + 170 * (number // 6))
        cv2.circle(image, centre, 34, (150, 150, 150), -1, cv2.LINE_AA)
        cv2.circle(image, (centre[0] - 8, centre[1] - 8), 12, (190, 190, 190), -1, cv2.LINE_AA)
    cv2.ellipse(image, (300, 200), (260, 160), 0, 0, 360, (90, 40, 40), 9, cv2.LINE_AA)

    # When / Then
    assert detector.detect(image) == ()


def test_an_image_without_anything_large_or_small_is_looked_at_once() -> None:
    # Given
    real = load("cpu", threads=1)
    counted = Counted(real._session)
    detector = TextDetector(counted, real._recogniser)
    image = page(700, 900)
    write(image, "OF A COMFORTABLE SIZE", 60, 300, height=26)

    # When
    found = detector.detect(image)

    # Then
    assert len(found) == 1
    assert counted.runs == 1


class Counted:
    """A session that counts what is run."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.runs = 0

    def get_inputs(self) -> Any:
        return self._session.get_inputs()

    def run(self, names: Any, inputs: Any) -> Any:
        self.runs += 1
        return self._session.run(names, inputs)
