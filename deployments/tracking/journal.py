"""Makes the moments of tasks: durable first, then announced."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_exponential

from deployments.config.logs import facts
from deployments.errors import ShuttingDown, StoreUnavailable
from deployments.messages.batch import BatchRecord
from deployments.messages.task import TaskRecord
from deployments.storage.records import LeaseLost, TaskStore
from deployments.tracking.live_task import LiveTask
from deployments.tracking.subscribers import Subscribers

logger = logging.getLogger(__name__)

T = TypeVar("T")

Change = Callable[[TaskRecord], TaskRecord]

SEQ_STRIDE = 1_000_000
"""Progress is announced without being stored, so after a crash the store is behind what subscribers saw. `seq` then
goes on at the next multiple of this; a moment that reaches a multiple is stored, so no number is ever used twice."""

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 5.0
"""Before the store is tried again; each pause is twice the one before."""

STALLED_S = 2.0
"""A store that is away for longer is worth telling those who wait."""


class Journal:
    """Writes to the store under one lease. While the store is away a moment waits until it is back: nothing that is
    not durable is announced, progress excepted. Once it is closed it waits no longer and raises StoreUnavailable.
    `on_lost` is called when a newer owner is seen.
    """

    def __init__(self, store: TaskStore, subscribers: Subscribers, on_lost: Callable[[], None]) -> None:
        self._store = store
        self._subscribers = subscribers
        self._on_lost = on_lost
        self._writes: set[asyncio.Task[None]] = set()
        self.epoch = 0
        self.is_open = False
        self.stalled = asyncio.Event()
        """Set while writes wait for the store for longer than STALLED_S."""

    async def open(self, owner: str) -> None:
        """Take the store over."""
        self.epoch = await self._store.acquire(owner)
        self.is_open = True

    def close(self) -> None:
        self.is_open = False

    def check_open(self) -> None:
        """Raises: ShuttingDown."""
        if not self.is_open:
            raise ShuttingDown("the task tracker is going away")

    async def move(self, live: LiveTask, change: Change) -> None:
        """Make the next moment from the last one. Goes on if the caller is cancelled. Raises: LeaseLost."""
        write = asyncio.create_task(self._move(live, change))
        self._writes.add(write)
        write.add_done_callback(self._writes.discard)
        await asyncio.shield(write)

    async def progress(self, live: LiveTask, change: Change) -> None:
        """As `move`, but the store is spared where the status stays. Raises: LeaseLost."""
        record = change(live.record)
        if record.status is not live.record.status or record.seq % SEQ_STRIDE == 0:
            await self.move(live, change)
        else:
            live.record = record
            self.announce(record)

    async def save(self, record: TaskRecord) -> None:
        """Durable on return, however long the store is away. Raises: LeaseLost."""
        await self._write(lambda: self._store.save(record, self.epoch))

    async def save_once(self, record: TaskRecord) -> None:
        """As `save`, but without waiting for a store that is away. Raises: LeaseLost, StoreUnavailable."""
        with self._watching_the_lease():
            await self._store.save(record, self.epoch)

    async def save_batch_once(self, batch: BatchRecord, records: Sequence[TaskRecord]) -> None:
        """As `save_once`: the batch and its tasks, all at once or nothing."""
        with self._watching_the_lease():
            await self._store.save_batch(batch, records, self.epoch)

    async def delete(self, task_id: str) -> None:
        """As `save`."""
        await self._write(lambda: self._store.delete(task_id, self.epoch))

    async def delete_batch(self, batch_id: str) -> None:
        """As `save`."""
        await self._write(lambda: self._store.delete_batch(batch_id, self.epoch))

    def announce(self, record: TaskRecord) -> None:
        """Tell the subscribers. Only what is durable, or progress."""
        self._subscribers.announce(record)

    async def newest(self, task_id: str) -> TaskRecord | None:
        """What the store has, however long it is away."""
        return await self._patiently(lambda: self._store.get(task_id))

    async def _write(self, call: Callable[[], Awaitable[None]]) -> None:
        with self._watching_the_lease():
            await self._patiently(call)

    @contextmanager
    def _watching_the_lease(self) -> Iterator[None]:
        try:
            yield
        except LeaseLost:
            self._on_lost()
            raise

    async def _patiently(self, call: Callable[[], Awaitable[T]]) -> T:
        retrying = AsyncRetrying(
            retry=retry_if_exception(lambda error: isinstance(error, StoreUnavailable) and self.is_open),
            wait=wait_exponential(_FIRST_PAUSE_S, _LONGEST_PAUSE_S),
            before_sleep=self._say_it_is_away,
            reraise=True,
        )
        async for attempt in retrying:
            with attempt:
                answer = await call()
                self.stalled.clear()
                return answer
        raise AssertionError("retrying re-raises the last error")

    def _say_it_is_away(self, state: RetryCallState) -> None:
        logger.warning("the task store is away, trying again in %.2f s", state.upcoming_sleep)
        if (state.seconds_since_start or 0.0) > STALLED_S:
            self.stalled.set()

    async def _move(self, live: LiveTask, change: Change) -> None:
        async with live.lock:
            record = change(live.record)
            await self.save(record)
            live.record = record
        told = facts(task_id=record.task_id, status=record.status, attempt=record.attempt, client=record.client)
        logger.info("task %s: %s, attempt %d", record.task_id, record.status, record.attempt, extra=told)
        self.announce(record)


def after_crash(record: TaskRecord) -> TaskRecord:
    """The stored `record` with a `seq` above every one that can have been announced."""
    return replace(record, seq=(record.seq // SEQ_STRIDE + 1) * SEQ_STRIDE)
