"""Task records in redis: the store of a cluster.

How much a crash of redis itself may lose is redis' own setting; run it with `appendonly yes`. All keys carry one hash
tag, so that the script is also legal on a redis cluster.
"""

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

from redis.asyncio import BlockingConnectionPool, Redis
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from deployments.errors import StoreUnavailable
from deployments.messages.batch import BatchRecord
from deployments.messages.task import TaskRecord, TaskStatus, TaskSummary
from deployments.storage.records import Holder, LeaseLost
from deployments.storage.redis_keys import (
    ACTIVE,
    BATCHES,
    CALLING,
    ENDED,
    EPOCH,
    HOLDER,
    OWNER,
    STATUS,
    WRITE,
    WRITE_BATCH,
    Call,
    batch_key,
    deleting,
    deleting_batch,
    record_key,
    saving,
    saving_batch,
    status_of,
)
from deployments.storage.unreadable import Reader


class RedisStore:
    def __init__(self, redis: Redis, failed: Callable[[], None] = lambda: None) -> None:
        self._failed = failed
        self._redis = redis
        self._script = redis.register_script(WRITE)
        self._reader = Reader()
        self._batch_script = redis.register_script(WRITE_BATCH)

    @classmethod
    async def open(cls, url: str, failed: Callable[[], None] = lambda: None) -> Self:
        pool = BlockingConnectionPool.from_url(url, max_connections=32, timeout=10, decode_responses=True)
        store = cls(Redis.from_pool(pool), failed)
        try:
            with _translated(failed):
                await store._redis.get(EPOCH)
        except BaseException:
            await store.close()
            raise
        return store

    async def acquire(self, owner: str) -> int:
        """Epochs count up from the time (milliseconds), so that one that is given after the key was lost is no older
        owner's, who may still live."""
        with _translated(self._failed):
            async with self._redis.pipeline(transaction=True) as commands:
                commands.set(EPOCH, int(time.time() * 1000), nx=True)
                commands.incr(EPOCH)
                commands.set(OWNER, owner)
                _, epoch, _ = await commands.execute()
        return int(epoch)

    async def holder(self) -> Holder | None:
        with _translated(self._failed):
            found = await self._redis.hgetall(HOLDER)
        return Holder(str(found["owner"]), float(found["alive_until"])) if found else None

    async def beat(self, holder: Holder) -> None:
        with _translated(self._failed):
            await self._redis.hset(HOLDER, mapping={"owner": holder.owner, "alive_until": repr(holder.alive_until)})

    async def leave(self, owner: str) -> None:
        holder = await self.holder()
        if holder is not None and holder.owner == owner:
            with _translated(self._failed):
                await self._redis.delete(HOLDER)

    async def holds(self, epoch: int) -> bool:
        with _translated(self._failed):
            return bool(await self._redis.get(EPOCH) == str(epoch))

    async def save(self, record: TaskRecord, epoch: int) -> None:
        await self._run(self._script, saving(record, epoch), epoch)

    async def save_batch(self, batch: BatchRecord, records: Sequence[TaskRecord], epoch: int) -> None:
        """One transaction of many scripts: the epoch is the same for all of them."""
        with _translated(self._failed):
            async with self._redis.pipeline(transaction=True) as commands:
                for record in records:
                    await self._script(*saving(record, epoch), client=commands)
                await self._batch_script(*saving_batch(batch, epoch), client=commands)
                done = await commands.execute()
        if not all(done):
            raise _lost(epoch)

    async def delete(self, task_id: str, epoch: int) -> None:
        record = await self.get(task_id)
        await self._run(self._script, deleting(task_id, record.client if record else "", epoch), epoch)

    async def delete_batch(self, batch_id: str, epoch: int) -> None:
        await self._run(self._batch_script, deleting_batch(batch_id, epoch), epoch)

    @property
    def unreadable(self) -> int:
        return len(self._reader.unreadable)

    async def get(self, task_id: str) -> TaskRecord | None:
        with _translated(self._failed):
            text = await self._redis.get(record_key(task_id))
        return None if text is None else self._reader.read(task_id, str(text))

    async def get_many(self, task_ids: Sequence[str]) -> tuple[TaskRecord, ...]:
        keys = [record_key(task_id) for task_id in task_ids]
        with _translated(self._failed):
            texts = await self._redis.mget(keys) if keys else []
        there = zip(task_ids, texts, strict=True)
        return tuple(self._reader.read(task_id, str(text)) for task_id, text in there if text is not None)

    async def batch(self, batch_id: str) -> BatchRecord | None:
        with _translated(self._failed):
            text = await self._redis.get(batch_key(batch_id))
        return None if text is None else self._reader.read_batch(batch_id, str(text))

    async def old_batches(self, before: float) -> tuple[BatchRecord, ...]:
        with _translated(self._failed):
            batch_ids = await self._redis.zrangebyscore(BATCHES, "-inf", f"({before!r}")
            texts = await self._redis.mget([batch_key(str(batch_id)) for batch_id in batch_ids]) if batch_ids else []
        there = zip(batch_ids, texts, strict=True)
        return self._reader.read_batches((str(batch_id), str(text)) for batch_id, text in there if text is not None)

    async def unfinished(self) -> tuple[TaskRecord, ...]:
        with _translated(self._failed):
            task_ids = await self._redis.zunion(ACTIVE)
        records = [record for record in await self._records(task_ids) if not record.status.final]
        return tuple(sorted(records, key=lambda record: (record.created_at, record.task_id)))

    async def uncalled(self) -> tuple[TaskRecord, ...]:
        with _translated(self._failed):
            task_ids = await self._redis.zrange(CALLING, 0, -1)
        return await self._records(task_ids)

    async def ended(self, before: float, *, result_expired: bool, limit: int = 500) -> tuple[TaskRecord, ...]:
        key = ENDED[result_expired]
        found: tuple[TaskRecord, ...] = ()
        for start in itertools.count(0, limit):
            with _translated(self._failed):
                task_ids = await self._redis.zrangebyscore(key, "-inf", f"({before!r}", start=start, num=limit)
            found += await self._records(task_ids)
            if len(found) >= limit or len(task_ids) < limit:
                return found[:limit]
        raise AssertionError("a count has no end")

    async def summary(self, client: str | None = None) -> TaskSummary:
        of_status = STATUS if client is None else status_of(client)
        with _translated(self._failed):
            async with self._redis.pipeline(transaction=True) as commands:
                commands.zunion([key for status, key in of_status.items() if not status.final])
                for key in of_status.values():
                    commands.zcard(key)
                active_task_ids, *counts = await commands.execute()
        of = dict(zip(of_status, counts, strict=True))
        return TaskSummary(
            total=sum(counts),
            active=len(active_task_ids),
            pending=of[TaskStatus.PENDING],
            completed=of[TaskStatus.COMPLETED],
            error=of[TaskStatus.ERROR],
            cancelled=of[TaskStatus.CANCELLED],
            active_task_ids=tuple(active_task_ids),
        )

    async def close(self) -> None:
        await self._redis.aclose()

    async def _run(self, script: AsyncScript, call: Call, epoch: int) -> None:
        with _translated(self._failed):
            written = await script(*call)
        if not written:
            raise _lost(epoch)

    async def _records(self, task_ids: Sequence[Any]) -> tuple[TaskRecord, ...]:
        """Those of them that are there and can be read."""
        keys = [record_key(task_id) for task_id in task_ids]
        if not keys:
            return ()
        with _translated(self._failed):
            texts = await self._redis.mget(keys)
        there = zip(task_ids, texts, strict=True)
        return self._reader.read_all((str(task_id), str(text)) for task_id, text in there if text is not None)


@contextmanager
def _translated(failed: Callable[[], None]) -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        failed()
        raise StoreUnavailable("the task store cannot be reached") from error


def _lost(epoch: int) -> LeaseLost:
    return LeaseLost("a newer tracker has taken over", epoch=epoch)
