"""What is fitted and what a model fills, and the kinds of result. Real images, plans and fits; stand-ins for models."""

from pathlib import Path

import numpy as np
import pytest

from deployments.config.settings import AppConfig, Environment, Settings, resolve
from deployments.messages.jobs import EraseJob, ResultKind
from deployments.pipeline.eraser import Eraser
from models.errors import UnknownModel, WeightsUnavailable
from models.masking.regions import rectangle
from models.types import FillMode, HDStrategy, InpaintParameters, Mask
from tests.deployments.pipeline.test_eraser import Finder, Model
from tests.pictures import Pixels, decoded, encoded

ON_PAPER, ON_NOISE = rectangle(40, 40, 60, 16), rectangle(220, 40, 60, 16)
PAPER = (250, 244, 231)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("IOPAINT_DATA_DIR", str(tmp_path))
    return resolve(AppConfig(fallback_model="cv2"), Environment.read())


def page() -> Pixels:
    """Paper on the left, noise on the right, something black in both regions."""
    pixels = np.tile(np.array(PAPER, np.uint8), (100, 320, 1))
    pixels[:, 160:] = np.random.default_rng(0).integers(0, 256, (100, 160, 3))
    pixels[44:52, 44:96] = pixels[44:52, 224:276] = 0
    return pixels


def job(**changes: object) -> EraseJob:
    known: dict[str, object] = {"request_id": "r", "image": encoded(page()), "regions": (ON_PAPER, ON_NOISE)}
    return EraseJob(**(known | changes))  # type: ignore[arg-type]


def mask_of(*rectangles: tuple[slice, slice]) -> Mask:
    mask = np.zeros((100, 320), np.uint8)
    for one in rectangles:
        mask[one] = 255
    return mask


async def test_paper_is_fitted_and_the_model_sees_the_rest_alone(settings: Settings) -> None:
    lama = Model(10)

    erased = await Eraser(settings, {"lama": lama}).erase(job())

    result = decoded(erased.image)
    assert (result[40:56, 40:100] == PAPER).all()
    assert (result[40:56, 220:280] == 10).all()
    assert (erased.info.regions_count, erased.info.fitted_count, lama.calls) == (2, 1, 1)
    assert lama.shapes[0][1] < 160  # a window around the one region
    assert {"fit", "mask", "inpaint"} <= set(erased.info.timings_s)


async def test_where_all_is_fitted_no_forward_is_made_and_no_weights_are_needed(settings: Settings) -> None:
    lama, cv2 = Model(10, WeightsUnavailable("no weights")), Model(20)
    eraser = Eraser(settings, {"lama": lama, "cv2": cv2})

    erased = await eraser.erase(job(regions=(ON_PAPER,)))

    assert (decoded(erased.image)[:, :160] == PAPER).all()
    assert (lama.calls, cv2.calls) == (0, 0)
    assert (erased.info.model, erased.info.fallback_for, erased.info.fitted_count) == ("lama", None, 1)


async def test_a_model_that_is_not_served_is_refused_even_where_it_would_not_be_asked(settings: Settings) -> None:
    with pytest.raises(UnknownModel):
        await Eraser(settings, {"lama": Model(10)}).erase(job(regions=(ON_PAPER,), model="nope"))


@pytest.mark.parametrize(
    "changes",
    [
        {"fill": FillMode.MODEL},
        {"parameters": InpaintParameters(HDStrategy.ORIGINAL)},
        {"parameters": InpaintParameters(HDStrategy.CROP, 64, 32)},
        {"parameters": InpaintParameters(HDStrategy.RESIZE)},
    ],
    ids=["model", "Original", "Crop", "Resize"],
)
async def test_the_model_fills_all_where_it_is_asked_to_and_with_iopaints_strategies(
    settings: Settings, changes: dict[str, object]
) -> None:
    erased = await Eraser(settings, {"lama": Model(10)}).erase(job(**changes))

    result = decoded(erased.image)
    assert (result[40:56, 40:100] == 10).all()
    assert (result[40:56, 220:280] == 10).all()
    assert erased.info.fitted_count == 0
    assert "fit" not in erased.info.timings_s


async def test_a_strategy_of_iopaints_is_no_bar_to_a_fit_that_is_asked_for(settings: Settings) -> None:
    parameters = InpaintParameters(HDStrategy.ORIGINAL)

    erased = await Eraser(settings, {"lama": Model(10)}).erase(job(parameters=parameters, fill=FillMode.AUTO))

    assert erased.info.fitted_count == 1


async def test_of_a_mask_its_separate_areas_are_counted(settings: Settings) -> None:
    # Given: two areas on paper, one on noise
    mask = mask_of(np.s_[40:44, 20:40], np.s_[70:74, 20:40], np.s_[40:56, 220:280])

    erased = await Eraser(settings, {"lama": Model(10)}).erase(job(regions=(), mask=encoded(mask)))

    assert (erased.info.regions_count, erased.info.fitted_count) == (3, 2)


async def test_pixels_are_added_to_a_mask_as_to_regions(settings: Settings) -> None:
    eraser = Eraser(settings, {"lama": Model(10)})
    mask = mask_of(np.s_[40:56, 220:280])

    by_mask = await eraser.erase(job(regions=(), mask=encoded(mask), dilation_px=3))
    by_region = await eraser.erase(job(regions=(ON_NOISE,), dilation_px=3))

    assert by_mask.info.total_area_px == by_region.info.total_area_px == 66 * 22
    np.testing.assert_array_equal(decoded(by_mask.image), decoded(by_region.image))


async def test_the_mask_can_be_had_as_a_picture(settings: Settings) -> None:
    erased = await Eraser(settings, {"lama": Model(10)}).erase(job(result=ResultKind.MASK))

    assert erased.info.media_type == "image/png"
    np.testing.assert_array_equal(decoded(erased.image), mask_of(np.s_[40:56, 40:100], np.s_[40:56, 220:280]))


async def test_a_layer_laid_over_the_picture_gives_the_result(settings: Settings) -> None:
    eraser = Eraser(settings, {"lama": Model(10)})

    result, layer = [
        decoded((await eraser.erase(job(result=kind))).image) for kind in (ResultKind.IMAGE, ResultKind.LAYER)
    ]

    alpha = layer[..., 3]
    np.testing.assert_array_equal(alpha, mask_of(np.s_[40:56, 40:100], np.s_[40:56, 220:280]))
    np.testing.assert_array_equal(np.where(alpha[..., None] > 0, layer[..., :3], page()), result)
    assert not layer[alpha == 0].any()


@pytest.mark.parametrize(("kind", "channels"), [(ResultKind.MASK, 0), (ResultKind.LAYER, 4)])
async def test_where_no_text_was_found_mask_and_layer_are_empty(
    settings: Settings, kind: ResultKind, channels: int
) -> None:
    eraser = Eraser(settings, {"lama": Model(10)}, Finder())

    erased = await eraser.erase(job(regions=(), detect=True, result=kind))

    empty = decoded(erased.image)
    assert empty.shape == ((100, 320, channels) if channels else (100, 320))
    assert not empty.any()
    assert erased.info.media_type == "image/png"
