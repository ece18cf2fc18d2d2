"""Pasting: only masked pixels change, and only with what their own window answered."""

import pickle

import numpy as np
import pytest

from models.base import ModelFacts
from models.planning.paste import Canvas, owned_pixels
from models.planning.plan import PlanLimits, Scaling, Window, cut, plan
from models.types import Box, HDStrategy, InpaintParameters

FACTS = ModelFacts("any", "none:none")
AUTO = InpaintParameters()


def window(index: int, box: Box, *yields_to: Box) -> Window:
    return Window(index, box, box, box.height, box.width, box.height, box.width, yields_to=yields_to)


def test_a_masked_pixel_belongs_to_the_last_window_over_it_whatever_order_answers_arrive_in() -> None:
    # Given two overlapping windows over a wholly masked image
    image = np.zeros((10, 20, 3), np.uint8)
    mask = np.full((10, 20), 255, np.uint8)
    second = window(1, Box(5, 2, 20, 10))
    first = window(0, Box(0, 0, 12, 8), second.box)
    answers = {w: np.full((*w.shape, 3), 100 + w.index, np.uint8) for w in (first, second)}

    # When
    forwards, backwards = Canvas(image, mask), Canvas(image, mask)
    for w in (first, second):
        forwards.paste(w, answers[w])
    for w in (second, first):
        backwards.paste(w, answers[w])

    # Then
    np.testing.assert_array_equal(forwards.image, backwards.image)
    assert (forwards.image[2:10, 5:20] == 101).all()
    assert (forwards.image[0:8, 0:5] == 100).all()
    assert (forwards.image[8:, :5] == 0).all()
    assert owned_pixels(mask, first).sum() + owned_pixels(mask, second).sum() == 8 * 12 + 8 * 15 - 6 * 7


def test_nothing_outside_the_mask_changes_and_the_arguments_stay_as_they_were() -> None:
    # Given read-only arrays, as they arrive between processes
    dice = np.random.default_rng(0)
    image = dice.integers(0, 256, (400, 500, 3), dtype=np.uint8)
    mask = np.zeros((400, 500), np.uint8)
    mask[100:120, 50:300] = mask[300:390, 400:] = 255
    image.setflags(write=False)
    mask.setflags(write=False)
    before = image.copy()

    for strategy in HDStrategy:
        # When every window answers rubbish
        canvas = Canvas(image, mask)
        windows = plan(mask, FACTS, InpaintParameters(strategy, 100, 16, 200))
        for w in windows:
            crop, hole = cut(image, mask, w)
            assert crop.shape == (*w.shape, 3)
            assert hole.shape == w.shape
            canvas.paste(w, dice.integers(0, 256, crop.shape, dtype=np.uint8))

        # Then
        np.testing.assert_array_equal(canvas.image[mask == 0], image[mask == 0])
        assert (canvas.image[mask != 0] != image[mask != 0]).mean() > 0.9
        np.testing.assert_array_equal(image, before)


def test_an_answer_of_another_size_is_refused() -> None:
    # Given
    canvas = Canvas(np.zeros((9, 9, 3), np.uint8), np.zeros((9, 9), np.uint8))

    # When / Then
    with pytest.raises(ValueError, match="window 3 needs"):
        canvas.paste(window(3, Box(0, 0, 9, 9)), np.zeros((8, 9, 3), np.uint8))


def test_a_reduced_window_comes_back_enlarged_and_clipped_instead_of_wrapping_round() -> None:
    # Given a solid hole far larger than one forward may be, and an answer of hard edges, where the cubic overshoots
    image = np.full((600, 900, 3), 128, np.uint8)
    mask = np.zeros((600, 900), np.uint8)
    mask[100:550, 50:850] = 255
    (w,) = plan(mask, FACTS, AUTO, PlanLimits(max_window_px=256))
    crop, hole = cut(image, mask, w)
    answer = np.zeros_like(crop)
    answer[:, ::8] = answer[:, 1::8] = answer[:, 2::8] = answer[:, 3::8] = 255

    # When
    canvas = Canvas(image, mask)
    canvas.paste(w, answer)

    # Then
    assert w.scaling is Scaling.REDUCE
    assert max(w.shape) <= 256
    assert set(np.unique(hole)) == {0, 255}
    filled = canvas.image[mask != 0]
    assert np.mean(filled == 255) > 0.3
    assert np.mean(filled == 0) > 0.3
    assert (canvas.image[mask == 0] == 128).all()


def test_a_reduced_window_keeps_no_trace_of_the_text_in_what_the_model_knows() -> None:
    # Given black text on white, in a hole that must be reduced
    image = np.full((500, 900, 3), 255, np.uint8)
    mask = np.zeros((500, 900), np.uint8)
    mask[103:397, 51:849] = 255
    image[mask != 0] = 0

    # When
    (w,) = plan(mask, FACTS, AUTO, PlanLimits(max_window_px=256))
    crop, hole = cut(image, mask, w)

    # Then
    assert (crop[hole == 0] >= 254).all()


def test_a_window_survives_pickling() -> None:
    mask = np.zeros((300, 300), np.uint8)
    mask[10:40, 10:200] = 255
    windows = plan(mask, FACTS, AUTO)
    assert pickle.loads(pickle.dumps(windows)) == windows
