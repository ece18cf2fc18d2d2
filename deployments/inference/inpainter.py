"""The model replica: loads one model, runs windows through a continuous batcher, reports how it is."""

import asyncio
import logging
import os
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from deployments import metrics
from deployments.config.settings import ModelConfig, Settings
from deployments.errors import DeadlineExceeded
from deployments.inference.batcher import Batcher, Ticket
from deployments.logs import configure_logging
from deployments.messages.jobs import Filled, ModelState, ModelStatus
from deployments.messages.ports import ModelReports
from models import registry
from models.base import InpaintModel, OnDevice, WarmsUp
from models.errors import Cancelled, InferenceFailed, ModelUnavailable, OutOfDeviceMemory, TextRemovalError
from models.planning.padding import pad, padded_shape, unpad
from models.types import Image, Images, InpaintParameters, Mask, Masks, Progress, StepCallback

log = logging.getLogger(__name__)

REPORT_INTERVAL_S = 2.0
RELOAD_PAUSES_S = (10.0, 300.0)
"""The first pause before loading is tried again, and the longest: each is twice the one before."""


@dataclass(frozen=True, slots=True)
class Crop:
    """One window as the model will see it, before padding."""

    job_id: str
    image: Image
    mask: Mask
    parameters: InpaintParameters
    on_step: Callable[[int, int], None] | None = None


class Inpainter:
    """Serves one model. A model that cannot be loaded does not fail the replica: its calls raise ModelUnavailable and
    loading is tried again and again, so weights that arrive later are picked up.
    """

    def __init__(self, config: ModelConfig, settings: Settings, reports: ModelReports, replica_id: str = "") -> None:
        configure_logging(settings.log_level)
        self.facts = config.model_facts
        self._config = config
        self._settings = settings
        self._reports = reports
        self._replica_id = replica_id
        device = config.device or settings.device
        self._device = "cpu" if device == "mps" and not self.facts.mps else device
        self._model: InpaintModel | None = None
        self._failure: TextRemovalError | None = None
        self._status = ModelStatus(config.name, ModelState.LOADING, self._device, replicas=1)
        self._batcher = Batcher(
            self._forward,
            max_pixels=config.max_batch_pixels,
            max_items=config.max_batch_items if self.facts.batchable else 1,
        )
        self._ready_at = 0.0
        self._forwards = 0
        self._windows = 0
        self._count_windows = metrics.counter("windows_total", "Windows run", "model")
        self._time_forward = metrics.histogram("forward_seconds", "One forward", metrics.SECONDS, "model")
        self._file_batch = metrics.histogram("batch_windows", "Windows in one forward", metrics.ITEMS, "model")
        self._count_full = metrics.counter("out_of_memory_total", "Forwards that did not fit on the device", "model")
        self._gauge_waiting = metrics.gauge("waiting_windows", "Windows that wait for the device", "model")
        self._settled = asyncio.Event()
        self._background = [asyncio.create_task(self._keep_loading()), asyncio.create_task(self._keep_reporting())]

    async def inpaint(
        self, job_id: str, image: Image, mask: Mask, parameters: InpaintParameters, deadline: float | None = None
    ) -> Filled:
        """Fill one window: `image` (h, w, 3), `mask` (h, w); returns the same shape. Waits while the model loads.

        Raises: ModelUnavailable, DeadlineExceeded, InferenceFailed.
        """
        return Filled(await self._submit(Crop(job_id, image, mask, parameters), deadline), self._ready_at)

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
            yield Filled(await work, self._ready_at)
        finally:
            if not work.done():
                work.cancel()
                await asyncio.wait([work])

    async def stop(self, job_id: str) -> None:
        """End the windows of one job; returns when the device is free of them."""
        await self._batcher.stop(job_id)

    async def close(self) -> None:
        for task in self._background:
            task.cancel()
        await self._batcher.close()

    async def _submit(self, crop: Crop, deadline: float | None) -> Image:
        await self._loaded(deadline)
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

    async def _loaded(self, deadline: float | None) -> None:
        if self._status.download is not None:
            raise ModelUnavailable(
                f"the weights of model {self.facts.name} are being downloaded ({self._status.download:.0%})",
                retry_after_s=10,
            )
        timeout = None if deadline is None else max(0.0, deadline - time.time())
        try:
            await asyncio.wait_for(self._settled.wait(), timeout)
        except TimeoutError:
            raise ModelUnavailable(f"model {self.facts.name} is still loading", retry_after_s=10) from None
        if self._model is None:
            assert self._failure is not None
            raise self._failure.again()

    def _forward(self, tickets: Sequence[Ticket[Crop, Image]]) -> Sequence[Image]:
        """One forward of windows of one padded shape; runs in the inference thread."""
        assert self._model is not None
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
        assert self._model is not None
        try:
            return self._model.inpaint(images, masks, parameters, on_step)
        except OutOfDeviceMemory as error:
            self._count_full(1, {"model": self.facts.name})
            smaller = max(masks.size // 2, masks[0].size)
            if smaller < self._batcher.max_pixels:
                log.warning("model %s: at most %d pixels at once from now on (%s)", self.facts.name, smaller, error)
                self._batcher.max_pixels = smaller
            if len(masks) > 1 or not isinstance(self._model, OnDevice):
                raise
            model = self._model
        return model.inpaint_on_cpu(images, masks, parameters)

    def _note_forward(self, windows: int, seconds: float) -> None:
        self._forwards += 1
        self._windows += windows
        tags = {"model": self.facts.name}
        self._count_windows(windows, tags)
        self._time_forward(seconds, tags)
        self._file_batch(windows, tags)

    async def _keep_loading(self) -> None:
        pause_s, longest_s = RELOAD_PAUSES_S
        while self._model is None:
            try:
                await self._load()
            except TextRemovalError as error:
                self._failed(error)
            except Exception as error:  # a loader may raise anything; the replica must live to say so
                log.exception("model %s failed to load", self.facts.name)
                self._failed(ModelUnavailable(f"model {self.facts.name} failed to load: {error}"))
            if self._model is None:
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, longest_s)

    async def _load(self) -> None:
        started = time.perf_counter()
        loop = asyncio.get_running_loop()

        def on_download(share: float) -> None:
            loop.call_soon_threadsafe(self._downloading, share)

        def work() -> tuple[InpaintModel, int]:
            model = registry.load(
                self.facts,
                self._device,
                threads=self._config.threads or os.cpu_count(),
                low_mem=self._settings.low_mem,
                cpu_offload=self._settings.cpu_offload,
                on_download=on_download,
                precision=self._config.precision,
                memory_fraction=self._config.resources.gpu_memory_fraction,
            )
            most = self._config.max_batch_pixels
            return model, model.warm_up(most) if isinstance(model, WarmsUp) else most

        self._model, self._batcher.max_pixels = await loop.run_in_executor(self._batcher.thread, work)
        self._failure = None
        self._ready_at = time.time()
        self._status = replace(self._status, state=ModelState.READY, reason=None, download=None)
        self._settled.set()
        log.info("model %s ready on %s in %.1f s", self.facts.name, self._device, time.perf_counter() - started)
        await self._report()

    def _downloading(self, share: float) -> None:
        self._status = replace(self._status, state=ModelState.LOADING, download=share)

    def _failed(self, error: TextRemovalError) -> None:
        self._failure = error.again()
        self._status = replace(self._status, state=ModelState.ERROR, reason=error.message, download=None)
        self._settled.set()

    async def _keep_reporting(self) -> None:
        while True:
            await self._report()
            await asyncio.sleep(REPORT_INTERVAL_S)

    async def _report(self) -> None:
        self._gauge_waiting(self._batcher.waiting, {"model": self.facts.name})
        try:
            memory = self._model.memory_bytes() if isinstance(self._model, OnDevice) else None
            status = replace(self._status, forwards=self._forwards, windows=self._windows, gpu_memory_bytes=memory)
            await self._reports.report_model(self._replica_id, status)
        except Exception as error:  # the tracker may be away for a moment; the next report tells it all again
            log.debug("could not report the state of %s: %s", self.facts.name, error)
