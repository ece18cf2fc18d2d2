"""Letters the network's look alone leaves incomplete: outlined, on a plate, cut by their region."""

import cv2
import numpy as np
from numpy.typing import NDArray

from models.masking.continuing import continued
from models.masking.enclosed import with_bodies
from models.masking.plates import letters_on_plate
from models.types import Image, Mask

LINE_PX = 40
SHAPE = (80, 240)
SKY, WHITE, BLACK, RED = (110, 150, 200), (250, 250, 250), (10, 10, 10), (180, 20, 30)


def bars(width: int) -> NDArray[np.bool_]:
    """Five letters that are bars of that width, from row 24 to 56."""
    letters = np.zeros(SHAPE, np.bool_)
    for left in range(30, 210, 40):
        letters[24:56, left : left + width] = True
    return letters


def grown(letters: NDArray[np.bool_], pixels: int) -> NDArray[np.bool_]:
    side = 2 * pixels + 1
    return np.asarray(cv2.dilate(letters.astype(np.uint8), np.ones((side, side), np.uint8)) > 0)


def painted(*layers: tuple[NDArray[np.bool_], tuple[int, int, int]]) -> Image:
    image = np.full((*SHAPE, 3), SKY, np.uint8)
    for where, colour in layers:
        image[where] = colour
    return image


def marked(where: NDArray[np.bool_]) -> Mask:
    return np.where(where, 255, 0).astype(np.uint8)


def test_bodies_of_outlined_letters_are_letters_too() -> None:
    body = bars(16)
    outline = grown(body, 3) & ~body

    mask = with_bodies(painted((outline, BLACK), (body, WHITE)), marked(outline), LINE_PX)

    assert np.array_equal(mask, marked(outline | body))


def test_the_hole_of_an_o_stays() -> None:
    hole = bars(16)
    ring = grown(hole, 6) & ~hole

    mask = with_bodies(painted((ring, WHITE)), marked(ring), LINE_PX)

    assert np.array_equal(mask, marked(ring))


def plate_with(letters: NDArray[np.bool_]) -> tuple[Image, Mask, Mask]:
    """A white plate with red letters, the mask of all of it, and the region around."""
    plate, region = np.zeros(SHAPE, np.bool_), np.zeros(SHAPE, np.bool_)
    plate[16:64, 16:224], region[12:68, 12:228] = True, True
    return painted((plate, WHITE), (letters, RED)), marked(plate), marked(region)


def test_of_a_plate_taken_for_text_only_the_letters_are_filled() -> None:
    # Given
    letters = bars(12)
    image, ink, region = plate_with(letters)

    # When
    found = letters_on_plate(image, ink, region, LINE_PX)

    # Then: and their ground is the plate without its edge
    assert found is not None
    assert np.array_equal(found[0], marked(letters))
    assert not found[1][:18].any()
    assert found[1][20, 100] == 255


def test_what_the_network_left_out_of_a_plate_is_plate_only_if_it_has_its_colours() -> None:
    # Given: a plate of which the mask lacks a bay at the bottom, and outlined letters as close as heavy ones stand.
    letters = bars(12)
    image, ink, region = plate_with(letters)
    ink[54:64, 60:180] = 0
    outlined = grown(bars(30), 4)
    heavy = painted((outlined, BLACK), (bars(30), WHITE))
    outlined[44:48, 26:224] = True

    # When
    found = letters_on_plate(image, ink, region, LINE_PX)

    # Then
    assert found is not None
    assert np.array_equal(found[0], marked(letters))
    assert letters_on_plate(heavy, marked(outlined), region, LINE_PX) is None


def test_a_plate_without_anything_on_it_and_letters_are_no_plates() -> None:
    empty, ink, region = plate_with(np.zeros(SHAPE, np.bool_))
    letters = grown(bars(16), 3)

    assert letters_on_plate(empty, ink, region, LINE_PX) is None
    assert letters_on_plate(painted((letters, RED)), marked(letters), region, LINE_PX) is None


def test_a_stroke_cut_by_its_region_is_followed_and_a_line_that_goes_on_is_not() -> None:
    # Given: the region ends below row 50; a tail of six rows, and a line to the edge of what is seen.
    letters, within = bars(12), marked(np.zeros(SHAPE, np.bool_))
    within[20:50] = 255
    line = np.zeros(SHAPE, np.bool_)
    line[40:, 220:224] = True
    likeness = np.where(letters | line, 0.95, 0.05).astype(np.float32)
    ink = marked((letters | line) & (within > 0))

    # When
    mask = continued(ink, likeness, within, LINE_PX)

    # Then
    assert np.array_equal(mask, marked(letters) | ink)


def test_an_accent_above_the_region_is_taken_and_a_fragment_of_another_thing_is_not() -> None:
    # Given: two marks of the letters' colour above the region, as over Thai vowels; one is part of a coloured edge.
    letters, within = bars(12), marked(np.zeros(SHAPE, np.bool_))
    within[22:60] = 255
    accent, fragment, thing = (np.zeros(SHAPE, np.bool_) for _ in range(3))
    accent[14:20, 32:40], fragment[14:20, 112:120], thing[8:17, 90:150] = True, True, True
    likeness = np.full(SHAPE, 0.05, np.float32)
    likeness[thing] = 0.5
    likeness[letters | accent | fragment] = 0.95

    # When
    mask = continued(marked(letters), likeness, within, LINE_PX)

    # Then
    assert np.array_equal(mask, marked(letters | accent))


def test_an_accent_across_the_edge_of_the_region_that_the_network_missed_is_taken_whole() -> None:
    # Given: its lower half lies in the region; a speck of the letters' colour lies above it, too.
    letters, within = bars(12), marked(np.zeros(SHAPE, np.bool_))
    within[18:60] = 255
    accent, speck = np.zeros(SHAPE, np.bool_), np.zeros(SHAPE, np.bool_)
    accent[13:22, 32:44], speck[15:16, 112:113] = True, True
    likeness = np.where(letters | accent | speck, 0.95, 0.05).astype(np.float32)

    # When
    mask = continued(marked(letters & (within > 0)), likeness, within, LINE_PX)

    # Then
    assert np.array_equal(mask, marked(letters | accent))


def gap() -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Letters, and what the network saw of them: of the first not its middle."""
    letters = bars(12)
    seen = letters.copy()
    seen[38:44, np.flatnonzero(letters.any(axis=0))[:12]] = False
    return letters, seen


def test_a_missing_piece_of_a_stroke_is_taken() -> None:
    letters, seen = gap()
    everywhere = marked(np.ones(SHAPE, np.bool_))

    mask = continued(marked(seen), np.where(letters, 0.95, 0.05).astype(np.float32), everywhere, LINE_PX)

    assert np.array_equal(mask, marked(letters))


def test_no_piece_is_missing_where_colour_does_not_tell_letters_from_their_background() -> None:
    # Given: a large thing of their colour in one picture, in another a background that is a bit like them
    letters, seen = gap()
    everywhere = marked(np.ones(SHAPE, np.bool_))
    with_thing, unclear = (np.where(letters, 0.95, 0.05).astype(np.float32) for _ in range(2))
    with_thing[60:74, 20:80] = 0.95
    unclear[:20] = 0.6

    # Then
    for likeness in (with_thing, unclear):
        assert np.array_equal(continued(marked(seen), likeness, everywhere, LINE_PX), marked(seen))
