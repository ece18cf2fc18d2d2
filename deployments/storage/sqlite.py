"""Task records in one sqlite file: the embedded store, for one node."""

import itertools
import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import astuple
from pathlib import Path
from typing import Any, Self

import aiosqlite

from deployments.errors import StoreUnavailable
from deployments.messages.task import CallbackState, TaskRecord, TaskStatus, TaskSummary
from deployments.storage import local_files
from deployments.storage.codecs import dump_record
from deployments.storage.records import Holder, LeaseLost, StoreGone
from deployments.storage.unreadable import Reader

_FINAL = tuple(status.value for status in TaskStatus if status.final)
_MARKS = ", ".join("?" for _ in _FINAL)

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS lease (id INTEGER PRIMARY KEY CHECK (id = 1), epoch INTEGER NOT NULL, owner TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS holder (
    id INTEGER PRIMARY KEY CHECK (id = 1), owner TEXT NOT NULL, alive_until REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS tasks (
    task_id TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    created_at REAL NOT NULL,
    completed_at REAL,
    calling INTEGER NOT NULL,
    result_expired INTEGER NOT NULL,
    record TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS tasks_by_status ON tasks (status, created_at, task_id);
CREATE INDEX IF NOT EXISTS tasks_by_end ON tasks (result_expired, completed_at);
CREATE INDEX IF NOT EXISTS tasks_calling ON tasks (completed_at) WHERE calling;
"""

# One statement checks the lease and writes, so that nothing can come between the two.
_SAVE = """
INSERT INTO tasks (task_id, status, created_at, completed_at, calling, result_expired, record)
SELECT ?, ?, ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM lease WHERE epoch = ?)
ON CONFLICT (task_id) DO UPDATE SET status = excluded.status, created_at = excluded.created_at,
    completed_at = excluded.completed_at, calling = excluded.calling, result_expired = excluded.result_expired,
    record = excluded.record
"""

_ACQUIRE = """
INSERT INTO lease (id, epoch, owner) VALUES (1, 1, ?)
ON CONFLICT (id) DO UPDATE SET epoch = epoch + 1, owner = excluded.owner RETURNING epoch
"""

_SUMMARY = """
SELECT status, COUNT(*),
    CASE WHEN status IN (?2, ?3, ?4) THEN NULL ELSE json_group_array(json_array(created_at, task_id)) END
FROM tasks WHERE ?1 IS NULL OR CASE WHEN json_valid(record) THEN json_extract(record, '$.client') END = ?1
GROUP BY status
"""


class SqliteStore:
    """WAL, and every commit reaches the disk. Two processes may have the file open; writers wait for each other.

    A file that is deleted under it is noticed: sqlite itself would go on writing into what nobody finds again.
    """

    def __init__(self, connection: aiosqlite.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._file = _identity(path)
        self._reader = Reader()

    @classmethod
    async def open(cls, path: str) -> Self:
        with _translated():
            local_files.make_folder(Path(path).parent)
            local_files.keep_private(Path(path))
            connection = await aiosqlite.connect(path, isolation_level=None, timeout=10.0)
        store = cls(connection, Path(path))
        try:
            with _translated():
                await connection.executescript(_SCHEMA)
        except BaseException:
            await store.close()
            raise
        return store

    async def acquire(self, owner: str) -> int:
        return int((await self._rows(_ACQUIRE, owner))[0][0])

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
        calling = record.callback is not None and record.callback.state is CallbackState.PENDING
        moment = (record.task_id, record.status.value, record.created_at, record.completed_at)
        if not await self._change(_SAVE, *moment, calling, record.result_expired, dump_record(record), epoch):
            raise LeaseLost("a newer tracker has taken over", epoch=epoch)

    async def delete(self, task_id: str, epoch: int) -> None:
        deleted = await self._change(
            "DELETE FROM tasks WHERE task_id = ? AND EXISTS (SELECT 1 FROM lease WHERE epoch = ?)", task_id, epoch
        )
        if not deleted and not await self.holds(epoch):
            raise LeaseLost("a newer tracker has taken over", epoch=epoch)

    @property
    def unreadable(self) -> int:
        return len(self._reader.unreadable)

    async def get(self, task_id: str) -> TaskRecord | None:
        rows = await self._rows("SELECT record FROM tasks WHERE task_id = ?", task_id)
        return self._reader.read(task_id, rows[0][0]) if rows else None

    async def unfinished(self) -> tuple[TaskRecord, ...]:
        query = f"SELECT task_id, record FROM tasks WHERE status NOT IN ({_MARKS}) ORDER BY created_at, task_id"
        return self._read_all(await self._rows(query, *_FINAL))

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
        for status, count, tasks in await self._rows(_SUMMARY, client, *_FINAL):
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
        with _translated():
            return list(await self._connection.execute_fetchall(sql, values))

    async def _change(self, sql: str, *values: Any) -> int:
        """Returns how many rows it changed."""
        self._check_place()
        with _translated():
            async with self._connection.execute(sql, values) as cursor:
                return cursor.rowcount


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StoreUnavailable("the task store cannot be reached or written") from error


def _identity(path: Path) -> tuple[int, int] | None:
    """Of the file that now has that name; None: there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
