import asyncio
import dataclasses
import shutil
import stat
from pathlib import Path

import pytest

from deployments.errors import StoreUnavailable
from deployments.messages.jobs import ErasedInfo
from deployments.messages.task import Callback, CallbackState, TaskRecord, TaskStage, TaskStatus
from deployments.storage.opening import open_store
from deployments.storage.records import LeaseLost, StoreGone, TaskStore
from tests.deployments.storage.stores import flush, redis_server

INFO = ErasedInfo("image/png", "cv2", 8, 6, 2, 12, seed=7, timings_s={"queue": 0.25, "inpaint": 1.5})
CALLING = Callback("https://hooks.example.org/x", CallbackState.PENDING)


def task(task_id: str, status: TaskStatus = TaskStatus.PENDING, **changes: object) -> TaskRecord:
    record = TaskRecord(task_id=task_id, digest="d", created_at=100.0, status=status)
    return dataclasses.replace(record, **changes)  # type: ignore[arg-type]


FULL = TaskRecord(
    task_id="Az09._-",
    digest="d",
    created_at=1767225600.123456,
    status=TaskStatus.COMPLETED,
    stage=TaskStage.FINALIZING,
    overall_progress=33.25,
    message="naïve “quotes” \N{SNOWMAN}\n",
    seq=2_000_007,
    attempt=2,
    started_at=1767225601.5,
    completed_at=1767225602.5,
    callback=dataclasses.replace(CALLING, attempts=3, reason="HTTP 503"),
    result=INFO,
)


async def test_what_was_saved_is_read_back_after_reopening(url: str) -> None:
    store = await open_store(url)
    await store.save(FULL, await store.acquire("a"))
    await store.close()

    reopened = await open_store(url)
    found = await reopened.get(FULL.task_id)
    await reopened.close()

    assert found == FULL


async def test_an_unknown_task_is_none(store: TaskStore) -> None:
    assert await store.get("nobody") is None


async def test_a_later_save_replaces_the_earlier_one(store: TaskStore) -> None:
    epoch = await store.acquire("a")
    await store.save(task("a"), epoch)

    await store.save(task("a", TaskStatus.PREPARING, seq=1), epoch)

    assert await store.get("a") == task("a", TaskStatus.PREPARING, seq=1)
    assert (await store.summary()).total == 1


async def test_each_owner_gets_a_higher_epoch(store: TaskStore) -> None:
    first, second = await store.acquire("a"), await store.acquire("b")

    assert second > first
    assert await store.holds(second)
    assert not await store.holds(first)


async def test_an_older_owner_can_write_nothing(store: TaskStore) -> None:
    old = await store.acquire("old")
    await store.save(task("a"), old)
    new = await store.acquire("new")

    with pytest.raises(LeaseLost):
        await store.save(task("a", TaskStatus.PREPARING), old)
    with pytest.raises(LeaseLost):
        await store.save(task("b"), old)
    with pytest.raises(LeaseLost):
        await store.delete("a", old)
    with pytest.raises(LeaseLost):
        await store.delete("nobody", old)

    assert await store.get("a") == task("a")
    assert await store.get("b") is None
    await store.save(task("a", TaskStatus.CANCELLED, completed_at=3.0), new)


@pytest.mark.parametrize("url", ["redis"], indirect=True)
async def test_an_owner_that_lives_on_after_its_key_was_lost_can_write_nothing(store: TaskStore, url: str) -> None:
    old = await store.acquire("old")
    await flush(url)
    with pytest.raises(LeaseLost):
        await store.save(task("a"), old)

    new = await store.acquire("new")

    assert new > old
    with pytest.raises(LeaseLost):
        await store.save(task("a"), old)
    await store.save(task("b"), new)
    assert (await store.summary()).total == 1


async def test_the_lease_is_seen_by_another_connection(store: TaskStore, url: str) -> None:
    old = await store.acquire("old")
    other = await open_store(url)
    await other.acquire("new")
    await other.close()

    with pytest.raises(LeaseLost):
        await store.save(task("a"), old)


async def test_nothing_can_be_written_without_a_lease(store: TaskStore) -> None:
    with pytest.raises(LeaseLost):
        await store.save(task("a"), 1)


async def test_unfinished_tasks_come_in_the_order_they_were_created(store: TaskStore) -> None:
    epoch = await store.acquire("a")
    for record in (
        task("young", created_at=30.5),
        task("ended", TaskStatus.COMPLETED, created_at=1.0, completed_at=2.0),
        task("old", TaskStatus.PROCESSING, created_at=10.0),
        task("middle", TaskStatus.PREPARING, created_at=20.0),
    ):
        await store.save(record, epoch)

    assert [record.task_id for record in await store.unfinished()] == ["old", "middle", "young"]


async def test_only_ended_tasks_with_a_pending_callback_are_uncalled(store: TaskStore) -> None:
    epoch = await store.acquire("a")
    delivered = dataclasses.replace(CALLING, state=CallbackState.DELIVERED)
    for record in (
        task("running", TaskStatus.PROCESSING, callback=CALLING),
        task("plain", TaskStatus.COMPLETED, completed_at=1.0),
        task("later", TaskStatus.ERROR, completed_at=9.0, callback=CALLING),
        task("sooner", TaskStatus.COMPLETED, completed_at=8.0, callback=CALLING),
        task("done", TaskStatus.COMPLETED, completed_at=7.0, callback=CALLING),
    ):
        await store.save(record, epoch)
    await store.save(task("done", TaskStatus.COMPLETED, completed_at=7.0, callback=delivered), epoch)

    assert [record.task_id for record in await store.uncalled()] == ["sooner", "later"]


async def test_ended_tasks_are_found_by_their_end_and_by_what_is_left_of_them(store: TaskStore) -> None:
    epoch = await store.acquire("a")
    for index in range(5):
        await store.save(task(f"t{index}", TaskStatus.COMPLETED, completed_at=float(index)), epoch)
    await store.save(task("t1", TaskStatus.COMPLETED, completed_at=1.0, result_expired=True), epoch)
    await store.save(task("running", TaskStatus.PROCESSING), epoch)

    kept = await store.ended(3.0, result_expired=False)
    expired = await store.ended(3.0, result_expired=True)
    first = await store.ended(9.0, result_expired=False, limit=1)

    assert [record.task_id for record in kept] == ["t0", "t2"]
    assert [record.task_id for record in expired] == ["t1"]
    assert [record.task_id for record in first] == ["t0"]


async def test_a_deleted_task_leaves_no_trace(store: TaskStore) -> None:
    epoch = await store.acquire("a")
    await store.save(task("a", TaskStatus.COMPLETED, completed_at=1.0, callback=CALLING), epoch)

    await store.delete("a", epoch)
    await store.delete("a", epoch)

    assert await store.get("a") is None
    assert await store.uncalled() == ()
    assert await store.ended(9.0, result_expired=False) == ()
    assert (await store.summary()).total == 0


async def test_the_summary_of_a_client_counts_its_own_tasks(store: TaskStore) -> None:
    # Given
    epoch = await store.acquire("me")
    for task_id, status, client in (
        ("a", TaskStatus.PENDING, "anna"),
        ("b", TaskStatus.PROCESSING, "anna"),
        ("c", TaskStatus.COMPLETED, "anna"),
        ("d", TaskStatus.PENDING, "bert"),
        ("e", TaskStatus.PENDING, ""),
    ):
        await store.save(task(task_id, client=client), epoch)
        await store.save(task(task_id, status, client=client), epoch)
    # When
    await store.delete("a", epoch)
    anna, carl, everybody = await store.summary("anna"), await store.summary("carl"), await store.summary()
    # Then
    assert (anna.total, anna.active, anna.completed, anna.active_task_ids) == (2, 1, 1, ("b",))
    assert carl.total == 0
    assert everybody.total == 4


async def test_the_summary_adds_up(store: TaskStore) -> None:
    epoch = await store.acquire("a")
    statuses = [status for status in TaskStatus for _ in range(list(TaskStatus).index(status) + 1)]
    for index, status in enumerate(statuses):
        ended = 5.0 if status.final else None
        await store.save(task(f"{status}-{index}", status, created_at=50.0 - index, completed_at=ended), epoch)

    summary = await store.summary()

    assert (summary.total, summary.active, summary.pending) == (21, 6, 1)
    assert (summary.completed, summary.error, summary.cancelled) == (4, 5, 6)
    assert summary.active_task_ids == tuple(
        f"{status}-{index}" for index, status in reversed(list(enumerate(statuses))) if not status.final
    )


async def test_many_saves_at_once_all_arrive(store: TaskStore) -> None:
    epoch = await store.acquire("a")

    await asyncio.gather(*(store.save(task(f"t{index}"), epoch) for index in range(200)))

    assert (await store.summary()).pending == 200


async def test_a_store_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreUnavailable):
        await open_store(f"sqlite:///{tmp_path}/file/tasks.db")
    with pytest.raises(StoreUnavailable):
        await open_store(f"sqlite:///{tmp_path}")


async def test_a_redis_that_has_gone_is_a_store_that_is_unavailable(tmp_path: Path) -> None:
    failures: list[None] = []
    with redis_server(tmp_path) as url:
        store = await open_store(url, lambda: failures.append(None))
        epoch = await store.acquire("a")
    assert failures == []

    with pytest.raises(StoreUnavailable):
        await store.save(task("a"), epoch)
    assert len(failures) == 1
    with pytest.raises(StoreUnavailable):
        await open_store(url)
    await store.close()


@pytest.mark.parametrize("url", ["mysql://host/db", "tasks.db", "sqlite://tasks.db", "sqlite:///"])
async def test_a_url_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="a task store is"):
        await open_store(url)


@pytest.mark.parametrize("how", ["deleted", "replaced"])
async def test_a_file_that_is_deleted_under_sqlite_is_noticed_and_can_be_made_anew(tmp_path: Path, how: str) -> None:
    # Given
    folder = tmp_path / "data"
    store = await open_store(f"sqlite:///{folder}/tasks.db")
    epoch = await store.acquire("a")
    # When
    shutil.rmtree(folder)
    if how == "replaced":
        await (await open_store(f"sqlite:///{folder}/tasks.db")).close()
    # Then
    with pytest.raises(StoreGone):
        await store.save(task("a"), epoch)
    with pytest.raises(StoreGone):
        await store.holds(epoch)
    await store.close()
    again = await open_store(f"sqlite:///{folder}/tasks.db")
    await again.save(task("a"), await again.acquire("a"))
    await again.close()


async def test_only_the_owner_may_read_the_records_of_sqlite(tmp_path: Path) -> None:
    path = tmp_path / "data" / "tasks.db"
    path.parent.mkdir()
    path.touch(0o644)  # as an older release left it

    store = await open_store(f"sqlite:///{path}")
    await store.save(task("a"), await store.acquire("a"))

    assert {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {
        "tasks.db": 0o600, "tasks.db-wal": 0o600, "tasks.db-shm": 0o600,
    }  # fmt: skip
    await store.close()
