"""Task records in redis: the store of a cluster.

How much a crash of redis itself may lose is redis' own setting; run it with `appendonly yes`. All keys carry one hash
tag, so that the script is also legal on a redis cluster.
"""

import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

from deployments.errors import StoreUnavailable
from deployments.messages.task import CallbackState, TaskRecord, TaskStatus, TaskSummary
from deployments.storage.codecs import dump_record
from deployments.storage.records import Holder, LeaseLost
from deployments.storage.unreadable import Reader

_PREFIX = "{text-removal}:"
_EPOCH = f"{_PREFIX}epoch"
_OWNER = f"{_PREFIX}owner"
_HOLDER = f"{_PREFIX}holder"

# The indexes are sorted sets of task ids: by creation for each status, the others by the end of the task.
_STATUS = {status: f"{_PREFIX}status:{status.value}" for status in TaskStatus}
_ACTIVE = [key for status, key in _STATUS.items() if not status.final]
_ENDED = {False: f"{_PREFIX}ended:kept", True: f"{_PREFIX}ended:expired"}
_CALLING = f"{_PREFIX}calling"
_INDEXES = (*_STATUS.values(), *_ENDED.values(), _CALLING)

# KEYS: epoch, record, every index. ARGV: epoch, task id, record ("" deletes it), then pairs: an index to be in, score.
_WRITE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
for i = 3, #KEYS do redis.call('ZREM', KEYS[i], ARGV[2]) end
if ARGV[3] == '' then redis.call('DEL', KEYS[2]) else redis.call('SET', KEYS[2], ARGV[3]) end
for i = 4, #ARGV, 2 do redis.call('ZADD', ARGV[i], ARGV[i + 1], ARGV[2]) end
return 1
"""


class RedisStore:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = redis.register_script(_WRITE)
        self._reader = Reader()

    @classmethod
    async def open(cls, url: str) -> Self:
        pool = BlockingConnectionPool.from_url(url, max_connections=32, timeout=10, decode_responses=True)
        store = cls(Redis.from_pool(pool))
        try:
            with _translated():
                await store._redis.get(_EPOCH)
        except BaseException:
            await store.close()
            raise
        return store

    async def acquire(self, owner: str) -> int:
        """Epochs count up from the time (milliseconds), so that one that is given after the key was lost is no older
        owner's, who may still live."""
        with _translated():
            async with self._redis.pipeline(transaction=True) as commands:
                commands.set(_EPOCH, int(time.time() * 1000), nx=True)
                commands.incr(_EPOCH)
                commands.set(_OWNER, owner)
                _, epoch, _ = await commands.execute()
        return int(epoch)

    async def holder(self) -> Holder | None:
        with _translated():
            found = await self._redis.hgetall(_HOLDER)
        return Holder(str(found["owner"]), float(found["alive_until"])) if found else None

    async def beat(self, holder: Holder) -> None:
        with _translated():
            await self._redis.hset(_HOLDER, mapping={"owner": holder.owner, "alive_until": repr(holder.alive_until)})

    async def leave(self, owner: str) -> None:
        holder = await self.holder()
        if holder is not None and holder.owner == owner:
            with _translated():
                await self._redis.delete(_HOLDER)

    async def holds(self, epoch: int) -> bool:
        with _translated():
            return bool(await self._redis.get(_EPOCH) == str(epoch))

    async def save(self, record: TaskRecord, epoch: int) -> None:
        scores = {_STATUS[record.status]: record.created_at}
        if record.completed_at is not None:
            scores[_ENDED[record.result_expired]] = record.completed_at
            if record.callback is not None and record.callback.state is CallbackState.PENDING:
                scores[_CALLING] = record.completed_at
        if record.client:
            scores[_status_of(record.client)[record.status]] = record.created_at
        await self._write(record.task_id, epoch, dump_record(record), scores, record.client)

    async def delete(self, task_id: str, epoch: int) -> None:
        record = await self.get(task_id)
        await self._write(task_id, epoch, "", {}, record.client if record else "")

    @property
    def unreadable(self) -> int:
        return len(self._reader.unreadable)

    async def get(self, task_id: str) -> TaskRecord | None:
        with _translated():
            text = await self._redis.get(_record_key(task_id))
        return None if text is None else self._reader.read(task_id, str(text))

    async def unfinished(self) -> tuple[TaskRecord, ...]:
        with _translated():
            task_ids = await self._redis.zunion(_ACTIVE)
        records = [record for record in await self._records(task_ids) if not record.status.final]
        return tuple(sorted(records, key=lambda record: (record.created_at, record.task_id)))

    async def uncalled(self) -> tuple[TaskRecord, ...]:
        with _translated():
            task_ids = await self._redis.zrange(_CALLING, 0, -1)
        return await self._records(task_ids)

    async def ended(self, before: float, *, result_expired: bool, limit: int = 500) -> tuple[TaskRecord, ...]:
        key = _ENDED[result_expired]
        found: tuple[TaskRecord, ...] = ()
        for start in itertools.count(0, limit):
            with _translated():
                task_ids = await self._redis.zrangebyscore(key, "-inf", f"({before!r}", start=start, num=limit)
            found += await self._records(task_ids)
            if len(found) >= limit or len(task_ids) < limit:
                return found[:limit]
        raise AssertionError("a count has no end")

    async def summary(self, client: str | None = None) -> TaskSummary:
        of_status = _STATUS if client is None else _status_of(client)
        with _translated():
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

    async def _write(self, task_id: str, epoch: int, text: str, scores: dict[str, float], client: str) -> None:
        of_client = _status_of(client).values() if client else ()
        joined = [part for key, score in scores.items() for part in (key, repr(score))]
        with _translated():
            written = await self._script(
                keys=[_EPOCH, _record_key(task_id), *_INDEXES, *of_client], args=[epoch, task_id, text, *joined]
            )
        if not written:
            raise LeaseLost("a newer tracker has taken over", epoch=epoch)

    async def _records(self, task_ids: Sequence[Any]) -> tuple[TaskRecord, ...]:
        """Those of them that are there and can be read."""
        keys = [_record_key(task_id) for task_id in task_ids]
        if not keys:
            return ()
        with _translated():
            texts = await self._redis.mget(keys)
        there = zip(task_ids, texts, strict=True)
        return self._reader.read_all((str(task_id), str(text)) for task_id, text in there if text is not None)


def _status_of(client: str) -> dict[TaskStatus, str]:
    """As `_STATUS`, for one client's tasks."""
    return {status: f"{_PREFIX}client:{client}:{status.value}" for status in TaskStatus}


def _record_key(task_id: str) -> str:
    return f"{_PREFIX}task:{task_id}"


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise StoreUnavailable("the task store cannot be reached") from error
