"""The ingress: the HTTP layer over the deployments. It waits and translates; pixels it never touches."""

import asyncio
import logging
import math
import time
from dataclasses import replace
from typing import Any

from deployments.api.admission.desk import Desk
from deployments.api.admission.visit import PLACE
from deployments.api.app import create_api
from deployments.api.ports import ServiceHealth, Tasks
from deployments.config.logs import configure_logging
from deployments.config.settings import VERSION, Settings
from deployments.errors import DeadlineExceeded
from deployments.gateway.answers import Answers
from deployments.gateway.health import judge
from deployments.gateway.prometheus import merged_metrics
from deployments.gateway.tasks import GatewayTasks
from deployments.gateway.turns import Turns
from deployments.messages.jobs import Answer, Job, ModelStatus
from deployments.messages.status import TrackerStatus
from deployments.remote.clients import RemoteEraser, RemoteTracker

log = logging.getLogger(__name__)

SNAPSHOT_S = 1.0
TRACKER_TIMEOUT_S = 2.0
AHEAD = 1.5
"""How many more jobs are sent to the Erasers than they can have in work: none of them waits for the next one. The
others wait in the gateway, where clients take turns; Serve's own queue is first come, first served."""

NO_ANSWER = "the task tracker does not answer"


class Gateway:
    """The backend of the routes (`api.ports.Backend`), one per ingress replica."""

    def __init__(self, settings: Settings, eraser: RemoteEraser, tracker: RemoteTracker) -> None:
        configure_logging(settings.log_level, settings.log_format)
        self._settings = settings
        self._eraser = eraser
        self._tracker = tracker
        self._tasks = GatewayTasks(settings, tracker)
        self.desk = Desk(settings.admission)
        eraser_config = settings.app.eraser
        self._turns = Turns(math.ceil(AHEAD * eraser_config.max_images * eraser_config.scaling.max_replicas))
        self._started = time.monotonic()
        self._models: tuple[ModelStatus, ...] = ()
        self._models_at = float("-inf")
        self._tracker_status = TrackerStatus()
        self._asking = asyncio.Lock()
        self.answered = Answers()

    def __serve_build_asgi_app__(self) -> Any:
        return create_api(self, self._settings.api)

    @property
    def tasks(self) -> Tasks:
        return self._tasks

    async def run(self, job: Job[Answer]) -> Answer:
        """Raises: DeadlineExceeded, and whatever the pipeline raises."""
        left = None if job.deadline is None else job.deadline - time.time()
        place = PLACE.get()
        try:
            async with asyncio.timeout(left), self._turns.turn(place.client if place else ""):
                return await self._eraser.run(job)
        except TimeoutError:
            raise DeadlineExceeded(
                f"no result within {self._settings.request_timeout_s:g} s; the work has been stopped"
            ) from None

    async def models(self) -> tuple[ModelStatus, ...]:
        """At most a second old; the last known ones while the tracker does not answer."""
        async with self._asking:
            if time.monotonic() - self._models_at >= SNAPSHOT_S:
                try:
                    async with asyncio.timeout(TRACKER_TIMEOUT_S):
                        self._models = await self._tracker.models()
                        self._tracker_status = await self._tracker.status()
                except Exception as error:  # health must be told even if the tracker is gone
                    log.warning("the task tracker does not answer: %s", error)
                    self._tracker_status = replace(self._tracker_status, fault=NO_ANSWER)
                self._models_at = time.monotonic()
        return self._models

    async def health(self) -> ServiceHealth:
        models = await self.models()
        settings = self._settings
        healthy, degraded, reasons = judge(
            models,
            default=settings.default_model,
            fallback=settings.fallback_model,
            sleeping=frozenset(model.name for model in settings.app.models if model.scaling.min_replicas == 0),
            tracker=self._tracker_status,
        )
        if self.desk.closed:
            healthy, degraded, reasons = False, False, ("the service is going away", *reasons)
        diagnostics = {
            "models": {status.name: status.state.value for status in models},
            "replicas": {status.name: status.replicas for status in models},
            "device": settings.device,
            "gpu_memory_bytes": {s.name: s.gpu_memory_bytes for s in models if s.gpu_memory_bytes is not None},
            "queue": self.desk.standing(),
            "store": settings.task_store_url.partition(":")[0],
            "blobs": "failing" if self._tracker_status.blob_fault else "usable",
            "tracker": self._tracker_state,
            "uptime_s": round(time.monotonic() - self._started, 1),
            "version": VERSION,
        }
        return ServiceHealth(healthy, degraded, reasons, diagnostics)

    @property
    def _tracker_state(self) -> str:
        if self._tracker_status.fault is None:
            return "reachable"
        return "unreachable" if self._tracker_status.fault == NO_ANSWER else "failing"

    async def drain(self, patience_s: float) -> bool:
        """No new work; returns when what there was has been answered (True), or after that time."""
        self.desk.close()
        try:
            async with asyncio.timeout(patience_s):
                await self.desk.emptied()
        except TimeoutError:
            log.warning("after %g s not everything had been answered: %s", patience_s, self.desk.standing())
            return False
        return True

    async def metrics(self) -> bytes:
        return await merged_metrics()
