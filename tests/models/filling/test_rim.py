"""The colours beside a hole, spoilt by the file, do not go into its fill."""

import cv2
import numpy as np
import pytest

from models.filling.model import mended
from models.filling.rim import retold
from models.types import Image, Mask

SIDE = 160


def shaded(seed: int = 0) -> Image:
    """Texture of one hue, too lively to be fitted: its chroma goes with its brightness."""
    tone = cv2.GaussianBlur(np.random.default_rng(seed).normal(0, 1, (SIDE, SIDE)), (0, 0), 2.0)
    level = np.clip(0.5 + 0.22 * tone / tone.std(), 0.1, 0.9)[..., np.newaxis]
    return np.asarray(np.rint(level * (170, 190, 210)), np.uint8)


def lettered(clean: Image) -> tuple[Image, Mask]:
    """Reddish letters on it and their mask, which reaches a pixel further."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    for line in range(4):
        cv2.putText(mask, "ABCKMW", (6, 40 + 36 * line), cv2.FONT_HERSHEY_SIMPLEX, 1.1, 255, 4)
    image = clean.copy()
    image[mask > 0] = (200, 90, 90)
    return image, np.asarray(cv2.dilate(mask, np.ones((3, 3), np.uint8)), np.uint8)


def coded(image: Image) -> Image:
    how = [cv2.IMWRITE_JPEG_QUALITY, 65, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420]
    _, file = cv2.imencode(".jpg", image[..., ::-1], how)
    return np.asarray(np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR))[..., ::-1], np.uint8)


def colour_error(result: Image, wanted: Image, mask: Mask) -> float:
    """Root mean square, in levels of chroma, of means over 5 x 5 px."""
    one, two = (cv2.cvtColor(i.astype(np.float32), cv2.COLOR_RGB2YCrCb)[..., 1:] for i in (result, wanted))
    return float(np.sqrt(np.square(cv2.blur(one - two, (5, 5)))[mask > 0].mean()))


def test_colour_that_runs_out_of_letters_in_a_jpeg_is_not_filled_in(monkeypatch: pytest.MonkeyPatch) -> None:
    clean = shaded()
    image, mask = lettered(clean)
    file, twin = coded(image), coded(clean)

    told = colour_error(mended(file, mask), twin, mask)
    monkeypatch.setattr("models.filling.model.retold", lambda image, masked, holes: image)
    as_it_is = colour_error(mended(file, mask), twin, mask)

    assert told < 0.9 * as_it_is


def test_only_the_chroma_of_pixels_that_touch_a_hole_is_told_anew() -> None:
    image, mask = lettered(shaded())
    picture, holes = coded(image).astype(np.float32), mask > 0

    told = retold(picture, holes, holes)

    rim = ~holes & (cv2.dilate(mask, np.ones((3, 3), np.uint8)) > 0)
    np.testing.assert_array_equal(told[~rim], picture[~rim])
    assert np.abs(told - picture)[rim].mean() > 1
    inner = rim & ((told > 0) & (told < 255)).all(axis=2)
    before, after = (cv2.cvtColor(one, cv2.COLOR_RGB2YCrCb)[..., 0][inner] for one in (picture, told))
    np.testing.assert_allclose(after, before, atol=0.5)


def test_the_border_of_two_colours_of_one_brightness_stays_sharp() -> None:
    """No line from brightness to colour holds there, so the colours are left as they are."""
    picture = np.full((64, 64, 3), (200, 60, 60), np.float32)
    picture[:, 32:] = (40, 124, 110)
    holes = np.zeros((64, 64), np.bool_)
    holes[28:36] = True

    told = retold(picture, holes, holes)

    assert np.abs(told - picture)[:, 28:36].max() < 16
    np.testing.assert_allclose(told[:, :20], picture[:, :20], atol=0.5)


def test_a_narrow_border_around_a_hole_keeps_its_colour_beside_another_ground() -> None:
    """Most that is known near by is grass, whose colour goes with its brightness; the border is of a grey plate."""
    picture = shaded()[:64, :64].astype(np.float32) * np.array([0.3, 1, 0.2], np.float32)
    picture[20:44, 8:56] = 128
    holes = np.zeros((64, 64), np.bool_)
    holes[23:41, 11:53] = True

    told = retold(picture, holes, holes)

    assert np.abs(told - picture).max() < 4


def test_nothing_known_and_nothing_missing_are_no_trouble() -> None:
    picture = shaded().astype(np.float32)
    everything, nothing = np.ones((SIDE, SIDE), np.bool_), np.zeros((SIDE, SIDE), np.bool_)

    np.testing.assert_array_equal(retold(picture, everything, everything), picture)
    np.testing.assert_array_equal(retold(picture, nothing, nothing), picture)
