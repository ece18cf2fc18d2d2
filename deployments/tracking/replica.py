"""The tracker replica: it drives tasks and knows how the models are. Metadata only; bytes go through the blob store.

There is one. To shard it, run several and choose by a hash of the task id in `remote.clients.RemoteTracker`.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any

from deployments import metrics
from deployments.callbacks.policy import CallbackPolicy
from deployments.callbacks.sender import CallbackSender
from deployments.config.logs import configure_logging
from deployments.config.settings import Settings
from deployments.errors import ShuttingDown, StoreUnavailable
from deployments.messages.jobs import ModelStatus
from deployments.messages.ports import Tracker
from deployments.messages.status import TrackerStatus
from deployments.messages.task import Callback, TaskRecord
from deployments.remote.clients import RemoteEraser
from deployments.storage.blobs import open_blobs
from deployments.storage.holding import ALIVE_S, BEAT_S, refuse_if_held
from deployments.storage.opening import open_store
from deployments.storage.records import Holder, StoreGone, TaskStore
from deployments.storage.watching import BlobWatch
from deployments.tracking.driver import TrackerLimits
from deployments.tracking.model_status import ModelStatuses
from deployments.tracking.tracker import Load, TaskTracker

log = logging.getLogger(__name__)

STORE_RETRY_S = 2.0
STORE_PATIENCE_S = 10.0


class Figures:
    """What the tracker tells as metrics."""

    def __init__(self) -> None:
        self._tasks = metrics.gauge("active_tasks", "Tasks that have not ended", "state")
        self._oldest = metrics.gauge("oldest_task_seconds", "How long the task has waited that waits longest")
        self._bytes = metrics.gauge("queued_bytes", "Images of tasks that have not ended")
        self._watches = metrics.gauge("watches", "Open watches of tasks")
        self._unreadable = metrics.gauge("unreadable_records", "Records that another release has written")
        self._usable = metrics.gauge("store_usable", "1: the store can be used; 0: it cannot", "store")
        self._ended = metrics.counter("tasks_total", "Tasks that have ended", "outcome", "attempt")
        self._took = metrics.histogram("task_seconds", "From submission to the end", metrics.SECONDS, "outcome")
        self._callbacks = metrics.counter("callbacks_total", "Callbacks that have been settled", "outcome")

    def ended(self, record: TaskRecord) -> None:
        self._ended(1, {"outcome": record.status.value, "attempt": str(record.attempt)})
        self._took(max(0.0, (record.completed_at or 0.0) - record.created_at), {"outcome": record.status.value})

    def sent(self, callback: Callback) -> None:
        self._callbacks(1, {"outcome": callback.state.value})

    def load(self, load: Load) -> None:
        self._tasks(load.running, {"state": "running"})
        self._tasks(load.waiting, {"state": "waiting"})
        self._oldest(load.oldest_s)
        self._bytes(load.queued_bytes)
        self._watches(load.watching)

    def status(self, status: TrackerStatus) -> None:
        self._usable(float(status.fault is None), {"store": "records"})
        self._usable(float(status.blob_fault is None), {"store": "blobs"})
        self._unreadable(status.unreadable)


class TrackerHost:
    """A TaskTracker from the moment its store can be opened.

    While the store cannot be reached, or another service works on it, taking it over is tried again and again; calls
    then raise StoreUnavailable, which says why. A lease that was lost is acquired again.
    """

    def __init__(self, settings: Settings, eraser: RemoteEraser) -> None:
        configure_logging(settings.log_level, settings.log_format)
        self._settings = settings
        self._eraser = eraser
        self._models = ModelStatuses({model.name: model.device or settings.device for model in settings.app.models})
        self._figures = Figures()
        self._blobs = open_blobs(settings.blob_store_url, metrics.failures("blobs"))
        policy = CallbackPolicy(settings.callback_allowed_hosts)
        self._sender = CallbackSender(policy, self._blobs, settings.callback_secret)
        self._blob_watch = BlobWatch(self._blobs, settings.max_file_size)
        self._store: TaskStore | None = None
        self._tracker: TaskTracker | None = None
        self._fault: str | None = "the task store has not been opened yet"
        self._name = f"{settings.service_id}/{uuid.uuid4().hex[:8]}"
        self._has_tracked = False
        self._ready = asyncio.Event()
        self._stopped = False
        self._keeping = asyncio.create_task(self._keep())
        self._watching = asyncio.create_task(self._blob_watch.run())

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

    async def status(self) -> TrackerStatus:
        unreadable = self._store.unreadable if self._store is not None else 0
        return TrackerStatus(self._fault, self._blob_watch.fault, unreadable)

    def check_health(self) -> None:
        """Serve replaces the replica if this raises."""
        if self._keeping.done() and not self._stopped:
            raise RuntimeError("nobody looks after the task store any more")

    async def stop(self) -> None:
        """Leave unfinished tasks to the next tracker; the attempts broken off do not count. Watches end with
        ShuttingDown."""
        if self._stopped:
            return
        self._stopped = True
        for work in (self._keeping, self._watching):
            work.cancel()
        await asyncio.wait([self._keeping, self._watching])
        self._ready.set()  # wakes who waits for a tracker: there will be none
        await self._sender.close()
        if self._store is not None:
            with suppress(StoreUnavailable):
                await self._store.leave(self._name)
            await self._close_store()

    async def _tracking(self) -> Tracker:
        try:
            async with asyncio.timeout(STORE_PATIENCE_S):
                while self._tracker is None:
                    if self._stopped:
                        raise ShuttingDown("the task tracker is going away")
                    await self._ready.wait()
        except TimeoutError:
            raise StoreUnavailable(self._fault or "the task store cannot be reached") from None
        return self._tracker

    async def _keep(self) -> None:
        """Track tasks for ever, under one lease after the other."""
        while True:
            try:
                store = await self._opened()
                await self._track(store)
            except StoreGone as error:
                log.error("%s: it is made anew, without the tasks that stood in it", error.message)
                self._say(error.message)
                await self._close_store()
            except StoreUnavailable as error:
                self._say(error.message)
                await asyncio.sleep(STORE_RETRY_S)
            except Exception:  # whatever it was, the next attempt may go better, and calls are told meanwhile
                log.exception("tasks cannot be tracked")
                self._say("the task tracker failed; its log has the cause")
                await asyncio.sleep(STORE_RETRY_S)

    async def _close_store(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            await store.close()

    async def _opened(self) -> TaskStore:
        if self._store is None:
            self._store = await open_store(self._settings.task_store_url, metrics.failures("records"))
        return self._store

    async def _track(self, store: TaskStore) -> None:
        """Returns when the lease is lost. Raises: StoreUnavailable, also while another service lives on the store, or a
        replica of this one that came later."""
        settings = self._settings
        await refuse_if_held(store, self._name if self._has_tracked else settings.service_id)
        limits = TrackerLimits(
            max_running=settings.app.tasks.max_running,
            max_queued=settings.app.tasks.max_waiting,
            max_queued_bytes=settings.app.tasks.max_queued_bytes,
            ttl_s=settings.task_ttl_s,
        )
        tracker = TaskTracker(
            store, self._blobs, self._eraser.run_task, self._send, limits, owner=self._name, on_end=self._figures.ended
        )
        await store.beat(Holder(self._name, time.time() + ALIVE_S))
        await tracker.start()
        self._tracker, self._fault, self._has_tracked = tracker, None, True
        self._ready.set()
        try:
            while not tracker.closed.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(tracker.closed.wait(), BEAT_S)
                self._figures.load(tracker.load)
                self._figures.status(await self.status())
                await self._beat(store, tracker)
        finally:
            self._tracker = None
            self._ready.clear()
            await tracker.stop()
        self._say("the lease on the task store was lost")

    async def _beat(self, store: TaskStore, tracker: TaskTracker) -> None:
        try:
            await tracker.check_lease()  # or the word of one that has taken over would be overwritten
            if not tracker.closed.is_set():
                await store.beat(Holder(self._name, time.time() + ALIVE_S))
        except StoreGone:
            raise
        except StoreUnavailable as error:  # the tracker waits for it too
            log.debug("could not say that this service lives: %s", error.message)

    async def _send(self, record: TaskRecord) -> Callback:
        outcome = await self._sender(record)
        self._figures.sent(outcome)
        return outcome

    def _say(self, fault: str) -> None:
        if fault != self._fault:
            log.warning("no task can run: %s", fault)
        self._fault = fault
        self._figures.status(TrackerStatus(fault, self._blob_watch.fault))
