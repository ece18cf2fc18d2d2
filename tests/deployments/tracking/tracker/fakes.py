"""What a tracker is given in tests: a clock, a runner, a sender, a store, tasks."""

import asyncio
import dataclasses
from collections import defaultdict
from collections.abc import AsyncGenerator

from deployments.errors import StoreUnavailable
from deployments.messages.jobs import ErasedInfo
from deployments.messages.task import Callback, CallbackState, TaskRecord
from deployments.storage.blobs import BlobStore, result_key
from deployments.storage.records import TaskStore
from models.types import Progress

INFO = ErasedInfo("image/png", "cv2", 8, 6, 4, 12)
DIGEST = "d" * 64
HOOK = Callback("https://hooks.example.org/x", CallbackState.PENDING)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Work:
    """A runner whose every task does `steps` windows; a task in `held` waits before the last one to be let go."""

    def __init__(self, blobs: BlobStore, steps: int = 4) -> None:
        self.blobs = blobs
        self.steps = steps
        self.held: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.failures: dict[str, list[BaseException]] = {}
        self.stop_slowly = asyncio.Event()
        self.stop_slowly.set()
        self.begun: list[str] = []
        self.running: set[str] = set()
        self.before_the_last: set[str] = set()
        self.most_running = 0
        self.changed = asyncio.Condition()

    def hold(self, *task_ids: str) -> None:
        for task_id in task_ids:
            self.held[task_id].clear()

    def let_go(self, *task_ids: str) -> None:
        for task_id in task_ids or list(self.held):
            self.held[task_id].set()

    async def __call__(self, record: TaskRecord) -> AsyncGenerator[Progress | ErasedInfo, None]:
        task_id = record.task_id
        self.begun.append(task_id)
        self.running.add(task_id)
        self.most_running = max(self.most_running, len(self.running))
        try:
            yield Progress("preparing", 1, 1)
            yield Progress("masking", 1, 1)
            for done in range(self.steps):
                yield Progress("inpainting", done, self.steps)
                if done == self.steps - 1:
                    self.before_the_last.add(task_id)
                    await self._tell()
                    if self.failures.get(task_id):
                        raise self.failures[task_id].pop(0)
                    if task_id in self.held:
                        await self.held[task_id].wait()
            yield Progress("inpainting", self.steps, self.steps)
            await self.blobs.put(result_key(task_id, record.digest, record.attempt), b"result")
            yield INFO
        finally:
            await self.stop_slowly.wait()
            self.running.discard(task_id)

    async def _tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def until_before_the_last(self, *task_ids: str) -> None:
        """All progress but the last has been told."""
        async with self.changed:
            await self.changed.wait_for(lambda: self.before_the_last >= set(task_ids))

    async def until_running(self, *task_ids: str) -> None:
        async with self.changed:
            await self.changed.wait_for(lambda: self.running >= set(task_ids))


class Sent:
    """A sender that keeps what it was given."""

    def __init__(self) -> None:
        self.records: list[TaskRecord] = []
        self.dead = False

    async def __call__(self, record: TaskRecord) -> Callback:
        self.records.append(record)
        if self.dead:
            await asyncio.Event().wait()
        assert record.callback is not None
        return dataclasses.replace(record.callback, state=CallbackState.DELIVERED, attempts=1)


class Flaky:
    """A store that is away while `away`; a save `in_doubt` happens all the same; one that is `overtaken` gets another
    owner before it is replayed.
    """

    def __init__(self, store: TaskStore) -> None:
        self._store = store
        self.away = False
        self.in_doubt = False
        self.overtaken = False

    async def unfinished(self) -> tuple[TaskRecord, ...]:
        if self.overtaken:
            await self._store.acquire("another")
        return await self._store.unfinished()

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def save(self, record: TaskRecord, epoch: int) -> None:
        if self.in_doubt:
            await self._store.save(record, epoch)
        if self.away:
            raise StoreUnavailable("the task store cannot be reached")
        await self._store.save(record, epoch)


def task(task_id: str, **changes: object) -> TaskRecord:
    record = TaskRecord(task_id=task_id, digest=DIGEST, created_at=1000.0, total_regions=4)
    return dataclasses.replace(record, **changes)  # type: ignore[arg-type]
