"""Batches in the tracker: together or not at all, and over crashes."""

import asyncio
import dataclasses

import pytest

from deployments.errors import QueueFull, TaskConflict, TaskFinished, UnknownTask
from deployments.messages.batch import BatchItem, BatchRecord, BatchState, Refusal
from deployments.messages.task import TaskRecord, TaskStatus
from deployments.storage.opening import open_store
from deployments.storage.records import TaskStore
from deployments.tracking.tracker import TaskTracker
from tests.deployments.tracking.tracker.fakes import Clock, Flaky, Sent, Work, task
from tests.deployments.tracking.tracker.following import LIMITS, end_of, new_tracking, tracked, until

REFUSED = BatchItem("bad.png", None, Refusal("invalid_image", "not an image", "image"))


def batch(batch_id: str = "b", count: int = 3, digest: str = "x") -> tuple[BatchRecord, tuple[TaskRecord, ...]]:
    records = tuple(task(f"{batch_id}.{index}") for index in range(count))
    items = tuple(BatchItem(record.task_id, record.task_id) for record in records)
    return BatchRecord(batch_id, digest, 1000.0, (*items, REFUSED)), records


def statuses(state: BatchState) -> list[str | None]:
    return [None if record is None else record.status.value for record in state.tasks]


async def test_the_tasks_of_a_batch_run_to_their_ends(tracking: TaskTracker) -> None:
    made, records = batch()

    assert await tracking.submit_batch(made, records) == made
    for record in records:
        await end_of(tracking, record.task_id)

    state = await tracking.batch("b")
    assert state.batch == made
    assert statuses(state) == ["completed", "completed", "completed", None]
    assert state.ended


async def test_the_same_batch_starts_nothing_and_another_is_a_conflict(tracking: TaskTracker, work: Work) -> None:
    # Given
    made, records = batch()
    await asyncio.gather(*(tracking.submit_batch(made, records) for _ in range(3)))
    for record in records:
        await end_of(tracking, record.task_id)
    # When
    again = await tracking.submit_batch(*batch())
    known = await tracking.expect_batch(made, records)
    # Then
    assert again == known == made
    assert sorted(work.begun) == ["b.0", "b.1", "b.2"]
    for other in (batch(digest="other"), (dataclasses.replace(made, client="eve"), records)):
        with pytest.raises(TaskConflict):
            await tracking.submit_batch(*other)
        with pytest.raises(TaskConflict):
            await tracking.expect_batch(*other)


async def test_an_id_that_is_taken_refuses_the_whole_batch(tracking: TaskTracker, work: Work) -> None:
    await tracking.submit(task("b.1"))
    await end_of(tracking, "b.1")

    with pytest.raises(TaskConflict):
        await tracking.submit_batch(*batch())

    with pytest.raises(UnknownTask):
        await tracking.batch("b")
    with pytest.raises(UnknownTask):
        await tracking.get("b.0")
    assert work.begun == ["b.1"]


async def test_a_task_and_a_batch_that_want_one_id_at_once_never_both_get_it(
    tracking: TaskTracker, store: TaskStore
) -> None:
    made, records = batch()
    alone = task("b.1", digest="another job")

    outcomes = await asyncio.gather(
        tracking.submit_batch(made, records), tracking.submit(alone), return_exceptions=True
    )

    assert [isinstance(outcome, TaskConflict) for outcome in outcomes].count(True) == 1
    stored = await store.get("b.1")
    assert stored is not None
    assert (stored.digest == alone.digest) == isinstance(outcomes[0], TaskConflict)


async def test_a_batch_that_has_no_room_as_a_whole_is_refused_as_a_whole(
    store: TaskStore, work: Work, sent: Sent, clock: Clock
) -> None:
    limits = dataclasses.replace(LIMITS, max_running=1, max_queued=2)
    async with tracked(store, work, sent, clock, limits) as tracking:
        with pytest.raises(QueueFull):
            await tracking.expect_batch(*batch(count=4))
        with pytest.raises(QueueFull):
            await tracking.submit_batch(*batch(count=4))

        assert (await tracking.summary()).total == 0
        assert await tracking.expect_batch(*batch(count=3)) is None
        await tracking.submit_batch(*batch(count=3))
        with pytest.raises(QueueFull):
            await tracking.submit(task("one more"))


async def test_cancelling_a_batch_stops_what_runs_and_starts_nothing_else(tracking: TaskTracker, work: Work) -> None:
    # Given: one has ended, two run, two wait
    work.hold("b.1", "b.2", "b.3", "b.4")
    await tracking.submit_batch(*batch(count=5))
    await end_of(tracking, "b.0")
    await work.until_running("b.1", "b.2")
    # When
    state = await tracking.cancel_batch("b")
    # Then
    assert statuses(state) == ["completed", "cancelled", "cancelled", "cancelled", "cancelled", None]
    assert work.running == set()
    assert work.begun == ["b.0", "b.1", "b.2"]
    with pytest.raises(TaskFinished):
        await tracking.cancel_batch("b")
    with pytest.raises(UnknownTask):
        await tracking.cancel_batch("nobody")


async def test_a_batch_goes_on_where_a_killed_tracker_left_it(
    any_url: str, work: Work, sent: Sent, clock: Clock
) -> None:
    # Given: a tracker that dies with one item done and two at work
    work.hold("b.1", "b.2")
    first = await open_store(any_url)
    async with tracked(first, work, sent, clock) as tracking:
        await tracking.submit_batch(*batch(count=4))
        await end_of(tracking, "b.0")
        await work.until_running("b.1", "b.2")
    await first.close()
    # When
    work.let_go()
    second = await open_store(any_url)
    async with tracked(second, work, sent, clock) as tracking:
        for task_id in ("b.1", "b.2", "b.3"):
            await end_of(tracking, task_id)
        state = await tracking.batch("b")
    await second.close()
    # Then
    assert statuses(state) == ["completed"] * 4 + [None]
    assert work.begun.count("b.0") == 1


async def test_a_batch_whose_store_lost_its_answer_is_taken_up_when_it_comes_again(
    store: TaskStore, work: Work, sent: Sent, clock: Clock
) -> None:
    # Given: it was stored, although that seemed to fail
    made, records = batch()
    tracking = new_tracking(Flaky(store), work, sent, clock)  # type: ignore[arg-type]
    await tracking.start()
    await store.save_batch(made, records, tracking.epoch)
    # When
    assert await tracking.submit_batch(made, records) == made
    await tracking.sweep()
    # Then
    for record in records:
        assert (await end_of(tracking, record.task_id)).status is TaskStatus.COMPLETED
    await tracking.stop()


async def test_a_batch_is_forgotten_with_the_last_of_its_tasks(
    tracking: TaskTracker, store: TaskStore, work: Work, clock: Clock
) -> None:
    # Given: one task of it still runs when the others have been forgotten
    work.hold("b.2")
    await tracking.submit_batch(*batch())
    await end_of(tracking, "b.0")
    await end_of(tracking, "b.1")
    await until(tracking, "b.2", TaskStatus.PROCESSING)
    clock.now += 3 * LIMITS.ttl_s
    await tracking.sweep()
    await tracking.sweep()
    # Then
    assert statuses(await tracking.batch("b")) == [None, None, "processing", None]
    # When
    work.let_go()
    await end_of(tracking, "b.2")
    clock.now += 3 * LIMITS.ttl_s
    await tracking.sweep()
    await tracking.sweep()
    # Then
    assert await store.batch("b") is None
