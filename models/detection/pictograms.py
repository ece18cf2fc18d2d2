"""Pictograms that the detector took for text: where the rest of a picture can be read, they cannot."""

from collections.abc import Sequence

import cv2
import numpy as np

from models.detection.recogniser import Recogniser, Words
from models.detection.textmap import Find
from models.lines.ribbons import Points
from models.stopping import go_on
from models.types import Image

_SURE, _SURE_OF_WIDE = 0.8, 0.7
"""The detector is less sure than this of what it takes for text wrongly; the second for what is wider than high."""
_SQUARE, _WIDE = 1.6, 3.5
"""Sides' ratio up to which a find may be a single pictogram, and up to which a row of few or a coast."""
_TALL, _LEVEL = 1.6, 0.5
"""What is this many times as high as wide is a column of letters, and what rises or falls by more than this share of
its width is turned. Neither can the recogniser read."""

_READ, _READ_AS_ONE, _READ_AS_FOREIGN = 0.7, 0.85, 0.98
"""Least certainty of two letters and more, of a single one, and of a single one such as no other text of the picture is
written in: squares and crosses are Chinese letters."""
_MARGIN = 0.2
"""Around what is read, as a share of its height. Letters read alike with and without."""

_SAMPLE, _FEWEST, _READABLE, _MOSTLY = 6, 3, 0.85, 0.7
"""So many others are read first. If not this share of them, and this number, is read with this certainty, then the
picture's text is in a script that the recogniser does not know, or turned, and nothing is concluded."""
_FIRST_SYMBOL, _FIRST_EAST_ASIAN = "\u2190", "\u2e80"
"""Arrows, shapes and signs of all kinds come before the letters of East Asia, and letters of other scripts before."""


def without_pictograms(image: Image, finds: Sequence[Find], recogniser: Recogniser) -> list[Find]:
    """The finds but for those that are as small as pictograms, of which the detector is not sure and that cannot be
    read, although other texts of the picture can."""
    doubted = [number for number, find in enumerate(finds) if _doubtful(find)]
    if not doubted:
        return list(finds)
    others = [find for number, find in enumerate(finds) if number not in set(doubted) and not _unreadable(find)]
    cheapest = sorted(others, key=_ratio)[:_SAMPLE]
    sample = [_read(image, find, recogniser, _MARGIN) for find in cheapest]
    readable = [words for words in sample if words.certainty >= _READABLE]
    if len(readable) < max(_FEWEST, _MOSTLY * len(sample)):
        return list(finds)
    familiar = {_kind(letter) for words in readable for letter in words.text if letter.isalnum()}
    dropped = {number for number in doubted if not _is_read(image, finds[number], recogniser, familiar)}
    return [find for number, find in enumerate(finds) if number not in dropped]


def _doubtful(find: Find) -> bool:
    if find.bent or _unreadable(find):
        return False
    ratio = _ratio(find)
    return find.score < (_SURE if ratio <= _SQUARE else _SURE_OF_WIDE) and ratio <= _WIDE


def _is_read(image: Image, find: Find, recogniser: Recogniser, familiar: set[str]) -> bool:
    """With a margin or without; a single letter that is not of a familiar kind, alike by both."""
    wide = _read(image, find, recogniser, _MARGIN)
    if _legible(wide, familiar):
        return True
    tight = _read(image, find, recogniser, 0.0)
    alike = bool(tight.text) and tight.text == wide.text
    return _legible(tight, familiar) or (alike and min(tight.certainty, wide.certainty) >= _READ_AS_FOREIGN)


def _legible(words: Words, familiar: set[str]) -> bool:
    letters = [letter for letter in words.text if letter.isalnum() and _kind(letter) != "symbol"]
    if len(words.text) == 1:
        return bool(letters) and words.certainty >= _READ_AS_ONE and _kind(letters[0]) in familiar
    return 2 * len(letters) > len(words.text) and words.certainty >= _READ


def _kind(letter: str) -> str:
    if letter < _FIRST_SYMBOL:
        return "letter"
    return "symbol" if letter < _FIRST_EAST_ASIAN else "East Asian"


def _read(image: Image, find: Find, recogniser: Recogniser, margin: float) -> Words:
    go_on()
    corners = _level(find.points)
    across, down = corners[1] - corners[0], corners[3] - corners[0]
    width, height = (max(1.0, float(np.linalg.norm(side))) for side in (across, down))
    more = margin * height
    x, y = across / width * more, down / height * more
    around = corners + np.array([-x - y, x - y, x + y, y - x])
    size = max(1, round(width + 2 * more)), max(1, round(height + 2 * more))
    target = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], np.float32)
    turn = cv2.getPerspectiveTransform(around.astype(np.float32), target)
    line = cv2.warpPerspective(image, turn, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return recogniser.read(np.asarray(line, np.uint8))


def _level(points: Points) -> Points:
    """The corners (4, 2) of the rectangle around them, from the one where a reader begins, clockwise."""
    corners = cv2.boxPoints(cv2.minAreaRect(points.astype(np.float32))).astype(np.float64)
    sides = np.roll(corners, -1, axis=0) - corners
    return np.roll(corners, -int(sides[:, 0].argmax()), axis=0)


def _ratio(find: Find) -> float:
    sides = cv2.minAreaRect(find.points.astype(np.float32))[1]
    return float(max(sides) / max(1.0, min(sides)))


def _unreadable(find: Find) -> bool:
    corners = _level(find.points)
    across, down = corners[1] - corners[0], corners[3] - corners[0]
    tall = float(np.linalg.norm(down)) > _TALL * float(np.linalg.norm(across))
    return tall or abs(float(across[1])) > _LEVEL * float(across[0])
