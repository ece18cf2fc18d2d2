"""The model replica: runs windows of one model through a continuous batcher."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass

import numpy as np

from deployments import metrics
from deployments.config.logs import configure_logging
from deployments.config.settings import ModelConfig, Settings
from deployments.errors import DeadlineExceeded
from deployments.inference.batcher import Batcher, Ticket
from deployments.inference.loading import LoadingModel
from deployments.messages.jobs import Filled
from deployments.messages.ports import ModelReports
from models.base import OnDevice
from models.errors import Cancelled, InferenceFailed, OutOfDeviceMemory, TextRemovalError
from models.planning.padding import pad, padded_shape, unpad
from models.types import Image, Images, InpaintParameters, Mask, Masks, Progress, StepCallback

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Crop:
    """One window as the model will see it, before padding."""

    job_id: str
    image: Image
    mask: Mask
    parameters: InpaintParameters
    on_step: Callable[[int, int], None] | None = None


class Inpainter:
    """Serves one model; its calls raise ModelUnavailable as long as that cannot be loaded."""

    def __init__(self, config: ModelConfig, settings: Settings, reports: ModelReports, replica_id: str = "") -> None:
        configure_logging(settings.log_level, settings.log_format)
        self.facts = config.model_facts
        self._batcher = Batcher(
            self._forward,
            max_pixels=config.max_batch_pixels,
            max_items=config.max_batch_items if self.facts.batchable else 1,
        )
        self._loading = LoadingModel(config, settings, self._batcher, reports, replica_id)
        self._count_windows = metrics.counter("windows_total", "Windows run", "model")
        self._time_forward = metrics.histogram("forward_seconds", "One forward", metrics.SECONDS, "model")
        self._file_batch = metrics.histogram("batch_windows", "Windows in one forward", metrics.ITEMS, "model")
        self._count_full = metrics.counter("out_of_memory_total", "Forwards that did not fit on the device", "model")

    async def inpaint(
        self, job_id: str, image: Image, mask: Mask, parameters: InpaintParameters, deadline: float | None = None
    ) -> Filled:
        """Fill one window: `image` (h, w, 3), `mask` (h, w); returns the same shape. Waits while the model loads.

        Raises: ModelUnavailable, DeadlineExceeded, InferenceFailed.
        """
        return Filled(await self._submit(Crop(job_id, image, mask, parameters), deadline), self._loading.ready_at)

    async def inpaint_in_steps(
        self, job_id: str, image: Image, mask: Mask, parameters: InpaintParameters, deadline: float | None = None
    ) -> AsyncGenerator[Progress | Filled]:
        """As `inpaint`, but yields a Progress per step of a diffusion model, then the image."""
        loop = asyncio.get_running_loop()
        steps: asyncio.Queue[Progress] = asyncio.Queue()

        def on_step(done: int, total: int) -> None:
            loop.call_soon_threadsafe(steps.put_nowait, Progress("inpainting", done, total))

        work = asyncio.create_task(self._submit(Crop(job_id, image, mask, parameters, on_step), deadline))
        try:
            while not work.done():
                step = asyncio.create_task(steps.get())
                await asyncio.wait([work, step], return_when=asyncio.FIRST_COMPLETED)
                if step.done():
                    yield step.result()
                else:
                    step.cancel()
            while not steps.empty():  # told while this loop was busy, before the work was done
                yield steps.get_nowait()
            yield Filled(await work, self._loading.ready_at)
        finally:
            if not work.done():
                work.cancel()
                await asyncio.wait([work])

    async def stop(self, job_id: str) -> None:
        """End the windows of one job; returns when the device is free of them."""
        await self._batcher.stop(job_id)

    async def close(self) -> None:
        await self._loading.close()
        await self._batcher.close()

    async def _submit(self, crop: Crop, deadline: float | None) -> Image:
        await self._loading.ready(deadline)
        height, width = padded_shape(crop.mask.shape[0], crop.mask.shape[1], self.facts)
        kind = (height, width, *(getattr(crop.parameters, name) for name in self.facts.parameters))
        try:
            return await self._batcher.submit(
                crop, kind=kind, pixels=height * width, owner=crop.job_id, deadline=deadline
            )
        except TextRemovalError:
            raise
        except Exception as error:
            log.exception("model %s failed on a %dx%d window", self.facts.name, width, height)
            raise InferenceFailed(f"the model {self.facts.name} failed on a window of {width}x{height}") from error

    def _forward(self, tickets: Sequence[Ticket[Crop, Image]]) -> Sequence[Image]:
        """One forward of windows of one padded shape; runs in the inference thread."""
        crops = [ticket.item for ticket in tickets]
        height, width = padded_shape(crops[0].mask.shape[0], crops[0].mask.shape[1], self.facts)
        images = np.stack([pad(crop.image, height, width) for crop in crops])
        masks = np.stack([pad(crop.mask, height, width) for crop in crops])

        def on_step(done: int, total: int) -> None:
            if all(ticket.cancelled for ticket in tickets):
                raise Cancelled("the work was cancelled between two steps")
            if all(ticket.deadline is not None and ticket.deadline <= time.time() for ticket in tickets):
                raise DeadlineExceeded("the deadline passed between two steps of the model")
            for crop in crops:
                if crop.on_step is not None:
                    crop.on_step(done, total)

        started = time.perf_counter()
        results = self._fill(images, masks, crops[0].parameters, on_step)
        self._note_forward(len(crops), time.perf_counter() - started)
        return [
            unpad(result, crop.mask.shape[0], crop.mask.shape[1]) for result, crop in zip(results, crops, strict=True)
        ]

    def _fill(self, images: Images, masks: Masks, parameters: InpaintParameters, on_step: StepCallback) -> Images:
        """If the device is full, batches are half as large from now on. The batcher runs the halves of this one; a
        window that is alone runs on the CPU, if the model can. Raises: OutOfDeviceMemory otherwise."""
        model = self._loading.model
        try:
            return model.inpaint(images, masks, parameters, on_step)
        except OutOfDeviceMemory as error:
            self._count_full(1, {"model": self.facts.name})
            smaller = max(masks.size // 2, masks[0].size)
            if smaller < self._batcher.max_pixels:
                log.warning("model %s: at most %d pixels at once from now on (%s)", self.facts.name, smaller, error)
                self._batcher.max_pixels = smaller
            if len(masks) > 1 or not isinstance(model, OnDevice):
                raise
        return model.inpaint_on_cpu(images, masks, parameters)

    def _note_forward(self, windows: int, seconds: float) -> None:
        self._loading.count(windows)
        tags = {"model": self.facts.name}
        self._count_windows(windows, tags)
        self._time_forward(seconds, tags)
        self._file_batch(windows, tags)
