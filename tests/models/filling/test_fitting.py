"""Text on smooth ground vanishes without a model; what is not smooth is left to one."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.filling.fitting import RING_PX, fitted
from models.types import Image, Mask

HEIGHT, WIDTH = 96, 160


def lettered(ground: Image, word: str = "Kiosk 24", *, thick: int = 3) -> tuple[Image, Mask]:
    """Dark text over `ground`, and its mask, grown by 2 px as the service's masks are."""
    strokes = np.zeros(ground.shape[:2], np.uint8)
    cv2.putText(strokes, word, (12, ground.shape[0] // 2 + 8), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 255, thick, cv2.LINE_AA)
    share = strokes[..., None] / 255
    image = np.rint(ground * (1 - share) + 20 * share).astype(np.uint8)
    return image, np.where(cv2.dilate(strokes, np.ones((5, 5), np.uint8)) > 0, np.uint8(255), np.uint8(0))


def flat(colour: tuple[int, int, int] = (250, 244, 231)) -> Image:
    return np.tile(np.array(colour, np.uint8), (HEIGHT, WIDTH, 1))


def ramp(across: float, down: float) -> Image:
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    plane = 120 + across * (x - WIDTH / 2) + down * (y - HEIGHT / 2)
    return np.asarray(np.rint(np.stack([plane, plane + 20, plane - 15], axis=2)), np.uint8)


def grainy(sigma: float, seed: int = 0) -> Image:
    noise = np.random.default_rng(seed).normal(0, sigma, (HEIGHT, WIDTH, 1))
    return np.clip(np.rint(flat((180, 180, 180)) + noise), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("colour", [(255, 255, 255), (0, 0, 0), (250, 244, 231), (12, 90, 200)])
def test_flat_ground_comes_back_to_the_byte(colour: tuple[int, int, int]) -> None:
    ground = flat(colour)
    image, mask = lettered(ground, thick=4)

    fit = fitted(image, mask)

    assert not fit.left.any()
    np.testing.assert_array_equal(fit.image, ground)


def test_a_bit_of_a_letter_that_the_mask_missed_does_not_colour_the_fill() -> None:
    # Given: the mask misses the last letter
    ground = flat()
    image, mask = lettered(ground)
    last = np.flatnonzero(mask.any(axis=0))[-14:]
    mask[:, last] = 0

    fit = fitted(image, mask)

    np.testing.assert_array_equal(fit.image[mask > 0], ground[mask > 0])


@pytest.mark.parametrize(("across", "down"), [(0.5, 0), (0, -0.7), (0.4, 0.4), (-0.2, 0.9)])
def test_a_gradient_is_continued_within_a_grey_level(across: float, down: float) -> None:
    ground = ramp(across, down)
    image, mask = lettered(ground)

    fit = fitted(image, mask)

    assert not fit.left.any()
    assert np.abs(fit.image.astype(int) - ground).max() <= 1


@pytest.mark.parametrize("sigma", [2.0, 4.0])
def test_the_fill_has_the_grain_of_what_surrounds_it(sigma: float) -> None:
    image, mask = lettered(grainy(sigma))

    fit = fitted(image, mask)

    assert not fit.left.any()
    inside = fit.image[..., 0][mask > 0].astype(float)
    assert abs(inside.mean() - 180) < 0.5
    assert 0.8 < inside.std() / sigma < 1.2


def test_a_picture_without_grain_gets_none() -> None:
    image, mask = lettered(flat((180, 180, 180)))

    assert fitted(image, mask).image[mask > 0].std() == 0


def test_texture_is_left_to_the_model() -> None:
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    checks = 100 + 80 * ((x // 4 + y // 4) % 2)
    image, mask = lettered(np.repeat(checks[..., None], 3, axis=2).astype(np.uint8))

    fit = fitted(image, mask)

    np.testing.assert_array_equal(fit.left, mask)
    np.testing.assert_array_equal(fit.image, image)


def test_where_an_edge_runs_through_a_word_the_model_is_asked() -> None:
    # Given: dark below, light above, and letters over the border
    y, _ = np.mgrid[:HEIGHT, :WIDTH]
    ground = np.repeat(np.where(y < HEIGHT // 2, 60, 200)[..., None], 3, axis=2).astype(np.uint8)
    image, mask = lettered(ground)

    fit = fitted(image, mask)

    np.testing.assert_array_equal(fit.left, mask)


def test_where_one_picture_has_both_each_word_is_judged_by_its_own_ground() -> None:
    # Given: a word on paper, and one far below on noise
    paper = flat()
    noise = np.random.default_rng(1).integers(0, 256, paper.shape, np.uint8)
    (above, mask_above), (below, mask_below) = lettered(paper), lettered(noise)

    fit = fitted(np.concatenate([above, below]), np.concatenate([mask_above, mask_below]))

    assert not fit.left[:HEIGHT].any()
    np.testing.assert_array_equal(fit.left[HEIGHT:], mask_below)


def test_a_border_beside_the_text_is_not_drawn_into_the_fill() -> None:
    # Given: a white bubble whose black outline passes 5 px below the letters
    ground = flat((255, 255, 255))
    image, mask = lettered(ground)
    bottom = np.flatnonzero(mask.any(axis=1))[-1]
    image[bottom + 5 : bottom + 8] = 0

    fit = fitted(image, mask)

    assert not fit.left.any()
    assert (fit.image[mask > 0] == 255).all()


@pytest.mark.parametrize(("across", "all_fitted"), [(0.2, True), (None, False)])
def test_a_deep_hole_is_fitted_whole_if_its_rim_is_plane(across: float | None, all_fitted: bool) -> None:
    # Given: a box over a gradient, or over a hill whose top nobody can see
    side = 160
    y, x = np.mgrid[:side, :side].astype(float)
    hill = 60 + 120 * np.exp(-((x - 30) ** 2 + (y - 90) ** 2) / (2 * 40**2))
    plane = hill if across is None else 100 + across * x
    ground = np.repeat(np.rint(plane)[..., None], 3, axis=2).astype(np.uint8)
    mask = np.zeros((side, side), np.uint8)
    mask[40:120, 40:120] = 255

    fit = fitted(np.where(mask[..., None] > 0, np.uint8(0), ground), mask)

    if all_fitted:
        assert not fit.left.any()
        assert np.abs(fit.image.astype(int) - ground).max() <= 1
    else:
        assert fit.left[80, 80]


def test_a_picture_that_is_all_hole_is_left() -> None:
    mask = np.full((40, 50), 255, np.uint8)

    np.testing.assert_array_equal(fitted(flat()[:40, :50], mask).left, mask)


@st.composite
def pictures(draw: st.DrawFn) -> tuple[Image, Mask]:
    height, width = draw(st.integers(1, 150)), draw(st.integers(1, 150))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    coarse = rng.uniform(0, 255, (3, 3, 3)).astype(np.float32)
    ground = cv2.resize(coarse, (width, height)) + rng.normal(
        0, draw(st.sampled_from([0, 1, 4, 30])), (height, width, 3)
    )
    mask = np.zeros((height, width), np.uint8)
    for _ in range(draw(st.integers(0, 6))):
        x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
        mask[y : y + draw(st.integers(1, 60)), x : x + draw(st.integers(1, 60))] = 255
    return np.clip(ground, 0, 255).astype(np.uint8), mask


@settings(max_examples=100, deadline=None, derandomize=True)
@given(pictures())
def test_nothing_outside_the_mask_changes_and_equal_pictures_are_filled_alike(picture: tuple[Image, Mask]) -> None:
    image, mask = picture
    image.flags.writeable = mask.flags.writeable = False

    fit, again = fitted(image, mask), fitted(image.copy(), mask.copy())

    known, left = mask == 0, fit.left > 0
    np.testing.assert_array_equal(fit.image[known | left], image[known | left])
    assert not (left & known).any()
    np.testing.assert_array_equal(fit.image, again.image)
    np.testing.assert_array_equal(fit.left, again.left)


def test_a_fill_does_not_depend_on_holes_far_away() -> None:
    # Given: the same word, alone and with another one beyond everything it looks at
    image, mask = lettered(np.concatenate([grainy(3)] * 4))
    more = mask.copy()
    more[:20, :60] = 255
    assert np.flatnonzero(mask.any(axis=1))[0] > 20 + 3 * RING_PX

    alone, together = fitted(image, mask), fitted(image, more)

    np.testing.assert_array_equal(alone.image[mask > 0], together.image[mask > 0])
    assert not alone.left.any()


def test_what_a_pixel_gets_does_not_depend_on_how_large_the_picture_is() -> None:
    # Given: a picture over the size that is looked at in one piece
    image, mask = lettered(grainy(2), "wall")
    large, large_mask = np.tile(image, (1, 12, 1)), np.tile(mask, (1, 12))

    fit = fitted(large, large_mask)

    assert not fit.left.any()
    assert 0.8 < fit.image[large_mask > 0].std() / 2 < 1.2
