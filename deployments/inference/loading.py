"""The model of a replica from the replica's start on: loaded, tried again after a failure, and reported all along."""

import asyncio
import logging
import os
import time
from dataclasses import replace
from typing import Any

from deployments import metrics
from deployments.config.logs import facts
from deployments.config.settings import ModelConfig, Settings
from deployments.inference.batcher import Batcher
from deployments.messages.jobs import ModelState, ModelStatus
from deployments.messages.ports import ModelReports
from models import registry
from models.base import InpaintModel, OnDevice, WarmsUp
from models.errors import ModelUnavailable, TextRemovalError

log = logging.getLogger(__name__)

REPORT_INTERVAL_S = 2.0
RELOAD_PAUSES_S = (10.0, 300.0)
"""The first pause before loading is tried again, and the longest: each is twice the one before."""


class LoadingModel:
    """A model that cannot be loaded does not fail its replica: `ready` raises ModelUnavailable and loading is tried
    again and again, so weights that arrive later are picked up.

    Loads in the batcher's thread and tells the batcher how many pixels one forward may take. `ready_at` is when the
    model had been loaded, epoch seconds.
    """

    def __init__(
        self,
        config: ModelConfig,
        settings: Settings,
        batcher: Batcher[Any, Any],
        reports: ModelReports,
        replica_id: str,
    ) -> None:
        self.ready_at = 0.0
        self._config = config
        self._settings = settings
        self._facts = config.model_facts
        self._batcher = batcher
        self._reports = reports
        self._replica_id = replica_id
        device = config.device or settings.device
        self._device = "cpu" if device == "mps" and not self._facts.mps else device
        self._model: InpaintModel | None = None
        self._failure: TextRemovalError | None = None
        self._status = ModelStatus(config.name, ModelState.LOADING, self._device, replicas=1)
        self._forwards = 0
        self._windows = 0
        self._gauge_waiting = metrics.gauge("waiting_windows", "Windows that wait for the device", "model")
        self._gauge_state = metrics.gauge(
            "model_state", "1: the model is in that state, in this replica", "model", "state"
        )
        self._gauge_load = metrics.gauge("model_load_seconds", "How long loading took", "model")
        self._settled = asyncio.Event()
        self._background = [asyncio.create_task(self._keep_loading()), asyncio.create_task(self._keep_reporting())]

    @property
    def model(self) -> InpaintModel:
        """To be asked for once `ready` has returned."""
        assert self._model is not None
        return self._model

    async def ready(self, deadline: float | None) -> None:
        """Waits, at most until `deadline` (epoch seconds), while the model loads, but not for a download.

        Raises: ModelUnavailable, or what keeps the model from loading.
        """
        if self._status.download is not None:
            raise ModelUnavailable(
                f"the weights of model {self._facts.name} are being downloaded ({self._status.download:.0%})",
                retry_after_s=10,
            )
        timeout = None if deadline is None else max(0.0, deadline - time.time())
        try:
            await asyncio.wait_for(self._settled.wait(), timeout)
        except TimeoutError:
            raise ModelUnavailable(f"model {self._facts.name} is still loading", retry_after_s=10) from None
        if self._model is None:
            assert self._failure is not None
            raise self._failure.again()

    def count(self, windows: int) -> None:
        """Note a forward of so many windows, for the reports. Called from the inference thread only."""
        self._forwards += 1
        self._windows += windows

    async def close(self) -> None:
        for task in self._background:
            task.cancel()

    async def _keep_loading(self) -> None:
        pause_s, longest_s = RELOAD_PAUSES_S
        while self._model is None:
            try:
                await self._load()
            except TextRemovalError as error:
                self._failed(error)
            except Exception as error:  # a loader may raise anything; the replica must live to say so
                log.exception("model %s failed to load", self._facts.name)
                self._failed(ModelUnavailable(f"model {self._facts.name} failed to load: {error}"))
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
                self._facts,
                self._device,
                threads=self._config.threads or os.cpu_count(),
                low_mem=self._settings.low_mem,
                cpu_offload=self._settings.cpu_offload,
                on_download=on_download,
                precision=self._config.precision,
                memory_fraction=self._config.resources.gpu_memory_fraction,
                sha256=self._config.sha256,
            )
            most = self._config.max_batch_pixels
            return model, model.warm_up(most) if isinstance(model, WarmsUp) else most

        self._model, self._batcher.max_pixels = await loop.run_in_executor(self._batcher.thread, work)
        self._failure = None
        self.ready_at = time.time()
        self._status = replace(self._status, state=ModelState.READY, reason=None, download=None)
        self._settled.set()
        seconds = time.perf_counter() - started
        self._gauge_load(seconds, {"model": self._facts.name})
        log.info(
            "model %s ready on %s in %.1f s", self._facts.name, self._device, seconds,
            extra=facts(model=self._facts.name, device=self._device, seconds=round(seconds, 3)),
        )  # fmt: skip
        await self.report()

    def _downloading(self, share: float) -> None:
        self._status = replace(self._status, state=ModelState.LOADING, download=share)

    def _failed(self, error: TextRemovalError) -> None:
        self._failure = error.again()
        self._status = replace(self._status, state=ModelState.ERROR, reason=error.message, download=None)
        self._settled.set()

    async def _keep_reporting(self) -> None:
        while True:
            await self.report()
            await asyncio.sleep(REPORT_INTERVAL_S)

    async def report(self) -> None:
        """Say how the model stands now."""
        self._gauge_waiting(self._batcher.waiting, {"model": self._facts.name})
        for state in ModelState:
            self._gauge_state(float(self._status.state is state), {"model": self._facts.name, "state": state.value})
        try:
            memory = self._model.memory_bytes() if isinstance(self._model, OnDevice) else None
            status = replace(self._status, forwards=self._forwards, windows=self._windows, gpu_memory_bytes=memory)
            await self._reports.report_model(self._replica_id, status)
        except Exception as error:  # the tracker may be away for a moment; the next report tells it all again
            log.debug("could not report the state of %s: %s", self._facts.name, error)
