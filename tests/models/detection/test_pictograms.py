"""What the detector takes for text and is none stays in the picture, if the rest of it can be read."""

import cv2
import numpy as np
import pytest

from models.detection.detector import load
from models.detection.pictograms import without_pictograms
from models.detection.recogniser import Recogniser, Words
from models.detection.recogniser import load as load_recogniser
from models.detection.textmap import Find
from models.types import Image

WORDS = ("STATION", "Library", "Museum", "Park 12")
SPOT = (20, 20)
"""Upper left corner of what is in doubt, a square of 40 px."""


class Script:
    """Reads lines over twice as long as high as `lines`, and others as the next of `lone`, time and again."""

    def __init__(self, lines: Words, *lone: Words) -> None:
        self.lines = lines
        self.lone = list(lone)

    def read(self, line: Image) -> Words:
        if line.shape[1] > 2 * line.shape[0]:
            return self.lines
        self.lone.append(self.lone.pop(0))
        return self.lone[-1]


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return load_recogniser("cpu", threads=1)


def sign() -> Image:
    """Four words, one below the other, right of the spot."""
    pixels = np.full((240, 320, 3), 40, np.uint8)
    for number, word in enumerate(WORDS):
        cv2.putText(pixels, word, (90, 50 + 50 * number), cv2.FONT_HERSHEY_SIMPLEX, 1, (235,) * 3, 2, cv2.LINE_AA)
    return pixels


def walker(pixels: Image) -> Image:
    """A walking man in the spot."""
    x, y = SPOT
    cv2.circle(pixels, (x + 22, y + 6), 4, (235,) * 3, cv2.FILLED, cv2.LINE_AA)
    limbs = (
        ((21, 11), (19, 24)),
        ((21, 13), (29, 20)),
        ((20, 13), (12, 21)),
        ((19, 24), (27, 37)),
        ((19, 24), (11, 38)),
    )
    for (x1, y1), (x2, y2) in limbs:
        cv2.line(pixels, (x + x1, y + y1), (x + x2, y + y2), (235,) * 3, 4, cv2.LINE_AA)
    return pixels


def find(left: int, top: int, right: int, bottom: int, score: float) -> Find:
    return Find(np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float64), score, bottom - top)


def finds(score: float = 0.68) -> list[Find]:
    x, y = SPOT
    return [find(x, y, x + 40, y + 40, score), *(find(84, 22 + 50 * n, 240, 58 + 50 * n, 0.85) for n in range(4))]


def lone(words: Words, *more: Words, lines: str = "STATION", certainty: float = 0.99, score: float = 0.68) -> bool:
    """Whether a find stays that reads so, among lines that read so."""
    script = Script(Words(lines, certainty), words, *more)
    return len(without_pictograms(sign(), finds(score), script)) == 5  # type: ignore[arg-type]


def test_a_pictogram_beside_words_is_no_text(recogniser: Recogniser) -> None:
    image = walker(sign())
    before = image.copy()

    left = without_pictograms(image, finds(), recogniser)

    assert [tuple(text.points[0]) for text in left] == [(84, 22 + 50 * n) for n in range(4)]
    assert np.array_equal(image, before)


@pytest.mark.parametrize("letter", ["A", "7", "P", "O", "h"])
def test_a_letter_or_digit_by_itself_is_text(recogniser: Recogniser, letter: str) -> None:
    image = sign()
    x, y = SPOT
    cv2.putText(image, letter, (x + 8, y + 32), cv2.FONT_HERSHEY_SIMPLEX, 1.1, (235,) * 3, 3, cv2.LINE_AA)

    assert len(without_pictograms(image, finds(), recogniser)) == 5


def test_what_the_detector_is_sure_of_is_text(recogniser: Recogniser) -> None:
    assert len(without_pictograms(walker(sign()), finds(score=0.9), recogniser)) == 5


def test_words_are_read(recogniser: Recogniser) -> None:
    words = recogniser.read(sign()[22:58, 84:240])

    assert words.text == "STATION"
    assert words.certainty > 0.9


def test_nothing_to_read_is_read_as_nothing(recogniser: Recogniser) -> None:
    assert recogniser.read(np.full((30, 90, 3), 200, np.uint8)) == Words("", 0.0)


def test_nothing_is_concluded_where_the_script_is_unknown() -> None:
    assert not lone(Words("x", 0.2))
    assert lone(Words("x", 0.2), certainty=0.5)


def test_a_chinese_letter_is_text_anywhere_but_must_be_clear_among_others() -> None:
    assert lone(Words("火", 0.99))
    assert lone(Words("出口", 0.75))
    assert lone(Words("火", 0.9), lines="火车站")
    assert not lone(Words("火", 0.9))
    assert not lone(Words("田", 0.99), Words("王", 0.99))


def test_arrows_and_stars_are_no_text() -> None:
    assert not lone(Words("→", 0.9))
    assert not lone(Words("★", 0.95))


def test_a_column_of_letters_is_not_judged() -> None:
    tall = [find(20, 20, 44, 90, 0.65), *finds()[1:]]
    script = Script(Words("STATION", 0.99), Words("x", 0.1))

    assert len(without_pictograms(sign(), tall, script)) == 5  # type: ignore[arg-type]


def test_the_detector_tells_pictograms_only_if_all_that_its_network_sees_is_asked_for() -> None:
    image, detector = walker(sign()), load("cpu", threads=1)

    assert len(detector.detect(image)) == len(WORDS)
    assert len(detector.detect(image, raw=True)) == len(WORDS) + 1
