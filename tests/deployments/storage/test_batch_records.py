"""What a store promises of batches."""

import asyncio

import pytest

from deployments.messages.batch import BatchItem, BatchRecord, Refusal
from deployments.messages.task import TaskRecord, TaskStatus
from deployments.storage import codecs
from deployments.storage.opening import open_store
from deployments.storage.records import LeaseLost, TaskStore
from deployments.storage.unreadable import UnreadableRecord

REFUSED = BatchItem("naïve/☃.png", None, Refusal("invalid_image", "not an image", "image"))


def task(task_id: str) -> TaskRecord:
    return TaskRecord(task_id=task_id, digest="d", created_at=100.0, client="ann")


def batch(batch_id: str = "b", count: int = 3, created_at: float = 100.0) -> tuple[BatchRecord, list[TaskRecord]]:
    records = [task(f"{batch_id}.{index}") for index in range(count)]
    items = tuple(BatchItem(f"{record.task_id}.png", record.task_id) for record in records)
    return BatchRecord(batch_id, "digest", created_at, (*items, REFUSED), "ann"), records


async def test_a_batch_and_its_tasks_are_read_back_after_reopening(url: str) -> None:
    # Given
    made, records = batch()
    store = await open_store(url)
    await store.save_batch(made, records, await store.acquire("a"))
    await store.close()
    # When
    reopened = await open_store(url)
    found, tasks = await reopened.batch("b"), await reopened.get_many([*made.task_ids, "nobody"])
    unfinished, summary = await reopened.unfinished(), await reopened.summary("ann")
    await reopened.close()
    # Then
    assert found == made
    assert sorted(tasks, key=lambda record: record.task_id) == records
    assert list(unfinished) == records
    assert (summary.total, summary.pending) == (3, 3)


async def test_an_unknown_batch_is_none_and_no_tasks_are_none(store: TaskStore) -> None:
    assert await store.batch("nobody") is None
    assert await store.get_many([]) == ()


async def test_an_owner_that_was_replaced_writes_neither_batch_nor_tasks(store: TaskStore) -> None:
    made, records = batch()
    old = await store.acquire("a")
    new = await store.acquire("b")

    with pytest.raises(LeaseLost):
        await store.save_batch(made, records, old)

    assert await store.batch("b") is None
    assert await store.get_many(made.task_ids) == ()
    await store.save_batch(made, records, new)
    with pytest.raises(LeaseLost):
        await store.delete_batch("b", old)
    assert await store.batch("b") == made


async def test_writes_beside_a_batch_are_kept_whatever_becomes_of_it(store: TaskStore) -> None:
    # Given: a batch that is refused half-way, and tasks that are saved meanwhile
    old = await store.acquire("a")
    new = await store.acquire("b")
    made, records = batch(count=50)
    # When
    outcomes = await asyncio.gather(
        store.save_batch(made, records, old),
        *(store.save(task(f"t{n}"), new) for n in range(20)),
        return_exceptions=True,
    )
    # Then
    assert isinstance(outcomes[0], LeaseLost)
    assert outcomes[1:] == [None] * 20
    assert {record.task_id for record in await store.unfinished()} == {f"t{n}" for n in range(20)}


async def test_a_batch_that_is_broken_off_leaves_a_store_that_works(store: TaskStore) -> None:
    # Given
    epoch = await store.acquire("a")
    made, records = batch(count=200)
    saving = asyncio.create_task(store.save_batch(made, records, epoch))
    for _ in range(3):
        await asyncio.sleep(0)
    # When
    saving.cancel()
    await asyncio.wait([saving])
    # Then: all of it was written or nothing, and what comes next is
    written = await store.batch("b") is not None
    assert len(await store.get_many(made.task_ids)) == (200 if written else 0)
    await store.save(task("next"), epoch)
    assert await store.get("next") == task("next")
    await store.save_batch(made, records, epoch)
    assert await store.batch("b") == made


async def test_old_batches_are_found_and_deleted_without_their_tasks(store: TaskStore) -> None:
    # Given
    epoch = await store.acquire("a")
    for batch_id, created_at in (("old", 100.0), ("young", 200.0)):
        await store.save_batch(*batch(batch_id, created_at=created_at), epoch)
    # When
    found = await store.old_batches(before=200.0)
    await store.delete_batch("old", epoch)
    await store.delete_batch("nobody", epoch)
    # Then
    assert [record.batch_id for record in found] == ["old"]
    assert await store.batch("old") is None
    assert await store.old_batches(before=200.0) == ()
    assert (await store.get_many(["old.0"]))[0].status is TaskStatus.PENDING


async def test_what_another_release_has_written_of_batches_is_kept_and_never_taken_for_nothing(
    store: TaskStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    epoch = await store.acquire("a")
    made, records = batch()
    with monkeypatch.context() as newer:
        newer.setattr(codecs, "VERSION", codecs.VERSION + 1)
        await store.save_batch(made, records, epoch)
    # Then
    with pytest.raises(UnreadableRecord):
        await store.batch("b")
    with pytest.raises(UnreadableRecord):
        await store.get_many(made.task_ids)
    assert await store.old_batches(before=1e12) == ()
