"""The tracker replica in process: it takes the store over, loses it, and shares it with nobody."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deployments.__main__ import check_store
from deployments.config.settings import AppConfig, ConfigurationError, Environment, Settings, resolve
from deployments.errors import ShuttingDown, StoreUnavailable, UnknownTask
from deployments.messages.jobs import ErasedInfo
from deployments.messages.task import TaskRecord, TaskStatus
from deployments.storage.opening import open_store
from deployments.storage.records import Holder
from deployments.tracking import replica as replica_module
from deployments.tracking.replica import TrackerHost
from tests.deployments.storage.stores import redis_server
from tests.deployments.tracking.tracker.fakes import INFO, task


class Eraser:
    """Every task is done at once."""

    async def run_task(self, record: TaskRecord) -> AsyncGenerator[ErasedInfo]:
        yield INFO


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    monkeypatch.setenv("IOPAINT_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(replica_module, "STORE_RETRY_S", 0.01)
    return Environment.read()


@pytest.fixture
def settings(environment: Environment) -> Settings:
    return resolve(AppConfig(), environment)


Start = Callable[[Settings], TrackerHost]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Starts replicas, and stops them all in the end."""
    hosts: list[TrackerHost] = []
    eraser: Any = Eraser()

    def start(settings: Settings) -> TrackerHost:
        hosts.append(TrackerHost(settings, eraser))
        return hosts[-1]

    yield start
    for host in hosts:
        await host.stop()


@pytest.fixture
async def host(start: Start, settings: Settings) -> TrackerHost:
    return start(settings)


async def until_it_says(host: TrackerHost, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From then on calls are refused at once."""
    while fault not in ((await host.status()).fault or ""):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    monkeypatch.setattr(replica_module, "STORE_PATIENCE_S", 0.01)


async def end_of(host: TrackerHost, task_id: str) -> TaskRecord:
    return [record async for record in host.watch(task_id, None)][-1]


async def test_a_lease_that_was_lost_to_nobody_is_acquired_again(host: TrackerHost, settings: Settings) -> None:
    # Given: a tracker at work; then its epoch is gone, as when somebody clears a key of redis
    await host.ask("submit", task("before"))
    assert (await end_of(host, "before")).status is TaskStatus.COMPLETED
    store = await open_store(settings.task_store_url)
    await store.acquire("nobody")
    # When
    assert host._tracker is not None
    await host._tracker.check_lease()
    # Then
    while host._tracker is None or host._tracker.closed.is_set():  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await host.ask("submit", task("after"))
    assert (await end_of(host, "after")).status is TaskStatus.COMPLETED
    assert (await host.status()).fault is None
    host.check_health()
    await store.close()


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    with redis_server(tmp_path) as url:
        yield url


@pytest.mark.parametrize("lost", ["a key is lost", "all is lost", "somebody took it"])
async def test_a_lease_that_was_lost_in_redis_is_acquired_again(
    redis_url: str, environment: Environment, start: Start, lost: str
) -> None:
    # Given: a tracker at work
    from redis.asyncio import Redis

    settings = resolve(AppConfig(), environment).model_copy(update={"task_store_url": redis_url})
    host = start(settings)
    await host.ask("submit", task("before"))
    assert (await end_of(host, "before")).status is TaskStatus.COMPLETED
    # When
    redis = Redis.from_url(redis_url)
    if lost == "a key is lost":
        await redis.delete("{text-removal}:epoch")
    elif lost == "all is lost":
        await redis.flushall()
    else:
        store = await open_store(redis_url)
        await store.acquire("nobody")
        await store.close()
    await redis.aclose()
    tracker = host._tracker
    assert tracker is not None
    await tracker.check_lease()
    # Then: another tracker works under a newer lease, and what redis still holds is known
    while host._tracker in (tracker, None):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert host._tracker is not None
    assert host._tracker.epoch > tracker.epoch
    await host.ask("submit", task("after"))
    assert (await end_of(host, "after")).status is TaskStatus.COMPLETED
    assert (await host.ask("summary")).total == (1 if lost == "all is lost" else 2)
    assert (await host.status()).fault is None
    host.check_health()


async def test_a_second_service_is_told_and_takes_nothing_until_the_first_has_gone(
    host: TrackerHost, environment: Environment, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    await host.ask("submit", task("first"))
    # When
    second = start(resolve(AppConfig(), environment))
    await until_it_says(second, "another service", monkeypatch)
    # Then
    with pytest.raises(StoreUnavailable, match=r"another service \(.*\) works on this task store") as caught:
        await second.ask("submit", task("second"))
    assert (await second.status()).fault == caught.value.message
    await host.ask("submit", task("still"))
    assert (await end_of(host, "still")).status is TaskStatus.COMPLETED
    # When
    monkeypatch.undo()
    await host.stop()
    # Then
    await second.ask("submit", task("second"))
    assert (await end_of(second, "second")).status is TaskStatus.COMPLETED


async def test_a_replica_of_the_same_service_takes_over_at_once(
    host: TrackerHost, settings: Settings, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    await host.ask("submit", task("a"))

    successor = start(settings)

    await successor.ask("submit", task("b"))
    assert (await end_of(successor, "b")).status is TaskStatus.COMPLETED
    # and the first does not take the store back while its successor lives
    if host._tracker is not None:  # a write of its task may have told it already
        await host._tracker.check_lease()
    await until_it_says(host, "a newer replica", monkeypatch)
    with pytest.raises(StoreUnavailable, match="a newer replica of this service"):
        await host.ask("submit", task("c"))
    assert successor._tracker is not None
    await successor._tracker.check_lease()
    assert not successor._tracker.closed.is_set()


async def test_errors_that_tell_of_a_fault_are_new_each_time(
    host: TrackerHost, environment: Environment, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    await host.ask("submit", task("a"))
    second = start(resolve(AppConfig(), environment))
    await until_it_says(second, "another service", monkeypatch)
    told: list[StoreUnavailable] = []

    for _ in range(2):
        with pytest.raises(StoreUnavailable) as caught:
            await second.ask("get", "a")
        told.append(caught.value)

    assert told[0] is not told[1]


async def test_a_start_on_a_folder_in_use_is_refused_with_one_line(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given: a service that lives
    monkeypatch.setattr("deployments.__main__.ALIVE_S", 0.1)
    settings = resolve(AppConfig(), environment)
    store = await open_store(settings.task_store_url)
    await store.beat(Holder("other", 4e9))
    # When / Then
    with pytest.raises(ConfigurationError, match=r"^another service \(other\) works on this task store; stop it, or"):
        await check_store(settings)
    # When it has left / Then
    await store.leave("other")
    await check_store(settings)
    await store.close()


async def test_a_start_after_a_crash_waits_until_the_dead_service_is_known_to_be_dead(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given: its last word is not old enough yet
    now = [1000.0]
    monkeypatch.setattr("deployments.storage.holding.time.time", lambda: now[0])
    settings = resolve(AppConfig(), environment)
    store = await open_store(settings.task_store_url)
    await store.beat(Holder("dead", 1001.0))
    checking = asyncio.create_task(check_store(settings))
    await asyncio.sleep(0.3)
    assert not checking.done()
    # When
    now[0] = 1002.0
    # Then
    await checking
    await store.close()


async def test_once_stopped_every_call_and_watch_says_so_without_waiting(host: TrackerHost) -> None:
    # Given: a watch that is open, and a tracker that tracks
    await host.ask("submit", task("known"))
    watching = asyncio.create_task(end_of_all(host))
    await asyncio.sleep(0)

    # When
    await host.stop()

    # Then: sockets are told in time, before the proxy in front of them goes
    async with asyncio.timeout(replica_module.STORE_PATIENCE_S / 2):
        with pytest.raises(ShuttingDown):
            await watching
        with pytest.raises(ShuttingDown):
            await end_of_all(host)
        with pytest.raises(ShuttingDown):
            await host.ask("get", "known")


async def test_a_call_that_waits_for_the_store_is_told_when_the_replica_stops(host: TrackerHost) -> None:
    # Given: a host that has nothing to track with yet
    asking = asyncio.create_task(host.ask("get", "any"))
    await asyncio.sleep(0)

    # When
    await host.stop()

    # Then
    async with asyncio.timeout(replica_module.STORE_PATIENCE_S / 2):
        with pytest.raises(ShuttingDown):
            await asking


async def end_of_all(host: TrackerHost) -> None:
    async for _ in host.watch(None, None):
        pass


def empty(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


async def test_a_data_folder_that_is_deleted_is_noticed_and_made_anew(
    host: TrackerHost, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    monkeypatch.setattr(replica_module, "BEAT_S", 0.01)
    await host.ask("submit", task("before"))
    assert (await end_of(host, "before")).status is TaskStatus.COMPLETED
    # When
    empty(tmp_path)
    while not (tmp_path / "tasks.sqlite3").exists():  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    # Then
    await host.ask("submit", task("after"))
    assert (await end_of(host, "after")).status is TaskStatus.COMPLETED
    with pytest.raises(UnknownTask):
        await host.ask("get", "before")


async def test_a_blob_store_that_cannot_be_used_is_part_of_the_status(start: Start, settings: Settings) -> None:
    huge = settings.model_copy(update={"max_file_size": 2**60})
    host = start(huge)

    while (await host.status()).blob_fault is None:  # noqa: ASYNC110
        await asyncio.sleep(0.01)

    assert "nearly full" in str((await host.status()).blob_fault)
