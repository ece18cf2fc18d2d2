"""Every task from submission to its end: admitted, run, retried, cancelled, announced. Pure asyncio, no Ray."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace

from deployments.errors import ShuttingDown, TaskFinished, UnknownTask
from deployments.messages.batch import BatchRecord, BatchState
from deployments.messages.task import TaskRecord, TaskStatus, TaskSummary
from deployments.storage.blobs import BlobStore
from deployments.storage.records import LeaseLost, TaskStore
from deployments.tracking.active_tasks import ActiveTasks, replaced
from deployments.tracking.background import BackgroundTasks
from deployments.tracking.batches import Batches
from deployments.tracking.driver import Runner, TrackerLimits
from deployments.tracking.journal import Journal
from deployments.tracking.retention import Retention, Sender
from deployments.tracking.subscribers import Subscribers

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Load:
    """Tasks that run and wait, how long the oldest of these has waited, bytes of all their inputs, and open watches."""

    running: int
    waiting: int
    oldest_s: float
    queued_bytes: int
    watching: int


class TaskTracker:
    """The store is the truth and this the cache: each change of status is durable before anyone hears of it, and a
    new object on the same store takes over from one that was killed at any moment. Belongs to one event loop.

    Work is run at least once: after a crash, or for some seconds beside a tracker that was replaced, a task may run
    twice, but only one outcome is kept. `overall_progress` that was announced but not stored is lost with the process.
    """

    def __init__(
        self,
        store: TaskStore,
        blobs: BlobStore,
        runner: Runner,
        sender: Sender,
        limits: TrackerLimits,
        *,
        clock: Callable[[], float] = time.time,
        owner: str = "tracker",
        on_end: Callable[[TaskRecord], None] = lambda record: None,
    ) -> None:
        """`on_end` is called with the last record of every task that ends here."""
        self._store = store
        self._limits = limits
        self._clock = clock
        self._owner = owner
        self._on_end = on_end
        self._subscribers = Subscribers()
        self._journal = Journal(store, self._subscribers, on_lost=self._step_down)
        self._active = ActiveTasks(store, self._journal, runner, self._wind_up, limits, clock)
        self._batches = Batches(store, self._journal, self._active)
        self._retention = Retention(store, blobs, self._journal, sender, clock, limits.ttl_s)
        self._background = BackgroundTasks()
        self.closed = asyncio.Event()
        """Set once it has stepped down, whether it was stopped or a newer tracker has come: it never opens again."""

    @property
    def load(self) -> Load:
        """What there is to do now."""
        waiting = [live.record.created_at for live in self._active if live.record.status is TaskStatus.PENDING]
        oldest_s = max(0.0, self._clock() - min(waiting)) if waiting else 0.0
        return Load(self._active.running, len(waiting), oldest_s, self._active.queued_bytes, len(self._subscribers))

    @property
    def average_run_s(self) -> float | None:
        """How long recent tasks ran; None before the first has ended."""
        return self._active.average_run_s

    @property
    def epoch(self) -> int:
        """Of the lease this tracker holds on the store."""
        return self._journal.epoch

    async def start(self) -> None:
        """Take the store over and go on where the last owner stopped; what fails half-way is stopped again.

        Raises: StoreUnavailable, ShuttingDown when a newer tracker came in between.
        """
        await self._journal.open(self._owner)
        try:
            for record in await self._store.uncalled():
                self._background.spawn(self._retention.call_back(record))
            for record in await self._store.unfinished():
                await self._active.resume(record)
        except LeaseLost as error:
            await self.stop()
            raise replaced() from error
        except BaseException:
            await self.stop()
            raise
        self._background.every(self._limits.lease_check_s, self.check_lease)
        self._background.every(self._limits.sweep_s, self.sweep)
        self._background.every(self._limits.collect_s, self.collect)
        logger.info("tracking under lease %d: %d tasks to run", self._journal.epoch, len(self._active))

    async def stop(self) -> None:
        """Stop all work and wait for its end. What has not ended waits in the store; the attempt does not count."""
        self._step_down()
        await self._batches.finish()
        await self._active.finish()
        await self._background.stop()

    async def expect(self, record: TaskRecord) -> TaskRecord | None:
        """Before the input of a submission is stored: the task there is with its id and digest, or None if it would be
        admitted now. Raises: as `submit`."""
        known = await self._active.expect(record)
        return known and self._placed(known)

    async def submit(self, record: TaskRecord) -> TaskRecord:
        """Durable on return; the same id with the same digest returns the task there is. Goes on if the caller is
        cancelled. Raises: TaskConflict, QueueFull, ShuttingDown, StoreUnavailable.
        """
        return self._placed(await self._active.submit(record))

    async def get(self, task_id: str) -> TaskRecord:
        """Raises: UnknownTask, StoreUnavailable."""
        live = self._active.find(task_id)
        record = live.record if live else await self._store.get(task_id)
        if record is None:
            raise UnknownTask(f"no task has the id {task_id}", task_id=task_id)
        return self._placed(record)

    async def cancel(self, task_id: str) -> TaskRecord:
        """Returns once the work has really stopped and that is durable. Goes on if the caller is cancelled.

        Raises: UnknownTask; TaskFinished, also when the task ended by itself before the cancel reached it;
        ShuttingDown when the tracker stopped first: then the task will run again; StoreUnavailable while the store
        is away: the task is cancelled when it is back.
        """
        self._journal.check_open()
        await self._active.take_up(task_id)
        live = self._active.find(task_id)
        if live is None:
            await self.get(task_id)
            raise TaskFinished("the task has already ended", task_id=task_id)
        live.cancel_requested = True
        live.interrupt()
        await live.until_ended(self._journal.stalled)
        if not live.record.status.final:
            raise ShuttingDown("the task tracker is going away")
        if live.record.status is not TaskStatus.CANCELLED:
            raise TaskFinished("the task has already ended", task_id=task_id)
        return live.record

    async def expect_batch(self, batch: BatchRecord, records: tuple[TaskRecord, ...]) -> BatchRecord | None:
        """As `expect`, for a batch."""
        return await self._batches.expect(batch, records)

    async def submit_batch(self, batch: BatchRecord, records: tuple[TaskRecord, ...]) -> BatchRecord:
        """As `submit`: all tasks of a batch, or none."""
        return await self._batches.submit(batch, records)

    async def batch(self, batch_id: str) -> BatchState:
        """Raises: UnknownTask, StoreUnavailable."""
        return await self._batches.get(batch_id)

    async def cancel_batch(self, batch_id: str) -> BatchState:
        """As `cancel`: all tasks of a batch that have not ended."""
        return await self._batches.cancel(batch_id)

    async def summary(self, client: str | None = None) -> TaskSummary:
        """Of one client's tasks; None: of all."""
        return await self._store.summary(client)

    async def watch(self, task_id: str | None, after_seq: int | None = None) -> AsyncGenerator[TaskRecord, None]:
        """The current state first, then every change; a reader that is slow skips to the newest. A final record comes
        exactly once, and ends the watch of one task. `after_seq` leaves out a current state the reader has seen,
        unless it is final. None watches all tasks, without end, from the state of every unfinished one on;
        `after_seq` does not count then, because each task has its own numbers.

        A move of the queue announces nothing; `queue_position` is right when the record is read.
        Raises: UnknownTask; ShuttingDown when the tracker stops, then watch again.
        """
        self._journal.check_open()
        subscriber = self._subscribers.enter(task_id)
        try:
            if task_id is None:
                for live in self._active:
                    subscriber.show(live.record)
            else:
                record = await self.get(task_id)
                live_now = self._active.find(task_id)
                record = live_now.record if live_now else record
                if record.status.final or after_seq is None or record.seq > after_seq:
                    subscriber.show(record)
            while True:
                record = await subscriber.next()
                yield self._placed(record)
                if task_id is not None and record.status.final:
                    return
        finally:
            self._subscribers.leave(task_id, subscriber)

    async def sweep(self) -> None:
        """Forget what has expired, and take up what the store has and nobody drives. Raises: StoreUnavailable."""
        if not self._journal.is_open:
            return
        await self._retention.sweep()
        for record in await self._store.unfinished():
            await self._active.take_up(record.task_id)

    async def collect(self) -> None:
        """Delete blobs that belong to no task."""
        await self._retention.collect()

    async def check_lease(self) -> None:
        """Stop all work and end all watches if a newer tracker has taken the store over."""
        if not await self._store.holds(self._journal.epoch):
            self._step_down()

    def _wind_up(self, record: TaskRecord) -> None:
        self._on_end(record)
        self._background.spawn(self._retention.wind_up(record))

    def _step_down(self) -> None:
        self.closed.set()
        self._journal.close()
        self._active.interrupt()
        self._subscribers.close()

    def _placed(self, record: TaskRecord) -> TaskRecord:
        position = self._active.queue_position(record.task_id)
        if record.status is not TaskStatus.PENDING:
            return replace(record, queue_position=position)
        return replace(record, queue_position=position, estimated_remaining_s=self._active.estimate_s(record, position))
