"""The pipeline in process: real images and plans, stand-ins for the model and detector deployments."""

import asyncio
import io
import threading
import time
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from deployments.config.settings import AppConfig, Environment, PlannerConfig, Settings, resolve
from deployments.errors import ResultExpired, StoreUnavailable
from deployments.messages.jobs import DetectedText, Detection, DetectJob, Erased, EraseJob, Filled, OutputFormat
from deployments.pipeline import filler as filler_module
from deployments.pipeline.eraser import Eraser
from deployments.storage.blobs import input_key, open_blobs, result_key
from deployments.storage.codecs import dump_job
from models.codec import images
from models.errors import Cancelled, InvalidRequest, UnknownModel, WeightsUnavailable
from models.masking import masks, regions, strokes
from models.masking.regions import rectangle
from models.types import FillMode, Image, InpaintParameters, Mask, MaskMode, Progress, Region
from tests.pictures import decoded, encoded, photo

REGION = rectangle(100, 80, 60, 30)


class Model:
    """Answers with one grey, or with an error."""

    def __init__(self, grey: int, error: Exception | None = None) -> None:
        self.grey = grey
        self.error = error
        self.calls = 0
        self.parameters: list[InpaintParameters] = []
        self.shapes: list[tuple[int, ...]] = []

    async def inpaint(
        self, job_id: str, image: Image, mask: Mask, parameters: InpaintParameters, deadline: float | None
    ) -> Filled:
        self.calls += 1
        self.parameters.append(parameters)
        self.shapes.append(mask.shape)
        if self.error is not None:
            raise self.error
        return Filled(np.full_like(image, self.grey), 0.0)

    async def inpaint_in_steps(
        self, job_id: str, image: Image, mask: Mask, parameters: InpaintParameters, deadline: float | None
    ) -> AsyncGenerator[Progress | Filled]:
        yield Progress("inpainting", 1, 1)
        yield await self.inpaint(job_id, image, mask, parameters, deadline)

    async def stop(self, job_id: str) -> None:
        pass


class Finder:
    """Finds what it is told to find; what it can still read it says once."""

    def __init__(self, found: tuple[Region, ...] = (), still_readable: tuple[int, ...] = ()) -> None:
        self.found = found
        self.still_readable = still_readable
        self.looked_again = 0

    async def detect(self, image: Image, min_confidence: float, deadline: float | None) -> Detection:
        return Detection(tuple(DetectedText(r.points, 0.9) for r in self.found), image.shape[1], image.shape[0])

    async def readable(self, image: Image, regions: tuple[Region, ...], deadline: float | None) -> tuple[int, ...]:
        self.looked_again += 1
        return self.still_readable


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("IOPAINT_DATA_DIR", str(tmp_path))
    return resolve(AppConfig(fallback_model="cv2"), Environment.read())


def job(**changes: object) -> EraseJob:
    return EraseJob(**({"request_id": "r", "image": encoded(photo()), "regions": (REGION,)} | changes))  # type: ignore[arg-type]


async def test_the_file_says_how_much_context_a_window_gets(settings: Settings) -> None:
    # Given
    app = settings.app.model_copy(update={"planner": PlannerConfig(margin_floor_px=64, bucket_ratio=1)})
    usual, wide = Model(10), Model(10)

    # When
    await Eraser(settings, {"lama": usual, "cv2": usual}).erase(job())
    await Eraser(settings.model_copy(update={"app": app}), {"lama": wide, "cv2": wide}).erase(job())

    # Then: the region is 60x30
    assert usual.shapes == [(80, 112)]
    assert wide.shapes == [(160, 192)]


async def test_the_default_model_fills_the_regions_and_nothing_else(settings: Settings) -> None:
    lama, cv2 = Model(10), Model(20)

    erased = await Eraser(settings, {"lama": lama, "cv2": cv2}).erase(job())

    result, pixels = decoded(erased.image), photo()
    assert (result[80:110, 100:160] == 10).all()
    result = result.copy()
    result[80:110, 100:160] = pixels[80:110, 100:160]
    assert np.array_equal(result, pixels)
    assert (erased.info.model, erased.info.fallback_for, cv2.calls) == ("lama", None, 0)
    assert (erased.info.regions_count, erased.info.total_area_px) == (1, 1800)
    assert set(erased.info.timings_s) >= {"queue", "decode", "inpaint", "encode"}


async def test_the_fallback_answers_for_the_default_model_and_says_so(settings: Settings) -> None:
    lama, cv2 = Model(10, WeightsUnavailable("no weights")), Model(20)
    eraser = Eraser(settings, {"lama": lama, "cv2": cv2})

    first = await eraser.erase(job())
    second = await eraser.erase(job())

    assert (first.info.model, first.info.fallback_for) == ("cv2", "lama")
    assert (second.info.model, second.info.fallback_for) == ("cv2", "lama")
    assert lama.calls == 1  # it has just said that it cannot


async def test_a_model_asked_for_by_name_has_no_fallback_unless_it_is_the_default(settings: Settings) -> None:
    lama, cv2 = Model(10), Model(20, WeightsUnavailable("no weights"))

    with pytest.raises(WeightsUnavailable):
        await Eraser(settings, {"lama": lama, "cv2": cv2}).erase(job(model="cv2"))
    with pytest.raises(UnknownModel):
        await Eraser(settings, {"lama": lama, "cv2": cv2}).erase(job(model="nope"))


async def test_progress_counts_finished_windows(settings: Settings) -> None:
    regions = tuple(rectangle(40 + 200 * column, 40, 30, 20) for column in range(4))
    eraser = Eraser(settings, {"lama": Model(10), "cv2": Model(20)})

    items = [item async for item in eraser.erase_in_steps(job(image=encoded(photo(900, 200)), regions=regions))]

    told = [(item.stage, item.done, item.total) for item in items if isinstance(item, Progress)]
    windows = told[-2][2]
    assert told[0] == ("preparing", 0, 1)
    assert [done for stage, done, _ in told if stage == "inpainting"] == list(range(windows + 1))
    assert told[-1] == ("finalizing", 0, 1)
    assert isinstance(items[-1], Erased)


async def test_progress_counts_the_regions_whose_windows_have_all_finished(settings: Settings) -> None:
    # Given three regions in one window and one far away in another
    near, far = [rectangle(40 + 40 * column, 40, 30, 20) for column in range(3)], rectangle(840, 40, 30, 20)
    eraser = Eraser(settings, {"lama": Model(10), "cv2": Model(20)})

    # When
    steps = eraser.erase_in_steps(job(image=encoded(photo(900, 200)), regions=(*near, far)))
    told = [item async for item in steps if isinstance(item, Progress) and item.stage == "inpainting"]

    # Then
    assert [(item.done, item.total, item.regions) for item in told] == [(0, 2, 4), (1, 2, 4), (2, 2, 4)]
    assert told[0].regions_done == 0
    assert told[1].regions_done in (1, 3)
    assert told[2].regions_done == 4


async def test_an_image_without_text_comes_back_byte_for_byte_if_it_has_the_format_asked_for(
    settings: Settings,
) -> None:
    image = encoded(photo(), "JPEG", quality=80)
    lama = Model(10)
    wanted = job(image=image, regions=(), detect=True, output_format=OutputFormat.JPEG)

    erased = await Eraser(settings, {"lama": lama}, Finder()).erase(wanted)

    assert erased.image == image
    assert (erased.info.media_type, erased.info.regions_count, lama.calls) == ("image/jpeg", 0, 0)
    assert erased.info.model == "none"


@pytest.mark.parametrize("format", [OutputFormat.PNG, OutputFormat.WEBP, OutputFormat.AVIF])
async def test_an_image_without_text_comes_in_the_format_asked_for(settings: Settings, format: OutputFormat) -> None:
    image = encoded(photo(), "JPEG", quality=80)
    wanted = job(image=image, regions=(), detect=True, output_format=format)

    erased = await Eraser(settings, {"lama": Model(10)}, Finder()).erase(wanted)

    assert erased.info.media_type == format.media_type
    assert Pillow.open(io.BytesIO(erased.image)).format == format.value.upper()


async def test_a_result_compressed_as_its_input_is_about_as_large(settings: Settings) -> None:
    image = encoded(photo(900, 700), "JPEG", quality=60)
    plain = job(image=image, output_format=OutputFormat.JPEG)
    eraser = Eraser(settings, {"lama": Model(10)})

    alike = await eraser.erase(replace(plain, like_input=True))
    told = await eraser.erase(replace(plain, like_input=True, output_quality=95))

    assert 0.8 < len(alike.image) / len(image) < 1.2
    assert len(told.image) > 1.5 * len(image)


async def test_the_page_asked_for_is_erased_and_the_number_of_pages_told(settings: Settings) -> None:
    file = io.BytesIO()
    Pillow.new("RGB", (64, 48)).save(
        file, "TIFF", save_all=True, append_images=[Pillow.fromarray(photo(320, 240)), Pillow.new("L", (9, 9))]
    )

    erased = await Eraser(settings, {"lama": Model(10)}).erase(job(image=file.getvalue(), page=1))

    assert (erased.info.width, erased.info.height, erased.info.pages) == (320, 240, 3)


async def test_found_text_is_erased(settings: Settings) -> None:
    finder = Finder(found=(REGION,))

    erased = await Eraser(settings, {"lama": Model(10)}, finder).erase(job(regions=(), detect=True))

    assert erased.info.regions_count == 1
    assert (decoded(erased.image)[82:108, 102:158] == 10).all()
    assert finder.looked_again == 0


async def test_what_is_to_be_kept_is_not_touched_nor_text_found_in_it(settings: Settings) -> None:
    # Given
    kept, cut = rectangle(20, 20, 40, 20), rectangle(100, 80, 60, 30)
    finder = Finder((kept, cut), still_readable=(0,))
    eraser = Eraser(settings, {"lama": Model(10), "cv2": Model(20)}, finder)
    keep = (rectangle(15, 15, 60, 40), rectangle(140, 70, 60, 60))

    # When
    erased = await eraser.erase(job(regions=(), detect=True, keep=keep, dilation_px=4, verify=True))

    # Then
    changed = (decoded(erased.image) != photo()).any(axis=2)
    assert finder.looked_again == 1
    assert changed[80:110, 100:140].all()
    assert not changed[15:55, 15:75].any()
    assert not changed[70:130, 140:200].any()
    assert erased.info.regions_count == 1


@pytest.mark.parametrize("where", [{"regions": (REGION,)}, {"regions": (), "mask": encoded(photo())}])
async def test_what_is_to_be_kept_is_kept_wherever_the_mask_came_from(
    settings: Settings, where: dict[str, object]
) -> None:
    # Given
    height, width = photo().shape[:2]
    if "mask" in where:
        where["mask"] = encoded(np.repeat(masks.rasterise([REGION], width, height)[..., None], 3, axis=2))

    # When
    erased = await Eraser(settings, {"lama": Model(10), "cv2": Model(20)}).erase(
        job(**where, keep=(rectangle(90, 70, 40, 60),))
    )

    # Then
    changed = (decoded(erased.image) != photo()).any(axis=2)
    assert changed[80:110, 130:160].all()
    assert not changed[:, :130].any()


async def test_text_is_looked_for_only_where_the_client_says(settings: Settings) -> None:
    # Given
    left, right = rectangle(20, 20, 40, 20), rectangle(100, 80, 60, 30)
    eraser = Eraser(settings, {"lama": Model(10), "cv2": Model(20)}, Finder((left, right)))
    here = (rectangle(90, 0, 90, 200),)

    # When
    erased = await eraser.erase(job(regions=(), detect=True, within=here))
    found = await eraser.detect(DetectJob("r", encoded(photo()), within=here))

    # Then
    changed = (decoded(erased.image) != photo()).any(axis=2)
    assert changed[80:110, 100:160].all()
    assert not changed[:, :90].any()
    assert [text.points for text in found.texts] == [right.points]


async def test_a_region_that_can_still_be_read_is_filled_as_a_box_once(settings: Settings) -> None:
    finder, lama = Finder(still_readable=(0,)), Model(10)

    erased = await Eraser(settings, {"lama": lama}, finder).erase(job(verify=True))

    assert finder.looked_again == 1
    assert erased.info.stroke_fallbacks == 1
    assert lama.calls == 2


async def test_without_a_detector_it_says_so(settings: Settings) -> None:
    with pytest.raises(InvalidRequest, match="without a text detector"):
        await Eraser(settings, {"lama": Model(10)}).erase(job(regions=(), detect=True))


async def test_strokes_are_filled_and_the_rest_of_their_box_is_not(settings: Settings) -> None:
    # Given ten bars, and a model that fills with another grey than their ground
    pixels = np.full((120, 400, 3), 200, np.uint8)
    for left in range(60, 320, 26):
        pixels[40:76, left : left + 8] = 20
    region = rectangle(50, 30, 290, 56)

    # When
    erased = await Eraser(settings, {"lama": Model(190)}).erase(
        job(image=encoded(pixels), regions=(region,), mask_mode=MaskMode.STROKES, fill=FillMode.MODEL)
    )

    # Then
    result = decoded(erased.image)
    assert erased.info.stroke_fallbacks == 0
    assert 10 * 36 * 8 <= erased.info.total_area_px < 290 * 56 / 2
    assert np.count_nonzero((result == 190).all(axis=2)) == erased.info.total_area_px
    assert set(np.unique(result)) == {190, 200}


async def test_a_task_reads_its_job_from_and_leaves_its_image_in_the_blob_store(settings: Settings) -> None:
    blobs = open_blobs(settings.blob_store_url)
    await blobs.put(input_key("t", "d"), dump_job(job()))
    eraser = Eraser(settings, {"lama": Model(10)})

    items = [item async for item in eraser.run_task("t", "d", 1)]

    assert items[-1].model == "lama"  # type: ignore[union-attr]
    assert (decoded(await blobs.get(result_key("t", "d", 1)))[85, 105] == 10).all()
    await asyncio.wait_for(eraser.task_ended("t", 1), 1)
    with pytest.raises(ResultExpired):
        _ = [item async for item in eraser.run_task("unknown", "d", 1)]


async def test_a_job_of_another_release_waits_for_that(settings: Settings) -> None:
    blobs = open_blobs(settings.blob_store_url)
    await blobs.put(input_key("t", "d"), dump_job(job()).replace(b'"version": 1', b'"version": 2'))
    eraser = Eraser(settings, {"lama": Model(10)})

    with pytest.raises(StoreUnavailable, match="another release"):
        _ = [item async for item in eraser.run_task("t", "d", 1)]


class Fencing(Model):
    """Refuses a stopped id, as a replica's batcher does. Its second window fails for want of weights while the first
    is under way."""

    def __init__(self) -> None:
        super().__init__(10)
        self.stopped: set[str] = set()

    async def inpaint(
        self, job_id: str, image: Image, mask: Mask, parameters: InpaintParameters, deadline: float | None
    ) -> Filled:
        if job_id in self.stopped:
            raise Cancelled("the work this window belongs to was cancelled")
        self.calls += 1
        if self.calls == 2:
            raise WeightsUnavailable("no weights yet")
        await asyncio.sleep(0.01)
        return Filled(np.full_like(image, self.grey), 0.0)

    async def stop(self, job_id: str) -> None:
        self.stopped.add(job_id)


async def test_looking_again_after_a_fallback_is_not_refused_as_cancelled(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given: a first pass of two windows falls back; the model is back at once
    monkeypatch.setattr(filler_module, "RECHECK_S", 0.0)
    lama, finder = Fencing(), Finder(still_readable=(0,))
    places = (rectangle(40, 40, 30, 20), rectangle(840, 40, 30, 20))
    eraser = Eraser(settings, {"lama": lama, "cv2": Model(20)}, finder)
    # When
    erased = await eraser.erase(job(image=encoded(photo(900, 200)), regions=places, verify=True))
    # Then
    assert lama.stopped
    assert (erased.info.model, erased.info.stroke_fallbacks) == ("lama", 1)


async def test_a_cancel_ends_the_reading_of_regions(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given: strokes of two hundred regions, each a slow look
    read: list[Region] = []
    begun = threading.Event()

    def slow_look(image: Image, region: Region) -> None:
        read.append(region)
        begun.set()
        time.sleep(0.01)

    monkeypatch.setattr(strokes, "_letters", slow_look)
    places = tuple(rectangle(4 * column, 10, 3, 20) for column in range(200))
    work = job(image=encoded(photo(900, 200)), regions=places, mask_mode=MaskMode.STROKES)
    erasing = asyncio.create_task(Eraser(settings, {"lama": Model(10)}).erase(work))
    await asyncio.to_thread(begun.wait, 10)
    # When
    erasing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await erasing
    # Then: it is over now, not some seconds later
    seen = len(read)
    await asyncio.sleep(0.1)
    assert len(read) == seen < 200


async def test_nothing_that_grows_with_the_image_runs_on_the_event_loop(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    here: list[str] = []
    heavy = {
        masks: ("rasterise", "union", "count_areas", "masked_area", "dilate"),
        regions: ("validate",),
        images: ("decode", "encode"),
        filler_module: ("fitted", "plan"),
    }
    for module, names in heavy.items():
        for name in names:
            real = getattr(module, name)

            def watched(*arguments: Any, real: Any = real, name: str = name, **options: Any) -> Any:
                if threading.current_thread() is threading.main_thread():
                    here.append(name)
                return real(*arguments, **options)

            monkeypatch.setattr(module, name, watched)
    # When: with a second look, and with a mask
    finder = Finder(still_readable=(0,))
    await Eraser(settings, {"lama": Model(10)}, finder).erase(job(verify=True))
    mask = np.zeros(photo().shape[:2], np.uint8)
    mask[10:20, 10:20] = 255
    await Eraser(settings, {"lama": Model(10)}).erase(job(regions=(), mask=encoded(mask)))
    # Then
    assert here == []
