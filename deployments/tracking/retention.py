"""What is still to do for ended tasks: call back, delete what they no longer need, forget them when they expire."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

from deployments.messages.task import Callback, CallbackState, TaskRecord, TaskStatus
from deployments.storage.blobs import INPUTS, RESULTS, Blob, BlobStore, input_key, result_key
from deployments.storage.records import TaskStore
from deployments.storage.unreadable import UnreadableRecord
from deployments.tracking.journal import Journal

logger = logging.getLogger(__name__)

Sender = Callable[[TaskRecord], Awaitable[Callback]]
"""Delivers the callback of an ended task; returns how it went."""

ABANDONED_S = 3600.0
"""A blob this old that belongs to nothing was left by a crash; a younger one may be waiting for its submission."""


class Retention:
    """A result is kept `ttl_s` after the task's end; its record as long again, so that a late client is told that it
    has expired. A task without a result is forgotten after `ttl_s`. A batch is forgotten with the last of its tasks.
    """

    def __init__(
        self,
        store: TaskStore,
        blobs: BlobStore,
        journal: Journal,
        sender: Sender,
        clock: Callable[[], float],
        ttl_s: float,
    ) -> None:
        self._store = store
        self._blobs = blobs
        self._journal = journal
        self._sender = sender
        self._clock = clock
        self._ttl_s = ttl_s
        self._ended_records = asyncio.Lock()

    async def wind_up(self, record: TaskRecord) -> None:
        """For a task that has just ended. Raises: LeaseLost."""
        try:
            await self.clear(record)
        except Exception:
            logger.exception("task %s: its blobs could not be deleted yet", record.task_id)
        if record.callback is not None and record.callback.state is CallbackState.PENDING:
            await self.call_back(record)

    async def call_back(self, record: TaskRecord) -> None:
        """The outcome is no moment of the task: its `seq` stays, or a subscriber that comes back would get the end once
        more. Raises: LeaseLost."""
        outcome = await self._sender(record)
        async with self._ended_records:
            newest = await self._journal.newest(record.task_id)
            if newest is not None:
                await self._journal.save(replace(newest, callback=outcome))

    async def clear(self, record: TaskRecord) -> None:
        """Delete what an ended task no longer needs: its input, and results other than the one it ended with."""
        keys = {result_key(record.task_id, record.digest, n) for n in range(1, record.attempt + 1)}
        keys.add(input_key(record.task_id, record.digest))
        for key in keys - _kept(record):
            await self._blobs.delete(key)

    async def sweep(self) -> None:
        """Raises: LeaseLost, StoreUnavailable."""
        now = self._clock()
        async with self._ended_records:
            while records := await self._store.ended(now - self._ttl_s, result_expired=False):
                for record in records:
                    await self._expire(record)
            while records := await self._store.ended(now - 2 * self._ttl_s, result_expired=True):
                for record in records:
                    await self._journal.delete(record.task_id)

        for batch in await self._store.old_batches(now - 2 * self._ttl_s):
            with suppress(UnreadableRecord):  # then one of its tasks is there, for another release
                if not await self._store.get_many(batch.task_ids):
                    await self._journal.delete_batch(batch.batch_id)

    async def _expire(self, record: TaskRecord) -> None:
        if record.result is None:
            await self._journal.delete(record.task_id)
        else:
            await self._journal.save(replace(record, result_expired=True))
            await self._blobs.delete(result_key(record.task_id, record.digest, record.attempt))

    async def collect(self) -> None:
        """Delete blobs that belong to no task."""
        for blob in (*await self._blobs.list(INPUTS), *await self._blobs.list(RESULTS)):
            if blob.modified_at < self._clock() - ABANDONED_S and not await self._needed(blob):
                await self._blobs.delete(blob.key)

    async def _needed(self, blob: Blob) -> bool:
        try:
            record = await self._store.get(blob.task_id)
        except UnreadableRecord:
            return True
        return record is not None and (not record.status.final or blob.key in _kept(record))


def _kept(record: TaskRecord) -> set[str]:
    """Blobs an ended task still needs."""
    if record.status is not TaskStatus.COMPLETED or record.result_expired:
        return set()
    return {result_key(record.task_id, record.digest, record.attempt)}
