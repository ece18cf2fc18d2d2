"""Send the windows of one image to a model deployment and give them back as they finish."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from deployments.messages.jobs import Filled
from deployments.messages.ports import WindowModel
from models.planning.plan import Window, cut
from models.types import Image, InpaintParameters, Mask, Progress


@dataclass(frozen=True, slots=True)
class FinishedWindow:
    """`load_s`: the part of the wait that was the model's loading."""

    window: Window
    image: Image
    load_s: float


async def fan_out(
    model: WindowModel,
    job_id: str,
    image: Image,
    mask: Mask,
    windows: Sequence[Window],
    parameters: InpaintParameters,
    *,
    stepwise: bool,
    deadline: float | None,
    ahead: int,
) -> AsyncGenerator[FinishedWindow | Progress]:
    """Yield every window once, in the order they finish; `stepwise` adds a Progress per diffusion step.

    At most `ahead` windows are under way. The first failure ends all others and is raised; closing the iterator ends
    them too, and returns when no device works on them any more.
    """
    events: asyncio.Queue[FinishedWindow | Progress | BaseException] = asyncio.Queue()
    room = asyncio.Semaphore(ahead)
    failed = False

    async def run(window: Window) -> None:
        nonlocal failed
        try:
            async with room:
                if failed:
                    return
                crop, crop_mask = cut(image, mask, window)
                sent = time.time()
                if stepwise:
                    filled = await _in_steps(model, job_id, crop, crop_mask, parameters, deadline, events.put_nowait)
                else:
                    filled = await model.inpaint(job_id, crop, crop_mask, parameters, deadline)
            events.put_nowait(FinishedWindow(window, filled.image, max(0.0, filled.ready_at - sent)))
        except Exception as error:  # handed on to the consumer below, whatever it is
            failed = True
            events.put_nowait(error)

    tasks = [asyncio.create_task(run(window)) for window in windows]
    try:
        left = len(tasks)
        while left:
            event = await events.get()
            if isinstance(event, BaseException):
                try:
                    raise event
                finally:
                    del event  # it would hold this frame by its traceback, and the frame the image, until gc comes
            yield event
            left -= isinstance(event, FinishedWindow)
    finally:
        unfinished = [task for task in tasks if not task.done()]
        for task in unfinished:
            task.cancel()
        if unfinished:
            await asyncio.gather(*unfinished, return_exceptions=True)
            await model.stop(job_id)


async def _in_steps(
    model: WindowModel,
    job_id: str,
    crop: Image,
    crop_mask: Mask,
    parameters: InpaintParameters,
    deadline: float | None,
    tell: Callable[[Progress], None],
) -> Filled:
    async with aclosing(model.inpaint_in_steps(job_id, crop, crop_mask, parameters, deadline)) as items:
        async for item in items:
            if isinstance(item, Filled):
                return item
            tell(item)
    raise AssertionError("the model ended without a result")
