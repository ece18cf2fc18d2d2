"""What happens to text that can still be read after the first fill."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import numpy as np
import pytest

from deployments.config.settings import AppConfig, Environment, Settings, resolve
from deployments.messages.jobs import Detection, Erased, EraseJob, Filled
from deployments.pipeline.eraser import Eraser
from models.masking.regions import rectangle
from models.types import FillMode, Image, InpaintParameters, Mask, MaskMode, Progress, Region
from tests.pictures import decoded, encoded

PAPER, GHOST = 200, 90
REGION = rectangle(50, 30, 290, 46)
"""Ends 2 px above the feet of the letters."""


def bars() -> Image:
    pixels = np.full((120, 400, 3), PAPER, np.uint8)
    for left in range(60, 320, 26):
        pixels[40:78, left : left + 8] = 20
    return pixels


class Fading:
    """Fills with one grey after the other; the last one goes on."""

    def __init__(self, *greys: int) -> None:
        self.greys = list(greys)

    async def inpaint(
        self, job_id: str, image: Image, mask: Mask, parameters: InpaintParameters, deadline: float | None
    ) -> Filled:
        grey = self.greys.pop(0) if len(self.greys) > 1 else self.greys[0]
        return Filled(np.full_like(image, grey), 0.0)

    async def inpaint_in_steps(
        self, job_id: str, image: Image, mask: Mask, parameters: InpaintParameters, deadline: float | None
    ) -> AsyncGenerator[Progress | Filled]:
        yield await self.inpaint(job_id, image, mask, parameters, deadline)

    async def stop(self, job_id: str) -> None:
        pass


class Reader:
    """Reads every region the first `times` times."""

    def __init__(self, times: int) -> None:
        self.times = times

    async def detect(self, image: Image, min_confidence: float, deadline: float | None) -> Detection:
        raise AssertionError("the regions are given")

    async def readable(self, image: Image, regions: tuple[Region, ...], deadline: float | None) -> tuple[int, ...]:
        self.times -= 1
        return tuple(range(len(regions))) if self.times >= 0 else ()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("IOPAINT_DATA_DIR", str(tmp_path))
    return resolve(AppConfig(fallback_model=""), Environment.read())


async def erased(settings: Settings, model: Fading, reader: Reader) -> tuple[Erased, list[Progress]]:
    job = EraseJob(
        request_id="r", image=encoded(bars()), regions=(REGION,), mask_mode=MaskMode.STROKES, fill=FillMode.MODEL
    )
    said: list[Progress] = []
    async with aclosing(Eraser(settings, {"lama": model}, reader).erase_in_steps(job)) as steps:
        async for item in steps:
            if isinstance(item, Erased):
                return item, said
            said.append(item)
    raise AssertionError("no result")


async def test_a_ghost_is_filled_again_by_its_strokes_and_no_box_is_needed(settings: Settings) -> None:
    # Given: the first fill leaves the letters in another grey
    result, said = await erased(settings, Fading(GHOST, PAPER), Reader(1))

    # Then
    assert result.info.stroke_fallbacks == 0
    assert result.info.total_area_px < 290 * 46 * 0.6
    assert (decoded(result.image) == PAPER).all()
    assert [item.done for item in said if item.stage == "inpainting"] == [0, 1, 0, 1]


async def test_a_ghost_that_stays_becomes_a_box_and_no_letter_is_cut_at_its_border(settings: Settings) -> None:
    result, _ = await erased(settings, Fading(GHOST, GHOST, PAPER), Reader(9))

    assert result.info.stroke_fallbacks == 1
    assert result.info.total_area_px > 290 * 46
    assert (decoded(result.image) == PAPER).all()


async def test_where_the_detector_reads_and_no_stroke_shows_there_is_no_box(settings: Settings) -> None:
    result, _ = await erased(settings, Fading(PAPER), Reader(9))

    assert result.info.stroke_fallbacks == 0
    assert result.info.total_area_px < 290 * 46 * 0.6
