"""Stores with records of other releases: what can be read is read, what cannot is kept and harms nobody."""

import dataclasses
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from deployments.messages.task import TaskRecord, TaskStatus
from deployments.storage import codecs
from deployments.storage.codecs import dump_record
from deployments.storage.opening import open_store
from deployments.storage.records import TaskStore
from deployments.storage.unreadable import UnreadableRecord
from tests.deployments.storage.stores import redis_server
from tests.deployments.storage.test_codecs import RECORD_OF_1_0_0

Alter = Callable[[str, str], Awaitable[None]]
"""Puts another text in the place of a task's record."""


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(params=["sqlite", "redis"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/tasks.db"
    from redis.asyncio import Redis

    redis_url: str = request.getfixturevalue("redis_url")
    redis = Redis.from_url(redis_url)
    await redis.flushall()
    await redis.aclose()
    return redis_url


@pytest.fixture
async def store(url: str) -> AsyncIterator[TaskStore]:
    store = await open_store(url)
    yield store
    await store.close()


@pytest.fixture
def alter(url: str) -> Alter:
    async def alter(task_id: str, text: str) -> None:
        if url.startswith("sqlite"):
            with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
                connection.execute("UPDATE tasks SET record = ? WHERE task_id = ?", (text, task_id))
            connection.close()
        else:
            from redis.asyncio import Redis

            redis = Redis.from_url(url)
            await redis.set(f"{{text-removal}}:task:{task_id}", text)
            await redis.aclose()

    return alter


def task(task_id: str, status: TaskStatus = TaskStatus.PENDING, **changes: object) -> TaskRecord:
    record = TaskRecord(task_id=task_id, digest="d", created_at=100.0, status=status, client="anna")
    return dataclasses.replace(record, **changes)  # type: ignore[arg-type]


def of_version_2(record: TaskRecord) -> str:
    return json.dumps(json.loads(dump_record(record)) | {"version": 2})


def of_a_status_to_come(record: TaskRecord) -> str:
    return json.dumps(json.loads(dump_record(record)) | {"status": "paused"})


STRANGE: dict[str, Callable[[TaskRecord], str]] = {
    "another version": of_version_2,
    "a status to come": of_a_status_to_come,
    "no version": lambda _: "{}",
    "no object": lambda _: "[1]",
    "cut short": lambda record: dump_record(record)[:40],
    "empty": lambda _: "",
}


@pytest.mark.parametrize("kind", STRANGE)
async def test_one_unreadable_record_keeps_nobody_from_the_others(store: TaskStore, alter: Alter, kind: str) -> None:
    # Given
    epoch = await store.acquire("me")
    for record in (task("a"), task("b"), task("c", TaskStatus.COMPLETED, completed_at=5.0)):
        await store.save(record, epoch)
    await alter("a", STRANGE[kind](task("a")))
    # Then
    assert [record.task_id for record in await store.unfinished()] == ["b"]
    assert [record.task_id for record in await store.ended(9.0, result_expired=False)] == ["c"]
    assert store.unreadable == 1
    with pytest.raises(UnreadableRecord, match="another release"):
        await store.get("a")
    assert store.unreadable == 1
    summary = await store.summary()
    assert (summary.total, summary.active, summary.completed) == (3, 2, 1)
    assert (await store.summary("anna")).completed == 1


async def test_the_release_that_wrote_a_record_reads_it_again(
    store: TaskStore, alter: Alter, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given: a rollback
    await store.save(task("a"), await store.acquire("me"))
    await alter("a", of_version_2(task("a")))
    assert await store.unfinished() == ()
    # When: the newer release again
    monkeypatch.setattr(codecs, "VERSION", 2)
    # Then
    assert await store.unfinished() == (task("a"),)
    assert store.unreadable == 0


async def test_what_one_release_before_and_one_after_wrote_is_read(store: TaskStore, alter: Alter) -> None:
    # Given: 1.0.0 knew fewer fields, the next release may know more
    epoch = await store.acquire("me")
    ended = task("a", TaskStatus.COMPLETED, completed_at=5.0)
    for record in (ended, task("newer")):
        await store.save(record, epoch)
    await alter("a", RECORD_OF_1_0_0)
    await alter("newer", json.dumps(json.loads(dump_record(task("newer"))) | {"colour": {"of": ["a", "kind"]}}))
    # When
    older, newer = await store.get("a"), await store.get("newer")
    # Then
    assert older is not None
    assert (older.status, older.created_at, older.client) == (TaskStatus.COMPLETED, 1700000000.5, "")
    assert newer == task("newer")
    assert store.unreadable == 0


async def test_more_unreadable_records_than_fit_a_page_do_not_hide_the_readable_ones(
    store: TaskStore, alter: Alter
) -> None:
    epoch = await store.acquire("me")
    for index in range(5):
        await store.save(task(f"t{index}", TaskStatus.COMPLETED, completed_at=float(index)), epoch)
    for index in range(4):
        await alter(f"t{index}", "?")

    found = await store.ended(9.0, result_expired=False, limit=2)

    assert [record.task_id for record in found] == ["t4"]
    assert store.unreadable == 4
