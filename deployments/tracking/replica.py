"""The tracker replica: it drives tasks and knows how the models are. Metadata only; bytes go through the blob store.

There is one. To shard it, run several and choose by a hash of the task id in `remote.clients.RemoteTracker`.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from tenacity import AsyncRetrying, retry_if_exception_type, wait_fixed

from deployments.callbacks.policy import CallbackPolicy
from deployments.callbacks.sender import CallbackSender
from deployments.config.settings import Settings
from deployments.errors import StoreUnavailable
from deployments.logs import configure_logging
from deployments.messages.jobs import ModelStatus
from deployments.messages.ports import Tracker
from deployments.messages.task import TaskRecord
from deployments.remote.clients import RemoteEraser
from deployments.storage.blobs import open_blobs
from deployments.storage.opening import open_store
from deployments.storage.records import TaskStore
from deployments.tracking.driver import TrackerLimits
from deployments.tracking.model_status import ModelStatuses
from deployments.tracking.tracker import TaskTracker

log = logging.getLogger(__name__)

STORE_RETRY_S = 2.0
STORE_PATIENCE_S = 10.0


class TrackerHost:
    """A TaskTracker from the moment its store can be opened.

    While the store cannot be reached, opening it is tried again and again; calls then raise StoreUnavailable.
    """

    def __init__(self, settings: Settings, eraser: RemoteEraser) -> None:
        configure_logging(settings.log_level)
        self._settings = settings
        self._eraser = eraser
        self._models = ModelStatuses({model.name: model.device or settings.device for model in settings.app.models})
        self._blobs = open_blobs(settings.blob_store_url)
        policy = CallbackPolicy(settings.callback_allowed_hosts)
        self._sender = CallbackSender(policy, self._blobs, settings.callback_secret)
        self._store: TaskStore | None = None
        self._stopped = False
        self._opening = asyncio.create_task(self._open())

    async def ask(self, verb: str, *arguments: Any) -> Any:
        """Call a method of `messages.ports.Tracker` that answers once."""
        return await getattr(await self._tracking(), verb)(*arguments)

    async def watch(self, task_id: str | None, after_seq: int | None) -> AsyncGenerator[TaskRecord]:
        async with aclosing((await self._tracking()).watch(task_id, after_seq)) as records:
            async for record in records:
                yield record

    async def report_model(self, replica_id: str, status: ModelStatus) -> None:
        self._models.report(replica_id, status, time.monotonic())

    async def models(self) -> tuple[ModelStatus, ...]:
        return self._models.snapshot(time.monotonic())

    async def stop(self) -> None:
        """Leave unfinished tasks to the next tracker; the attempts broken off do not count. Watches end with
        ShuttingDown."""
        if self._stopped:
            return
        self._stopped = True
        if self._opening.done() and not self._opening.cancelled():
            await self._opening.result().stop()
        self._opening.cancel()
        await self._sender.close()
        if self._store is not None:
            await self._store.close()

    async def _tracking(self) -> Tracker:
        try:
            return await asyncio.wait_for(asyncio.shield(self._opening), STORE_PATIENCE_S)
        except TimeoutError:
            raise StoreUnavailable("the task store cannot be reached") from None

    async def _open(self) -> TaskTracker:
        settings = self._settings
        limits = TrackerLimits(
            max_running=settings.app.tasks.max_running,
            max_queued=settings.app.tasks.max_waiting,
            ttl_s=settings.task_ttl_s,
        )
        owner = uuid.uuid4().hex

        async def start() -> TaskTracker:
            if self._store is None:
                self._store = await open_store(settings.task_store_url)
            tracker = TaskTracker(self._store, self._blobs, self._eraser.run_task, self._sender, limits, owner=owner)
            await tracker.start()
            return tracker

        retrying = AsyncRetrying(
            retry=retry_if_exception_type(StoreUnavailable),
            wait=wait_fixed(STORE_RETRY_S),
            before_sleep=lambda _: log.warning("the task store cannot be opened, trying again"),
        )
        return await retrying(start)
