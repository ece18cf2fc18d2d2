"""The tasks that have not ended: each enters once, is driven to its end, and leaves."""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Iterator, Sequence

from deployments.errors import QueueFull, ShuttingDown, TaskConflict
from deployments.messages.task import TaskRecord, TaskStatus, fail, requeue
from deployments.storage.records import LeaseLost, TaskStore
from deployments.tracking.admission import Admission
from deployments.tracking.background import BackgroundTasks
from deployments.tracking.driver import Driver, Runner, TrackerLimits, gave_up
from deployments.tracking.journal import Journal, after_crash
from deployments.tracking.live_task import LiveTask

logger = logging.getLogger(__name__)


class ActiveTasks:
    """`ended` is called with the last record of every task that has ended. Nothing enters once the journal is closed:
    what is stored then waits for the next tracker."""

    def __init__(
        self,
        store: TaskStore,
        journal: Journal,
        runner: Runner,
        ended: Callable[[TaskRecord], None],
        limits: TrackerLimits,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._journal = journal
        self._ended = ended
        self._limits = limits
        self._clock = clock
        self._admission = Admission(limits.max_running)
        self._driver = Driver(journal, self._admission, runner, limits, clock)
        self._live: dict[str, LiveTask] = {}
        self._arriving: dict[str, asyncio.Task[TaskRecord]] = {}
        self._claimed: set[str] = set()
        self._entering: list[int] = []
        self.queued_bytes = 0
        """Of the inputs of all tasks that have not ended."""
        self._drivers = BackgroundTasks()
        self._taking_up = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._live)

    def __iter__(self) -> Iterator[LiveTask]:
        return iter(tuple(self._live.values()))

    @property
    def running(self) -> int:
        return self._admission.admitted

    @property
    def average_run_s(self) -> float | None:
        """How long recent tasks ran; None before the first has ended."""
        return self._driver.average_run_s

    def find(self, task_id: str) -> LiveTask | None:
        return self._live.get(task_id)

    def queue_position(self, task_id: str) -> int | None:
        """1 is the task that starts next; None: it does not wait."""
        return self._admission.position(task_id)

    def estimate_s(self, record: TaskRecord, position: int | None) -> float | None:
        """Seconds until a task at that place of the queue has ended; None while that cannot be said."""
        return self._driver.estimate_s(record, position)

    def check_room(self, *records: TaskRecord) -> None:
        """Raises: QueueFull if not all of them are admitted."""
        limits = self._limits
        if len(self._live) + len(self._entering) + len(records) > limits.max_running + limits.max_queued:
            raise QueueFull("too many tasks wait already", retry_after_s=self._retry_after_s())
        bytes_then = self.queued_bytes + sum(self._entering) + sum(record.input_bytes for record in records)
        if limits.max_queued_bytes is not None and bytes_then > limits.max_queued_bytes:
            raise QueueFull("the images of waiting tasks take too much room", retry_after_s=self._retry_after_s())

    async def expect(self, record: TaskRecord) -> TaskRecord | None:
        """The task there is under that id, or None if it would be admitted now. Raises: as `submit`."""
        self._journal.check_open()
        self._check_claims(record.task_id)
        arrival = self._arriving.get(record.task_id)
        known = await asyncio.shield(arrival) if arrival else await self._known(record.task_id)
        if known is None:
            self.check_room(record)
        return known and _same(known, record)

    async def submit(self, record: TaskRecord) -> TaskRecord:
        """The task there is now under that id. Goes on if the caller is cancelled.

        Raises: TaskConflict, QueueFull, ShuttingDown, StoreUnavailable.
        """
        self._check_claims(record.task_id)
        arrival = self._arriving.get(record.task_id)
        if arrival is None:
            self._journal.check_open()
            arrival = asyncio.create_task(self._arrive(record))
            self._arriving[record.task_id] = arrival
            arrival.add_done_callback(lambda _: self._arriving.pop(record.task_id, None))
        return _same(await asyncio.shield(arrival), record)

    async def enter_together(self, records: Sequence[TaskRecord], save: Callable[[], Awaitable[None]]) -> None:
        """All of these new tasks or none; `save` makes them durable, all at once.

        Raises: TaskConflict if an id is taken, QueueFull if not all have room, ShuttingDown, StoreUnavailable.
        """
        task_ids = [record.task_id for record in records]
        for task_id in task_ids:
            self._check_claims(task_id)
        if any(task_id in self._live or task_id in self._arriving for task_id in task_ids):
            raise _taken(task_ids[0])
        self.check_room(*records)
        self._claimed.update(task_ids)
        self._entering += [record.input_bytes for record in records]
        try:
            if await self._store.get_many(task_ids):
                raise _taken(task_ids[0])
            await save()
        except LeaseLost as error:
            raise replaced() from error
        finally:
            for record in records:
                self._entering.remove(record.input_bytes)
            self._claimed.difference_update(task_ids)
        for record in records:
            self._adopt(record)

    async def take_up(self, task_id: str) -> None:
        """Drive a task the store has and nobody drives: its submission was stored although that seemed to fail."""
        if (arrival := self._arriving.get(task_id)) is not None:
            await asyncio.wait([arrival])
        if task_id in self._live:
            return
        async with self._taking_up:
            record = await self._store.get(task_id)
            if record is not None and not record.status.final and task_id not in {*self._live, *self._arriving}:
                await self.resume(record)

    async def resume(self, record: TaskRecord) -> None:
        """Go on with a task that the last owner of the store left unfinished. Raises: LeaseLost, StoreUnavailable."""
        if record.status is not TaskStatus.PENDING:
            reason = "the service stopped while it ran"
            if record.attempt >= self._limits.max_attempts:
                record = fail(after_crash(record), gave_up(record.attempt, reason), self._clock())
            else:
                record = requeue(after_crash(record), "The service was restarted; waiting again")
            await self._store.save(record, self._journal.epoch)
        if record.status.final:
            self._ended(record)
        else:
            self._adopt(record)

    def interrupt(self) -> None:
        """Break all work off."""
        for live in self:
            live.interrupt()

    async def finish(self) -> None:
        """Wait until all submissions and all work under way have ended."""
        await asyncio.gather(*self._arriving.values(), return_exceptions=True)
        await self._drivers.finish()

    async def _arrive(self, record: TaskRecord) -> TaskRecord:
        known = await self._known(record.task_id)
        if known is not None:
            return known
        self.check_room(record)
        self._entering.append(record.input_bytes)
        try:
            await self._journal.save_once(record)
        except LeaseLost as error:
            raise replaced() from error
        finally:
            self._entering.remove(record.input_bytes)
        self._adopt(record)
        logger.info("task %s: submitted", record.task_id)
        return record

    async def _known(self, task_id: str) -> TaskRecord | None:
        live = self._live.get(task_id)
        return live.record if live else await self._store.get(task_id)

    def _check_claims(self, task_id: str) -> None:
        if task_id in self._claimed:
            raise _taken(task_id)

    def _retry_after_s(self) -> int:
        return math.ceil(self.average_run_s or 1.0)

    def _adopt(self, record: TaskRecord) -> None:
        if self._journal.is_open:
            live = LiveTask(record, self._admission.join(record.task_id))
            self._live[record.task_id] = live
            self.queued_bytes += record.input_bytes
            self._journal.announce(record)
            self._drivers.spawn(self._drive(live))

    async def _drive(self, live: LiveTask) -> None:
        record = live.record
        try:
            await self._driver.drive(live)
        except LeaseLost:
            logger.warning("task %s: left to a newer tracker", record.task_id)
        except Exception:
            logger.exception("task %s: left as it is until the next sweep", record.task_id)
        finally:
            del self._live[record.task_id]
            self.queued_bytes -= record.input_bytes
            live.ended.set()
        if live.record.status.final:
            self._ended(live.record)


def _same(known: TaskRecord, wanted: TaskRecord) -> TaskRecord:
    """Raises: TaskConflict."""
    if known.digest != wanted.digest:
        raise _taken(wanted.task_id)
    return known


def _taken(task_id: str) -> TaskConflict:
    return TaskConflict("the task id is taken by a different job", task_id=task_id)


def replaced() -> ShuttingDown:
    return ShuttingDown("a newer task tracker has taken over")
