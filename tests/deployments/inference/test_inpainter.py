"""The model replica in process, with the real cv2 model and real loading."""

import asyncio
import threading
import time
import weakref
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from deployments.config.settings import AppConfig, Environment, ModelConfig, OwnFacts, Resources, Settings, resolve
from deployments.errors import DeadlineExceeded
from deployments.inference.inpainter import Inpainter
from deployments.messages.jobs import Filled, ModelState, ModelStatus
from models.base import LoadOptions, ModelFacts
from models.errors import InferenceFailed, OutOfDeviceMemory, WeightsUnavailable
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

    await replica._loading.report()
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
    replica._loading._model = Failing()

    with pytest.raises(InferenceFailed) as caught:
        await replica.inpaint("job", photo(80, 60), hole(), InpaintParameters())

    assert "passwd" not in caught.value.message
    await replica.close()


async def test_no_step_is_lost_when_the_model_is_faster_than_its_listener(settings: Settings) -> None:
    class Quick:
        def inpaint(
            self, images: Images, masks: Masks, parameters: InpaintParameters, on_step: StepCallback | None = None
        ) -> Images:
            for step in range(50):
                if on_step is not None:
                    on_step(step + 1, 50)
            return images

    replica = Inpainter(ModelConfig(name="cv2"), settings, Reports())
    await replica.inpaint("job", photo(80, 60), hole(), InpaintParameters())
    replica._loading._model = Quick()

    items = [item async for item in replica.inpaint_in_steps("a", photo(80, 60), hole(), InpaintParameters())]

    assert [item.done for item in items if not isinstance(item, Filled)] == list(range(1, 51))
    await replica.close()


async def test_steps_are_told_and_a_cancel_between_them_ends_the_forward(settings: Settings) -> None:
    replica = Inpainter(ModelConfig(name="cv2"), settings, Reports())
    await replica.inpaint("job", photo(80, 60), hole(), InpaintParameters())
    replica._loading._model = Stepping()

    items = [item async for item in replica.inpaint_in_steps("a", photo(80, 60), hole(), InpaintParameters())]
    assert [item.done for item in items if not isinstance(item, Filled)] == [1, 2, 3, 4]
    assert isinstance(items[-1], Filled)

    steps = replica.inpaint_in_steps("b", photo(80, 60), hole(), InpaintParameters())
    await anext(steps)
    await steps.aclose()
    forwards = replica._loading._forwards
    await asyncio.wait_for(replica.stop("b"), 5)
    assert replica._loading._forwards == forwards  # the forward was broken off, not finished
    await replica.close()


async def test_a_deadline_between_two_steps_ends_the_forward(settings: Settings) -> None:
    class Endless:
        def inpaint(
            self, images: Images, masks: Masks, parameters: InpaintParameters, on_step: StepCallback | None = None
        ) -> Images:
            assert on_step is not None
            for step in range(10_000):
                time.sleep(0.001)
                on_step(step + 1, 10_000)
            return images

    replica = Inpainter(ModelConfig(name="cv2"), settings, Reports())
    await replica.inpaint("job", photo(80, 60), hole(), InpaintParameters())
    replica._loading._model = Endless()

    with pytest.raises(DeadlineExceeded):
        await replica.inpaint("job", photo(80, 60), hole(), InpaintParameters(), time.time() + 0.1)

    await replica.close()


class Device:
    """A model on a device that `capacity` pixels fit on, and its warm-up says `budget`. It gives the negative."""

    def __init__(self, capacity: int, budget: int) -> None:
        self.capacity, self.budget = capacity, budget
        self.counts: list[int] = []
        self.on_cpu = 0
        self.threads: set[str] = set()
        self.hold = threading.Event()
        self.hold.set()

    def warm_up(self, max_pixels: int) -> int:
        self.threads.add(threading.current_thread().name)
        assert not self.counts
        return min(self.budget, max_pixels)

    def inpaint(
        self, images: Images, masks: Masks, parameters: InpaintParameters, on_step: StepCallback | None = None
    ) -> Images:
        self.threads.add(threading.current_thread().name)
        assert self.hold.wait(10)
        self.counts.append(len(images))
        if masks.size > self.capacity:
            raise OutOfDeviceMemory(f"{len(masks)} windows do not fit")
        return 255 - images

    def inpaint_on_cpu(self, images: Images, masks: Masks, parameters: InpaintParameters) -> Images:
        self.on_cpu += 1
        return 255 - images

    def memory_bytes(self) -> int:
        return 4711


LOADED: list[tuple[LoadOptions, Device]] = []
WINDOW = 60 * 80


def load(facts: ModelFacts, options: LoadOptions) -> Device:
    """A models.base.Loader: a device with room for two windows that thinks it has room for eight."""
    LOADED.append((options, Device(capacity=2 * WINDOW, budget=8 * WINDOW)))
    return LOADED[-1][1]


def on_device(max_batch_pixels: int = 1 << 20) -> ModelConfig:
    return ModelConfig(
        name="mine",
        loader=f"{__name__}:load",
        facts=OwnFacts(batchable=True, bf16=True),
        precision="bf16",
        resources=Resources(num_gpus=0.25),
        max_batch_pixels=max_batch_pixels,
    )


async def test_a_model_is_loaded_as_configured_and_warmed_up_before_it_is_ready(settings: Settings) -> None:
    reports = Reports()
    replica = Inpainter(on_device(), settings, reports)

    await replica.inpaint("job", photo(80, 60), hole(), InpaintParameters())

    options, device = LOADED[-1]
    assert (options.precision, options.memory_fraction) == ("bf16", 0.25)
    assert replica._batcher.max_pixels == 8 * WINDOW
    assert len(device.threads) == 1
    await replica._loading.report()
    assert reports.seen[-1].gpu_memory_bytes == 4711
    await replica.close()


async def test_a_full_device_fails_nothing_halves_the_batches_and_every_window_gets_its_own_result(
    settings: Settings,
) -> None:
    # Given
    replica = Inpainter(on_device(), settings, Reports())
    await replica.inpaint("job", photo(80, 60), hole(), InpaintParameters())
    _, device = LOADED[-1]
    images = [photo(80, 60) // (index + 1) for index in range(9)]
    # When: eight windows gather behind the first
    device.hold.clear()
    work = []
    for image in images:
        work.append(asyncio.create_task(replica.inpaint("job", image, hole(), InpaintParameters())))
        while not replica._batcher._running:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    while replica._batcher.waiting < 8:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    device.hold.set()
    filled = await asyncio.gather(*work)
    # Then
    assert device.counts == [1, 1, 8, 4, 2, 2, 4, 2, 2]
    assert all(np.array_equal(one.image, 255 - image) for one, image in zip(filled, images, strict=True))
    assert replica._batcher.max_pixels == 2 * WINDOW
    assert device.on_cpu == 0
    await replica.close()


async def test_a_window_that_does_not_fit_even_alone_runs_on_the_cpu(settings: Settings) -> None:
    replica = Inpainter(on_device(), settings, Reports())
    large = photo(240, 180)

    filled = await replica.inpaint("job", large, hole(180, 240), InpaintParameters())

    assert np.array_equal(filled.image, 255 - large)
    assert LOADED[-1][1].on_cpu == 1
    assert replica._batcher.max_pixels == 8 * WINDOW  # one window may always run: that is no reason to shrink
    await replica.close()


async def test_a_model_that_cannot_run_elsewhere_fails_the_window_alone(settings: Settings) -> None:
    class Small:
        def inpaint(
            self, images: Images, masks: Masks, parameters: InpaintParameters, on_step: StepCallback | None = None
        ) -> Images:
            raise OutOfDeviceMemory("it does not fit")

    replica = Inpainter(ModelConfig(name="cv2"), settings, Reports())
    await replica.inpaint("job", photo(80, 60), hole(), InpaintParameters())
    replica._loading._model = Small()

    with pytest.raises(OutOfDeviceMemory):
        await replica.inpaint("job", photo(80, 60), hole(), InpaintParameters())
    await replica.close()


class Watched(np.ndarray[tuple[int, ...], np.dtype[np.uint8]]):
    """An image whose death can be seen."""


async def test_calls_to_a_model_that_cannot_load_keep_nothing_alive(settings: Settings) -> None:
    # Given: the offline start of the README
    replica = Inpainter(ModelConfig(name="lama"), settings, Reports())
    with pytest.raises(WeightsUnavailable):
        await replica.inpaint("job", photo(80, 60), hole(), InpaintParameters())
    alive: list[weakref.ref[Watched]] = []
    errors: list[int] = []
    # When
    for _ in range(50):
        image = photo(80, 60).view(Watched)
        alive.append(weakref.ref(image))
        try:
            await replica.inpaint("job", image, hole(), InpaintParameters())
        except WeightsUnavailable as error:
            errors.append(id(error))
        del image
    # Then
    assert len(errors) == 50
    assert [image() for image in alive if image() is not None] == []
    await replica.close()


class Answering:
    """A batchable model whose result is the number of steps it was asked for, once `hold` is set."""

    hold = threading.Event()

    def inpaint(
        self, images: Images, masks: Masks, parameters: InpaintParameters, on_step: StepCallback | None = None
    ) -> Images:
        assert self.hold.wait(10)
        return np.full_like(images, parameters.ldm_steps)


def load_answering(facts: ModelFacts, options: LoadOptions) -> Answering:
    return Answering()


@pytest.mark.parametrize(
    ("facts", "batches"), [(OwnFacts(batchable=True), 5), (OwnFacts(batchable=True, parameters=("prompt",)), 2)]
)
async def test_windows_share_a_batch_only_if_they_agree_in_what_changes_the_result(
    settings: Settings, facts: OwnFacts, batches: int
) -> None:
    # Given: a busy model of one's own, and four windows that ask for different things
    config = ModelConfig(name="mine", loader=f"{__name__}:load_answering", facts=facts)
    replica = Inpainter(config, settings, Reports())
    Answering.hold.clear()
    work = []
    for steps in (9, 1, 2, 3, 4):
        parameters = InpaintParameters(ldm_steps=steps, hd_strategy_resize_limit=1000 + steps)
        work.append(asyncio.create_task(replica.inpaint("job", photo(80, 60), hole(), parameters)))
        while not replica._batcher._running:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    while replica._batcher.waiting < 4:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    # When
    Answering.hold.set()
    filled = await asyncio.gather(*work)
    # Then: a model that is said not to read the steps runs them in one batch
    assert replica._loading._forwards == batches
    if batches == 5:
        assert [int(one.image[0, 0, 0]) for one in filled] == [9, 1, 2, 3, 4]
    await replica.close()


def test_a_parameter_no_model_has_is_refused_with_the_ones_there_are() -> None:
    with pytest.raises(ValidationError, match="steps: there are sd_seed"):
        OwnFacts(parameters=("steps",))
