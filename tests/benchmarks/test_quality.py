"""The quality harness measures what it says: metrics of known pixels, counts of known finds, one whole scene."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.quality import fonts
from benchmarks.quality.detection import Counts, count
from benchmarks.quality.fonts import FontsMissing
from benchmarks.quality.metrics import distance
from benchmarks.quality.report import measure, report
from benchmarks.quality.scenes import Scene, scenes
from benchmarks.quality.sheet import row, write_sheet
from models import registry
from models.detection.detector import FoundText, load
from models.types import Region
from training.drawing.fonts import EVALUATION_FAMILIES

GREY = np.full((40, 60, 3), 100, np.uint8)
EVERYWHERE = np.ones((40, 60), np.bool_)


def box(left: float, top: float, right: float, bottom: float) -> Region:
    return Region(((left, top), (right, top), (right, bottom), (left, bottom)), rectangle=True)


def drawn() -> tuple[Scene, ...]:
    try:
        return scenes(4)[3:]
    except FontsMissing as missing:
        pytest.skip(str(missing))


def test_equal_images_have_no_distance() -> None:
    same = distance(GREY, GREY.copy(), EVERYWHERE)

    assert same.psnr > 70
    assert same.mssim == pytest.approx(1)
    assert (same.age, same.peps, same.pceps) == (0, 0, 0)


def test_distances_of_a_known_square_are_what_the_definitions_say() -> None:
    # Given: a square of 10 x 10 pixels is 30 levels off.
    wrong = GREY.copy()
    wrong[10:20, 20:30] += 30

    # When
    all_over, inside = distance(wrong, GREY, EVERYWHERE), distance(wrong, GREY, (wrong != GREY)[..., 0])

    # Then
    share = 100 / 2400
    assert all_over.psnr == pytest.approx(10 * np.log10(255**2 / (900 * share)))
    assert all_over.age == pytest.approx(30 * share)
    assert all_over.peps == pytest.approx(100 * share)
    assert all_over.pceps == pytest.approx(100 * 64 / 2400)  # the square's inner 8 x 8 have four wrong neighbours
    assert inside.psnr == pytest.approx(10 * np.log10(255**2 / 900))
    assert inside.peps == 100


def test_finds_are_matched_once_and_small_texts_and_writing_in_the_photo_do_not_count() -> None:
    # Given
    regions = (box(0, 0, 20, 10), box(30, 0, 50, 10), box(0, 20, 20, 24))
    scene = Scene(True, GREY, GREY, np.zeros((40, 60), np.uint8), regions, (12, 12, 5))
    own = FoundText(box(40, 25, 55, 35).points, 0.9)
    finds = [FoundText(where.points, 0.9) for where in (box(1, 0, 20, 10), box(0, 0, 14, 10), regions[2])]

    # When
    counts = count(scene, [*finds, own], [own])

    # Then
    assert counts == Counts(found=1, wanted=2, false=1)
    assert (counts.recall, counts.precision) == (0.5, 0.5)


def test_no_font_of_the_evaluation_is_trained_on() -> None:
    names = (*fonts.LATIN, *fonts.CHINESE, *fonts.KOREAN)

    assert all(any(part in name.lower() for part in EVALUATION_FAMILIES) for name in names)


def test_a_scene_is_always_the_same_and_its_strokes_are_where_the_text_is() -> None:
    (scene,), (again,) = drawn(), drawn()

    marked = np.zeros(scene.strokes.shape, np.uint8)
    for region in scene.regions:
        cv2.fillPoly(marked, [np.rint(region.points).astype(np.int32)], 255)
    assert np.array_equal(scene.image, again.image)
    assert scene.strokes.any()
    assert np.count_nonzero(scene.strokes[marked == 0]) < 0.01 * np.count_nonzero(scene.strokes)


def test_a_scene_is_measured_from_end_to_end(tmp_path: Path) -> None:
    # Given
    (scene,) = drawn()

    # When
    measured = [measure(scene, load("cpu", threads=1), registry.load("cv2", "cpu"))]

    # Then
    done = measured[0].outcomes
    assert done["strokes"].inside.psnr > done["boxes"].inside.psnr
    assert done["strokes"].left == 0
    outside = done["strokes"].mask == 0
    assert np.array_equal(done["strokes"].result[outside], scene.image[outside])
    assert "| true strokes |" in report(measured)
    shown = row(scene, done["strokes"].mask, done["boxes"].result, done["strokes"].result)
    write_sheet([shown], tmp_path / "sheet.png", width_px=160)
    assert cv2.imread(str(tmp_path / "sheet.png")) is not None
