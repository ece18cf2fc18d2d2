"""The model replica in process, with the real cv2 model and real loading."""

import asyncio
import time
from pathlib import Path

import numpy as np
import pytest

from deployments.config import AppConfig, Environment, ModelConfig, Settings, resolve
from deployments.inpainter import Inpainter
from deployments.jobs import Filled, ModelState, ModelStatus
from models.errors import InferenceFailed, WeightsUnavailable
from models.types import Images, InpaintParameters, Masks, StepCallback
from tests.pictures import photo


class Reports:
    def __init__(self) -> None:
        self.seen: list[ModelStatus] = []

    async def report_model(self, replica_id: str, status: ModelStatus) -> None:
        self.seen.append(status)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("LAMA_MODEL_URL", "http://127.0.0.1:9/big-lama.pt")
    return resolve(AppConfig(), Environment.read())


def hole(height: int = 60, width: int = 80) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    mask = np.zeros((height, width), np.uint8)
    mask[20:30, 20:40] = 255
    return mask


async def test_it_loads_reports_and_fills(settings: Settings) -> None:
    reports = Reports()
    replica = Inpainter(ModelConfig(name="cv2"), settings, reports)

    before = time.time()
    filled = await replica.inpaint("job", photo(80, 60), hole(), InpaintParameters())

    assert filled.image.shape == (60, 80, 3)
    assert filled.ready_at >= before
    assert ModelState.READY in {status.state for status in reports.seen}
    await replica.close()


async def test_a_model_without_weights_says_so_and_does_not_fail_its_replica(settings: Settings) -> None:
    reports = Reports()
    replica = Inpainter(ModelConfig(name="lama"), settings, reports)

    with pytest.raises(WeightsUnavailable, match=r"big-lama\.pt"):
        await replica.inpaint("job", photo(80, 60), hole(), InpaintParameters())

    await replica._report()
    assert reports.seen[-1].state is ModelState.ERROR
    assert reports.seen[-1].reason
    await replica.close()


class Failing:
    def inpaint(
        self, images: Images, masks: Masks, parameters: InpaintParameters, on_step: StepCallback | None = None
    ) -> Images:
        raise RuntimeError("secret path /etc/passwd")


class Stepping:
    """Four steps of a diffusion model."""

    def inpaint(
        self, images: Images, masks: Masks, parameters: InpaintParameters, on_step: StepCallback | None = None
    ) -> Images:
        for step in range(4):
            time.sleep(0.02)
            if on_step is not None:
                on_step(step + 1, 4)
        return images


async def test_what_a_model_raises_is_logged_and_not_told(settings: Settings) -> None:
    replica = Inpainter(ModelConfig(name="cv2"), settings, Reports())
    await replica.inpaint("job", photo(80, 60), hole(), InpaintParameters())
    replica._model = Failing()

    with pytest.raises(InferenceFailed) as caught:
        await replica.inpaint("job", photo(80, 60), hole(), InpaintParameters())

    assert "passwd" not in caught.value.message
    await replica.close()


async def test_steps_are_told_and_a_cancel_between_them_ends_the_forward(settings: Settings) -> None:
    replica = Inpainter(ModelConfig(name="cv2"), settings, Reports())
    await replica.inpaint("job", photo(80, 60), hole(), InpaintParameters())
    replica._model = Stepping()

    items = [item async for item in replica.inpaint_in_steps("a", photo(80, 60), hole(), InpaintParameters())]
    assert [item.done for item in items if not isinstance(item, Filled)] == [1, 2, 3, 4]
    assert isinstance(items[-1], Filled)

    steps = replica.inpaint_in_steps("b", photo(80, 60), hole(), InpaintParameters())
    await anext(steps)
    await steps.aclose()
    forwards = replica._forwards
    await asyncio.wait_for(replica.stop("b"), 5)
    assert replica._forwards == forwards  # the forward was broken off, not finished
    await replica.close()
