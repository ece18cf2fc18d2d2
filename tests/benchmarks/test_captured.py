"""The captured set: text and its clean twin go through one chain; what is left of the text is measured by style."""

from functools import cache

import numpy as np
import pytest
from PIL import Image as Picture

from benchmarks.quality.captured.chain import Chain
from benchmarks.quality.captured.report import measure_captured, report_captured, visible
from benchmarks.quality.captured.scenes import CapturedScene, captured_scenes
from benchmarks.quality.captured.styles import STYLES
from benchmarks.quality.fonts import FontsMissing
from benchmarks.quality.texts import cut, turned
from models import registry
from models.masking.masks import rasterise
from models.masking.regions import polygon


@cache
def drawn() -> tuple[CapturedScene, ...]:
    try:
        return captured_scenes(1)
    except FontsMissing as missing:
        pytest.skip(str(missing))


def test_sharpening_leaves_a_ring_and_the_encoder_a_smear() -> None:
    # Given: a white square on grey.
    drawing = np.full((120, 120, 3), 100, np.uint8)
    drawing[40:80, 40:80] = (255, 80, 80)
    chain = Chain(reduction=0.5, sharpening=1.5, radius_px=1.0, quality=75)

    # When
    picture = chain.sharpened(drawing)
    coded = chain.coded(picture)

    # Then
    assert picture.shape == (60, 60, 3)
    assert picture[30, 18, 0] < 95  # darker than the ground, two pixels outside the square
    assert picture[30, 10, 0] == 100
    assert np.abs(coded[30, 16:20].astype(int) - picture[30, 16:20]).max() > 3


def test_only_a_visible_difference_of_an_area_counts() -> None:
    # Given: in one half every second pixel is off by a level, the other half is 20 levels off.
    clean = np.full((40, 40, 3), 100, np.uint8)
    result = clean.copy()
    result[::2, :20] += 1
    result[:, 20:] += 20

    # Then: half of the pixels, give or take the low pass at the border.
    assert visible(clean, clean, np.ones((40, 40), np.bool_)) == 0
    assert visible(result, clean, np.ones((40, 40), np.bool_)) == pytest.approx(50, abs=5)


def test_each_style_is_drawn_the_same_twice_and_changes_its_regions_only() -> None:
    again = captured_scenes(1) if drawn() else ()

    assert [one.style for one in drawn()] == [style.name for style in STYLES]
    for one, other in zip(drawn(), again, strict=True):
        scene = one.scene
        inside = rasterise(scene.regions, scene.image.shape[1], scene.image.shape[0]) > 0
        assert np.array_equal(scene.image, other.scene.image)
        assert scene.strokes[inside].any(), one.style
        # Shadows, glows and rings reach a little out of the letters' rectangle.
        assert np.count_nonzero(scene.strokes[~inside]) < 0.5 * np.count_nonzero(scene.strokes), one.style


@pytest.mark.parametrize("angle", [0.0, 12.0, -40.0, 90.0, -90.0, 180.0])
def test_the_corners_of_a_text_are_turned_with_it(angle: float) -> None:
    # Given: a bar of 90 x 10 px
    upright = Picture.new("L", (130, 50))
    upright.paste(255, (20, 20, 110, 30))

    # When
    ink = cut([(turned(upright, angle), np.zeros(3, np.float32))], upright, angle)

    # Then
    along, down = (float(np.linalg.norm(ink.corners[n] - ink.corners[0])) for n in (1, 3))
    assert along == pytest.approx(90, abs=3)
    assert down == pytest.approx(10, abs=3)
    (alpha, _), *_ = ink.layers
    region = rasterise([polygon([tuple(corner) for corner in ink.corners])], alpha.shape[1], alpha.shape[0]) > 0
    assert alpha[region].sum() > 0.97 * alpha.sum()


def test_a_captured_scene_is_measured_from_end_to_end() -> None:
    # Given
    (small,) = (one for one in drawn() if one.style == "small")

    # When
    measured = measure_captured(small, registry.load("cv2", "cpu"))

    # Then
    left = measured.left
    assert left["strokes"].psnr > left["boxes"].psnr
    assert left["true masks"].psnr > left["boxes"].psnr
    assert left["strokes"].elsewhere < 0.2  # rings and marks reach a little out of the regions
    assert "| small |" in report_captured([measured])
