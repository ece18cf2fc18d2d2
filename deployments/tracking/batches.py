"""Batches: their tasks enter together or not at all, and can be cancelled together."""

import asyncio
import logging

from deployments.errors import ShuttingDown, TaskConflict, TaskFinished, UnknownTask
from deployments.messages.batch import BatchRecord, BatchState, state_of
from deployments.messages.task import TaskRecord
from deployments.storage.records import TaskStore
from deployments.tracking.active_tasks import ActiveTasks
from deployments.tracking.journal import Journal

logger = logging.getLogger(__name__)


class Batches:
    """What a batch is stands in the store; how it stands is read from its tasks."""

    def __init__(self, store: TaskStore, journal: Journal, active: ActiveTasks) -> None:
        self._store = store
        self._journal = journal
        self._active = active
        self._arriving: dict[str, asyncio.Task[BatchRecord]] = {}

    async def expect(self, batch: BatchRecord, records: tuple[TaskRecord, ...]) -> BatchRecord | None:
        """The batch there is under that id, or None if it would be admitted now. Raises: as `submit`."""
        self._journal.check_open()
        known = await self._store.batch(batch.batch_id)
        if known is None:
            self._active.check_room(*records)
        return known and _same(known, batch)

    async def submit(self, batch: BatchRecord, records: tuple[TaskRecord, ...]) -> BatchRecord:
        """The batch there is now under that id. Goes on if the caller is cancelled.

        Raises: TaskConflict, QueueFull, ShuttingDown, StoreUnavailable.
        """
        arrival = self._arriving.get(batch.batch_id)
        if arrival is None:
            self._journal.check_open()
            arrival = asyncio.create_task(self._arrive(batch, records))
            self._arriving[batch.batch_id] = arrival
            arrival.add_done_callback(lambda _: self._arriving.pop(batch.batch_id, None))
        return _same(await asyncio.shield(arrival), batch)

    async def get(self, batch_id: str) -> BatchState:
        """Raises: UnknownTask, StoreUnavailable."""
        batch = await self._store.batch(batch_id)
        if batch is None:
            raise UnknownTask(f"no batch has the id {batch_id}", batch_id=batch_id)
        live = {task_id: found.record for task_id in batch.task_ids if (found := self._active.find(task_id))}
        ended = await self._store.get_many([task_id for task_id in batch.task_ids if task_id not in live])
        return state_of(batch, {record.task_id: record for record in ended} | live)

    async def cancel(self, batch_id: str) -> BatchState:
        """Returns once all work has really stopped and that is durable. Raises: UnknownTask; TaskFinished if all had
        ended; ShuttingDown when the tracker stopped first: then what is left will run again; StoreUnavailable while the
        store is away: the tasks are cancelled when it is back."""
        self._journal.check_open()
        state = await self.get(batch_id)
        unfinished = [task.task_id for task in state.tasks if task is not None and not task.status.final]
        if not unfinished:
            raise TaskFinished("the batch has already ended", batch_id=batch_id)
        for task_id in unfinished:
            await self._active.take_up(task_id)
        live = [found for task_id in unfinished if (found := self._active.find(task_id))]
        for task in live:
            task.cancel_requested = True
            task.interrupt()
        for task in live:
            await task.until_ended(self._journal.stalled)
        if not all(task.record.status.final for task in live):
            raise ShuttingDown("the task tracker is going away")
        return await self.get(batch_id)

    async def finish(self) -> None:
        """Wait until all submissions under way have ended."""
        await asyncio.gather(*self._arriving.values(), return_exceptions=True)

    async def _arrive(self, batch: BatchRecord, records: tuple[TaskRecord, ...]) -> BatchRecord:
        known = await self._store.batch(batch.batch_id)
        if known is not None:
            return known
        await self._active.enter_together(records, lambda: self._journal.save_batch_once(batch, records))
        logger.info("batch %s: submitted, %d tasks of %d items", batch.batch_id, len(records), len(batch.items))
        return batch


def _same(known: BatchRecord, wanted: BatchRecord) -> BatchRecord:
    """Raises: TaskConflict."""
    if known.digest != wanted.digest or known.client != wanted.client:
        raise TaskConflict("the batch id is taken by a different batch", batch_id=wanted.batch_id)
    return known
