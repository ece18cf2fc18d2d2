import asyncio
import weakref
from collections.abc import AsyncGenerator

import numpy as np
import pytest

from deployments.messages.jobs import Filled
from deployments.pipeline.fanout import FinishedWindow, fan_out
from models.errors import InferenceFailed
from models.planning.plan import PlanLimits, Window, plan
from models.registry import facts
from models.types import Image, InpaintParameters, Mask, Progress


class Model:
    """Fills with one grey; notes every call, can hold calls or fail one."""

    def __init__(self, *, fail_at: int | None = None, hold: bool = False, ready_at: float = 0.0) -> None:
        self.started = 0
        self.running = 0
        self.most_running = 0
        self.stopped: list[str] = []
        self._fail_at = fail_at
        self._hold = hold
        self._ready_at = ready_at

    async def inpaint(
        self, job_id: str, image: Image, mask: Mask, parameters: InpaintParameters, deadline: float | None
    ) -> Filled:
        self.started += 1
        number = self.started
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await asyncio.sleep(3600 if self._hold else 0.001)
            if number == self._fail_at:
                raise InferenceFailed("the model failed")
            return Filled(np.full_like(image, 127), self._ready_at)
        finally:
            self.running -= 1

    async def inpaint_in_steps(
        self, job_id: str, image: Image, mask: Mask, parameters: InpaintParameters, deadline: float | None
    ) -> AsyncGenerator[Progress | Filled]:
        yield Progress("inpainting", 1, 2)
        yield Progress("inpainting", 2, 2)
        yield await self.inpaint(job_id, image, mask, parameters, deadline)

    async def stop(self, job_id: str) -> None:
        self.stopped.append(job_id)


def six_windows() -> tuple[Image, Mask, tuple[Window, ...]]:
    image = np.zeros((1200, 1800, 3), np.uint8)
    mask = np.zeros((1200, 1800), np.uint8)
    for row in range(2):
        for column in range(3):
            mask[100 + row * 600 : 130 + row * 600, 100 + column * 600 : 180 + column * 600] = 255
    windows = plan(mask, facts("lama"), InpaintParameters(), PlanLimits())
    assert len(windows) == 6
    return image, mask, windows


def run(model: Model, *, stepwise: bool = False, ahead: int = 16) -> AsyncGenerator[FinishedWindow | Progress]:
    image, mask, windows = six_windows()
    return fan_out(
        model, "job", image, mask, windows, InpaintParameters(), stepwise=stepwise, deadline=None, ahead=ahead
    )


async def test_every_window_comes_back_once_and_nothing_has_to_be_stopped() -> None:
    model = Model()

    finished = [event async for event in run(model) if isinstance(event, FinishedWindow)]

    assert sorted(event.window.index for event in finished) == list(range(6))
    assert model.started == 6
    assert model.stopped == []


async def test_no_more_windows_are_under_way_than_allowed() -> None:
    model = Model()

    assert len([event async for event in run(model, ahead=2)]) == 6

    assert model.most_running == 2


async def test_one_failing_window_ends_the_others_and_is_raised() -> None:
    model = Model(fail_at=1)

    with pytest.raises(InferenceFailed):
        _ = [event async for event in run(model, ahead=1)]

    assert model.started == 1
    assert model.running == 0
    assert model.stopped == ["job"]


async def test_closing_starts_no_further_window_and_makes_sure_that_the_devices_are_free() -> None:
    model = Model(hold=True)
    events = run(model, ahead=2)
    reading = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0.02)

    reading.cancel()
    await asyncio.wait([reading])

    assert model.started == 2
    assert model.running == 0
    assert model.stopped == ["job"]


async def test_steps_of_a_diffusion_model_are_told_as_they_happen() -> None:
    model = Model()

    events = [event async for event in run(model, stepwise=True, ahead=1)]

    assert [(e.done, e.total) for e in events if isinstance(e, Progress)] == [(1, 2), (2, 2)] * 6


async def test_the_wait_for_a_model_that_loads_is_told_apart() -> None:
    model = Model(ready_at=4_000_000_000.0)

    finished = [event async for event in run(model) if isinstance(event, FinishedWindow)]

    assert [event.load_s > 0 for event in finished] == [True] * 6


async def test_a_failure_keeps_no_image_alive_until_the_garbage_is_collected(no_garbage_collection: None) -> None:
    # Given
    alive: list[weakref.ref[Image]] = []
    # When
    for _ in range(5):
        image, mask, windows = six_windows()
        alive.append(weakref.ref(image))
        events = fan_out(
            Model(fail_at=1), "job", image, mask, windows, InpaintParameters(), stepwise=False, deadline=None, ahead=2
        )
        with pytest.raises(InferenceFailed):
            async for _event in events:
                pass
        del image, events
    # Then
    await asyncio.sleep(0)
    assert [image() for image in alive if image() is not None] == []
