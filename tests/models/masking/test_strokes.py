"""Stroke masks on glyphs whose every pixel is known, and what happens where there is no glyph."""

from contextvars import copy_context
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from models.lines.text_lines import line_of
from models.masking import stroke_network
from models.masking.colour_refinement import sharpened
from models.masking.masks import dilate, rasterise
from models.masking.strokes import stroke_mask
from models.stopping import under
from models.types import Box, Image, Mask, Region

WEIGHTS = Path(stroke_network.__file__).parent / "stroke_weights" / "strokes.onnx"


def region(left: float, top: float, right: float, bottom: float) -> Region:
    return Region(((left, top), (right, top), (right, bottom), (left, bottom)), rectangle=True)


def bars(height: int, thick: int) -> Mask:
    """The letters H, E, L, T built of bars: white where they are."""
    width = height * 2 // 3
    glyph = {letter: np.zeros((height, width), np.uint8) for letter in "HELT"}
    middle = height // 2 - thick // 2
    for letter in "HEL":
        glyph[letter][:, :thick] = 255
    glyph["H"][:, -thick:] = 255
    glyph["T"][:, width // 2 - thick // 2 : width // 2 - thick // 2 + thick] = 255
    for letter, rows in {"H": (middle,), "E": (0, middle, height - thick), "L": (height - thick,), "T": (0,)}.items():
        for row in rows:
            glyph[letter][row : row + thick] = 255
    gap = np.zeros((height, thick * 2), np.uint8)
    return np.concatenate([part for letter in "HELTHELT" for part in (glyph[letter], gap)], axis=1)[:, : -2 * thick]


def scene(
    height: int, thick: int, ink: tuple[int, int, int], paper: tuple[int, int, int]
) -> tuple[Image, Mask, Region]:
    """An image with the letters, their exact pixels, and a rectangle a little larger than they are."""
    letters = bars(height, thick)
    strokes = np.zeros((height + 60, letters.shape[1] + 80), np.uint8)
    strokes[30 : 30 + height, 40 : 40 + letters.shape[1]] = letters
    image = np.where(strokes[..., None] > 0, np.array(ink, np.uint8), np.array(paper, np.uint8)).astype(np.uint8)
    pad = max(2, height // 8)
    return image, strokes, region(40 - pad, 30 - pad, 40 + letters.shape[1] + pad, 30 + height + pad)


COLOURS = [
    pytest.param((0, 0, 0), (255, 255, 255), id="black on white"),
    pytest.param((255, 255, 255), (20, 30, 90), id="white on blue"),
    pytest.param((200, 30, 30), (90, 140, 90), id="red on green"),
]


@pytest.mark.parametrize(("ink", "paper"), COLOURS)
@pytest.mark.parametrize(("height", "thick"), [(12, 2), (30, 4), (60, 8), (160, 20)])
def test_letters_of_bars_are_covered_and_grown_by_three_pixels_at_most(
    height: int, thick: int, ink: tuple[int, int, int], paper: tuple[int, int, int]
) -> None:
    # Given
    image, strokes, where = scene(height, thick, ink, paper)
    before = image.copy()

    # When
    found = stroke_mask(image, [where], threads=1)

    # Then
    covered = np.count_nonzero(found.mask[strokes > 0]) / np.count_nonzero(strokes)
    outside = np.count_nonzero(found.mask[dilate(strokes, 3) == 0]) / np.count_nonzero(strokes)
    assert covered >= 0.995
    assert outside <= 0.03
    assert found.fallbacks == 0
    assert set(np.unique(found.mask)) == {0, 255}
    assert np.array_equal(image, before)


def test_text_that_runs_upwards_is_covered_too() -> None:
    image, strokes, where = scene(30, 4, (0, 0, 0), (240, 240, 240))
    turned, wanted = (np.ascontiguousarray(np.rot90(plane)) for plane in (image, strokes))
    (left, top), _, (right, bottom), _ = where.points
    width = image.shape[1]

    found = stroke_mask(turned, [region(top, width - right, bottom, width - left)], threads=1)

    assert np.count_nonzero(found.mask[wanted > 0]) >= 0.995 * np.count_nonzero(wanted)
    assert np.count_nonzero(found.mask) < 2.2 * np.count_nonzero(wanted)


def test_slanted_text_is_covered_and_nothing_far_from_its_polygon() -> None:
    # Given
    image, strokes, where = scene(40, 6, (10, 10, 10), (235, 235, 235))
    image, strokes = (np.pad(p, ((90, 90), (0, 0)) + ((0, 0),) * (p.ndim - 2), mode="edge") for p in (image, strokes))
    size = (image.shape[1], image.shape[0])
    turn = cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), 20, 1)
    slanted = np.asarray(cv2.warpAffine(image, turn, size, borderValue=(235, 235, 235)), np.uint8)
    wanted = np.asarray(cv2.warpAffine(strokes, turn, size), np.uint8) > 127
    corners = np.array([(x, y + 90, 1) for x, y in where.points]) @ turn.T
    polygon = Region(tuple((float(x), float(y)) for x, y in corners))

    # When
    found = stroke_mask(slanted, [polygon], threads=1)

    # Then
    assert np.count_nonzero(found.mask[wanted]) >= 0.99 * np.count_nonzero(wanted)
    assert not found.mask[dilate(rasterise([polygon], *size), 3) == 0].any()
    assert np.count_nonzero(found.mask) < 2 * np.count_nonzero(wanted)


def test_a_block_of_many_lines_is_read_line_by_line() -> None:
    # Given
    letters = bars(16, 2)
    strokes = np.zeros((8 * 26 + 20, letters.shape[1] + 40), np.uint8)
    for row in range(8):
        strokes[14 + 26 * row : 30 + 26 * row, 20 : 20 + letters.shape[1]] = letters
    image = np.where(strokes[..., None] > 0, 20, 240).repeat(3, axis=2).astype(np.uint8)

    # When
    found = stroke_mask(image, [region(8, 6, image.shape[1] - 8, image.shape[0] - 6)], threads=1)

    # Then
    assert found.fallbacks == 0
    assert np.count_nonzero(found.mask[strokes > 0]) >= 0.98 * np.count_nonzero(strokes)
    assert np.count_nonzero(found.mask) < 1.1 * np.count_nonzero(dilate(strokes, 2))


@pytest.mark.parametrize("kind", ["noise", "empty"])
def test_where_no_text_is_seen_the_box_is_filled_and_counted(kind: str) -> None:
    # Given
    image = np.full((90, 300, 3), 180, np.uint8)
    if kind == "noise":
        image = np.random.default_rng(5).integers(0, 256, image.shape, dtype=np.uint8)
    letters, _, where = scene(30, 4, (0, 0, 0), (255, 255, 255))
    canvas = np.concatenate([letters, np.full((90, 300, 3), 255, np.uint8)], axis=1)
    canvas[:, letters.shape[1] :] = image
    box = region(letters.shape[1] + 40.5, 20.2, letters.shape[1] + 240, 60)

    # When
    found = stroke_mask(canvas, [where, box], threads=1)

    # Then
    assert found.unsure == (1,)
    assert found.fallbacks == 1
    only = found.mask.copy()
    only[:, : letters.shape[1]] = 0
    assert np.array_equal(only, rasterise([box], canvas.shape[1], canvas.shape[0]))


def test_no_region_marks_nothing() -> None:
    found = stroke_mask(np.zeros((5, 7, 3), np.uint8), [])

    assert found.mask.shape == (5, 7)
    assert not found.mask.any()


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1)])
def test_the_smallest_regions_and_images_are_fine(size: tuple[int, int]) -> None:
    height, width = size

    found = stroke_mask(np.zeros((height, width, 3), np.uint8), [region(0, 0, width, height)])

    assert found.mask.all()
    assert found.fallbacks == 1


def test_dilation_grows_the_mask_by_that_much() -> None:
    image, _, where = scene(30, 4, (0, 0, 0), (255, 255, 255))

    plain = stroke_mask(image, [where], threads=1).mask
    more = stroke_mask(image, [where], dilation_px=2, threads=1).mask

    assert np.array_equal(more, dilate(plain, 2))


def test_a_line_cut_out_and_brought_back_lies_where_it_was() -> None:
    # Given
    image = np.random.default_rng(2).integers(0, 256, (80, 200, 3), dtype=np.uint8)
    upright = line_of(region(30, 20, 150, 50), 200, 80, 1 / 6)
    standing = line_of(region(100, 5, 120, 75), 200, 80, 1 / 6)

    # When / Then
    assert np.array_equal(upright.cut(image)[5:-5, 5:-5], image[20:50, 30:150])
    assert np.array_equal(np.rot90(standing.cut(image)[3:-3, 3:-3], -1), image[5:75, 100:120])
    for line, box in ((upright, Box(30, 20, 150, 50)), (standing, Box(100, 5, 120, 75))):
        plane: NDArray[np.float32] = line.cut(image)[..., 0].astype(np.float32)
        assert np.array_equal(line.back(plane, box), image[box.slices][..., 0])


def test_colours_settle_what_the_network_leaves_open() -> None:
    # Given: red is text and green is not, as far as is known; two pixels are open.
    pixels = np.array([(200, 20, 20)] * 40 + [(20, 200, 20)] * 40 + [(200, 20, 20), (20, 200, 20)], np.uint8)
    guess = np.array([0.95] * 40 + [0.05] * 40 + [0.5, 0.5], np.float32)

    # When
    better = sharpened(guess, pixels)

    # Then
    assert better[-2] > 0.75
    assert better[-1] < 0.25


def test_the_weights_are_small_and_answer_for_any_width() -> None:
    lines = np.zeros((stroke_network.CHANNELS, 64, 16 * 13), np.float32)

    likeness = stroke_network.likeness(lines)

    assert WEIGHTS.stat().st_size < 4 * 1024 * 1024
    assert likeness.shape == lines.shape[1:]
    assert likeness.min() >= 0
    assert likeness.max() <= 1


def three_words() -> tuple[Image, list[Region]]:
    """Words side by side, and a region of nothing between the first two."""
    image, _, where = scene(30, 4, (0, 0, 0), (255, 255, 255))
    empty = np.full_like(image, 255)
    canvas, width = np.concatenate([image, empty, image, image], axis=1), image.shape[1]
    return canvas, [Region(tuple((x + width * i, y) for x, y in where.points), True) for i in range(4)]


def test_regions_worked_on_at_once_give_the_mask_they_give_one_by_one() -> None:
    image, regions = three_words()

    one_by_one, at_once = stroke_mask(image, regions, threads=1), stroke_mask(image, regions, threads=3)

    assert one_by_one.unsure == at_once.unsure == (1,)
    assert np.array_equal(one_by_one.mask, at_once.mask)


@pytest.mark.parametrize("threads", [1, 3])
def test_work_that_nobody_wants_any_more_ends_in_every_thread(threads: int) -> None:
    # Given
    image, regions = three_words()

    def unwanted() -> None:
        raise InterruptedError("nobody waits")

    def work() -> None:
        under(unwanted)
        stroke_mask(image, regions, threads=threads)

    # When, then
    with pytest.raises(InterruptedError, match="nobody waits"):
        copy_context().run(work)
