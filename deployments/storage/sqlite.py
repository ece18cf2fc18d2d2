"""Task records in one sqlite file: the embedded store, for one node."""

import itertools
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import astuple
from pathlib import Path
from typing import Any, Self

import aiosqlite

from deployments.errors import StoreUnavailable
from deployments.messages.batch import BatchRecord
from deployments.messages.task import TaskRecord, TaskStatus, TaskSummary
from deployments.storage import local_files
from deployments.storage.codecs import dump_batch
from deployments.storage.records import Holder, LeaseLost, StoreGone
from deployments.storage.sqlite_tables import (
    ACQUIRE,
    FINAL,
    MARKS,
    SAVE,
    SAVE_BATCH,
    SCHEMA,
    SUMMARY,
    SYNCHRONOUS,
    row,
)
from deployments.storage.unreadable import Reader

TIMEOUT_S = 10.0
"""How long a writer waits for another one."""


class SqliteStore:
    """WAL, and every commit reaches the disk. Two processes may have the file open; writers wait for each other.

    A file that is deleted under it is noticed: sqlite itself would go on writing into what nobody finds again.
    """

    def __init__(self, connection: aiosqlite.Connection, path: Path, failed: Callable[[], None] = lambda: None) -> None:
        self._failed = failed
        self._connection = connection
        self._path = path
        self._file = _identity(path)
        self._reader = Reader()

    @classmethod
    async def open(cls, path: str, failed: Callable[[], None] = lambda: None) -> Self:
        with _translated(failed):
            local_files.make_folder(Path(path).parent)
            local_files.keep_private(Path(path))
            connection = await aiosqlite.connect(path, isolation_level=None, timeout=TIMEOUT_S)
        store = cls(connection, Path(path), failed)
        try:
            with _translated(failed):
                await connection.executescript(SCHEMA)
        except BaseException:
            await store.close()
            raise
        return store

    async def acquire(self, owner: str) -> int:
        return int((await self._rows(ACQUIRE, owner))[0][0])

    async def holder(self) -> Holder | None:
        rows = await self._rows("SELECT owner, alive_until FROM holder")
        return Holder(*rows[0]) if rows else None

    async def beat(self, holder: Holder) -> None:
        await self._change("REPLACE INTO holder (id, owner, alive_until) VALUES (1, ?, ?)", *astuple(holder))

    async def leave(self, owner: str) -> None:
        await self._change("DELETE FROM holder WHERE owner = ?", owner)

    async def holds(self, epoch: int) -> bool:
        return bool(await self._rows("SELECT 1 FROM lease WHERE epoch = ?", epoch))

    async def save(self, record: TaskRecord, epoch: int) -> None:
        if not await self._change(SAVE, *row(record), epoch):
            raise _lost(epoch)

    async def save_batch(self, batch: BatchRecord, records: Sequence[TaskRecord], epoch: int) -> None:
        rows = [(*row(record), epoch) for record in records]
        async with self._transaction() as transaction:
            await transaction.executemany(SAVE, rows)
            done = await transaction.execute(SAVE_BATCH, (batch.batch_id, batch.created_at, dump_batch(batch), epoch))
            if not done.rowcount:
                raise _lost(epoch)

    async def delete(self, task_id: str, epoch: int) -> None:
        await self._delete("tasks WHERE task_id", task_id, epoch)

    async def delete_batch(self, batch_id: str, epoch: int) -> None:
        await self._delete("batches WHERE batch_id", batch_id, epoch)

    @property
    def unreadable(self) -> int:
        return len(self._reader.unreadable)

    async def get(self, task_id: str) -> TaskRecord | None:
        rows = await self._rows("SELECT record FROM tasks WHERE task_id = ?", task_id)
        return self._reader.read(task_id, rows[0][0]) if rows else None

    async def get_many(self, task_ids: Sequence[str]) -> tuple[TaskRecord, ...]:
        query = "SELECT task_id, record FROM tasks WHERE task_id IN (SELECT value FROM json_each(?))"
        rows = await self._rows(query, json.dumps(task_ids))
        return tuple(self._reader.read(task_id, text) for task_id, text in rows)

    async def batch(self, batch_id: str) -> BatchRecord | None:
        rows = await self._rows("SELECT batch FROM batches WHERE batch_id = ?", batch_id)
        return self._reader.read_batch(batch_id, rows[0][0]) if rows else None

    async def old_batches(self, before: float) -> tuple[BatchRecord, ...]:
        rows = await self._rows("SELECT batch_id, batch FROM batches WHERE created_at < ?", before)
        return self._reader.read_batches((batch_id, text) for batch_id, text in rows)

    async def unfinished(self) -> tuple[TaskRecord, ...]:
        query = f"SELECT task_id, record FROM tasks WHERE status NOT IN ({MARKS}) ORDER BY created_at, task_id"
        return self._read_all(await self._rows(query, *FINAL))

    async def uncalled(self) -> tuple[TaskRecord, ...]:
        query = """SELECT task_id, record FROM tasks WHERE calling AND completed_at IS NOT NULL
            ORDER BY completed_at, task_id"""
        return self._read_all(await self._rows(query))

    async def ended(self, before: float, *, result_expired: bool, limit: int = 500) -> tuple[TaskRecord, ...]:
        query = """SELECT task_id, record FROM tasks WHERE result_expired = ? AND completed_at < ?
            ORDER BY completed_at, task_id LIMIT ? OFFSET ?"""
        found: tuple[TaskRecord, ...] = ()
        for offset in itertools.count(0, limit):
            rows = await self._rows(query, result_expired, before, limit, offset)
            found += self._read_all(rows)
            if len(found) >= limit or len(rows) < limit:
                return found[:limit]
        raise AssertionError("a count has no end")

    async def summary(self, client: str | None = None) -> TaskSummary:
        counts: dict[str, int] = {}
        active: list[tuple[float, str]] = []
        for status, count, tasks in await self._rows(SUMMARY, client, *FINAL):
            counts[status] = count
            active += [(created_at, task_id) for created_at, task_id in json.loads(tasks or "[]")]
        return TaskSummary(
            total=sum(counts.values()),
            active=len(active),
            pending=counts.get(TaskStatus.PENDING, 0),
            completed=counts.get(TaskStatus.COMPLETED, 0),
            error=counts.get(TaskStatus.ERROR, 0),
            cancelled=counts.get(TaskStatus.CANCELLED, 0),
            active_task_ids=tuple(task_id for _, task_id in sorted(active)),
        )

    async def close(self) -> None:
        await self._connection.close()

    def _read_all(self, rows: Iterable[sqlite3.Row]) -> tuple[TaskRecord, ...]:
        return self._reader.read_all((task_id, text) for task_id, text in rows)

    def _check_place(self) -> None:
        """Raises: StoreGone."""
        if _identity(self._path) != self._file:
            raise StoreGone("the task store's file was deleted or replaced")

    async def _rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        self._check_place()
        with _translated(self._failed):
            return list(await self._connection.execute_fetchall(sql, values))

    async def _change(self, sql: str, *values: Any) -> int:
        """Returns how many rows it changed."""
        self._check_place()
        with _translated(self._failed):
            async with self._connection.execute(sql, values) as cursor:
                return cursor.rowcount

    async def _delete(self, what: str, key: str, epoch: int) -> None:
        fenced = f"DELETE FROM {what} = ? AND EXISTS (SELECT 1 FROM lease WHERE epoch = ?)"
        if not await self._change(fenced, key, epoch) and not await self.holds(epoch):
            raise _lost(epoch)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[aiosqlite.Connection]:
        """A connection of its own, which rolls back when it is closed: on the shared one, what others write meanwhile
        would be part of the transaction."""
        self._check_place()
        with _translated(self._failed):
            async with aiosqlite.connect(self._path, isolation_level=None, timeout=TIMEOUT_S) as connection:
                await connection.execute(SYNCHRONOUS)
                await connection.execute("BEGIN IMMEDIATE")
                yield connection
                await connection.execute("COMMIT")


@contextmanager
def _translated(failed: Callable[[], None]) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        failed()
        raise StoreUnavailable("the task store cannot be reached or written") from error


def _identity(path: Path) -> tuple[int, int] | None:
    """Of the file that now has that name; None: there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _lost(epoch: int) -> LeaseLost:
    return LeaseLost("a newer tracker has taken over", epoch=epoch)
