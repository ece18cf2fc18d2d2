import asyncio
import contextlib
import dataclasses
from collections import defaultdict
from collections.abc import AsyncGenerator

import pytest

from deployments.errors import ReplicaLost, UnknownTask
from deployments.messages.jobs import ErasedInfo
from deployments.messages.task import TaskRecord, TaskStatus
from deployments.storage.records import TaskStore
from deployments.tracking.journal import SEQ_STRIDE
from deployments.tracking.tracker import TaskTracker
from models.types import Progress
from tests.deployments.tracking.tracker.fakes import INFO, Clock, Sent, Work, task
from tests.deployments.tracking.tracker.following import LIMITS, assert_in_order, end_of, seen, tracked


async def test_progress_never_goes_back_over_attempts(tracking: TaskTracker, work: Work) -> None:
    work.failures["a"] = [ReplicaLost("died"), ReplicaLost("died")]
    await tracking.submit(task("a"))

    records = await seen(tracking, "a")

    assert_in_order(records)
    assert max(record.attempt for record in records) == 3


async def test_a_number_a_later_tracker_could_use_again_is_stored_first(
    tracking: TaskTracker, work: Work, store: TaskStore
) -> None:
    """Progress is not stored; passing a multiple of the stride is, because a crash resumes at the next multiple."""
    work.hold("a", "b")
    await tracking.submit(task("a", seq=SEQ_STRIDE - 6))
    await tracking.submit(task("b"))
    await work.until_before_the_last("a", "b")

    stored_a, stored_b = await store.get("a"), await store.get("b")
    assert stored_a is not None
    assert stored_b is not None
    assert (await tracking.get("a")).seq > stored_a.seq == SEQ_STRIDE
    assert (await tracking.get("b")).seq > stored_b.seq
    work.let_go()


async def test_a_reader_that_goes_away_leaves_no_trace(tracking: TaskTracker, work: Work) -> None:
    work.hold("a")
    await tracking.submit(task("a"))
    for task_id in ("a", None):
        async with contextlib.aclosing(tracking.watch(task_id)) as watch:
            await anext(watch)
            assert tracking.load.watching == 1

    assert tracking.load.watching == 0
    work.let_go()


async def test_the_remaining_time_comes_from_the_pace_of_inpainting(
    store: TaskStore, work: Work, sent: Sent, clock: Clock
) -> None:
    async def paced(record: TaskRecord) -> AsyncGenerator[Progress | ErasedInfo, None]:
        yield Progress("masking", 1, 1)
        clock.now += 100.0
        yield Progress("inpainting", 0, 4)
        clock.now += 10.0
        yield Progress("inpainting", 1, 4, regions_done=1, regions=4)
        await work.held["a"].wait()
        yield INFO

    tracking = TaskTracker(store, work.blobs, paced, sent, LIMITS, clock=clock)
    await tracking.start()
    await tracking.submit(task("a"))
    async for record in tracking.watch("a"):
        if record.stage_progress == 25.0:
            break

    assert (record.estimated_remaining_s, record.current_region) == (30.0, 1)
    work.let_go()
    await end_of(tracking, "a")
    await tracking.stop()


async def test_a_late_watcher_sees_the_current_state_first(tracking: TaskTracker, work: Work) -> None:
    work.hold("a")
    await tracking.submit(task("a"))
    await work.until_running("a")

    watch = tracking.watch("a")
    first = await anext(watch)
    work.let_go()
    rest = [record async for record in watch]

    assert (first.status, first.stage_progress) == (TaskStatus.PROCESSING, 75.0)
    assert_in_order([first, *rest])


async def test_a_watcher_that_comes_back_is_not_told_what_it_knows(tracking: TaskTracker, work: Work) -> None:
    work.hold("a")
    await tracking.submit(task("a"))
    await work.until_running("a")
    known = (await tracking.get("a")).seq

    watch = asyncio.create_task(seen(tracking, "a", after_seq=known))
    await asyncio.sleep(0)
    work.let_go()

    records = await watch
    assert records[-1].status is TaskStatus.COMPLETED
    assert all(record.seq > known for record in records)


async def test_a_watcher_that_comes_back_after_the_end_is_told_the_end(tracking: TaskTracker) -> None:
    await tracking.submit(task("a"))
    final = await end_of(tracking, "a")

    assert await seen(tracking, "a", after_seq=final.seq) == [final]


async def test_a_slow_reader_skips_to_the_newest_and_gets_the_end(tracking: TaskTracker, work: Work) -> None:
    work.hold("a")
    await tracking.submit(task("a"))
    watch = tracking.watch("a")
    await anext(watch)
    work.let_go()
    await end_of(tracking, "a")

    rest = [record async for record in watch]

    assert [record.status for record in rest] == [TaskStatus.COMPLETED]


async def test_whoever_watches_all_sees_the_unfinished_and_then_everything_new(
    tracking: TaskTracker, work: Work
) -> None:
    work.hold("b")
    await tracking.submit(task("a"))
    await end_of(tracking, "a")
    await tracking.submit(task("b"))
    await work.until_running("b")

    records: list[TaskRecord] = []
    async with contextlib.aclosing(tracking.watch(None)) as watch:
        async for record in watch:
            records.append(record)
            if record.task_id == "b" and len(records) == 1:
                work.let_go()
                await tracking.submit(task("c"))
            if {r.task_id for r in records if r.status.final} == {"b", "c"}:
                break

    assert records[0].task_id == "b"
    assert {record.task_id for record in records} == {"b", "c"}
    for name in "bc":
        assert_in_order([record for record in records if record.task_id == name])


async def test_an_unknown_task_cannot_be_watched(tracking: TaskTracker) -> None:
    with pytest.raises(UnknownTask):
        await anext(tracking.watch("nobody"))
    with pytest.raises(UnknownTask):
        await tracking.get("nobody")


async def test_200_tasks_and_200_watchers(store: TaskStore, work: Work, sent: Sent, clock: Clock) -> None:
    names = [f"t{index}" for index in range(200)]
    work.steps = 20
    async with tracked(store, work, sent, clock, dataclasses.replace(LIMITS, max_running=8)) as tracking:

        async def everything() -> list[TaskRecord]:
            records, ends = [], 0
            async with contextlib.aclosing(tracking.watch(None)) as watch:
                async for record in watch:
                    records.append(record)
                    ends += record.status.final
                    if ends == len(names):
                        return records
            return records

        subscribers = [asyncio.create_task(everything()) for _ in range(20)]
        await asyncio.sleep(0)
        for name in names:
            await tracking.submit(task(name))
        subscribers += [asyncio.create_task(seen(tracking, name)) for name in names[20:]]
        results = await asyncio.gather(*subscribers)
        summary = await tracking.summary()

    for records in results[20:]:
        assert_in_order(records)
    for records in results[:20]:
        by_task: defaultdict[str, list[TaskRecord]] = defaultdict(list)
        for record in records:
            by_task[record.task_id].append(record)
        assert by_task.keys() == set(names)
        for of_one in by_task.values():
            assert_in_order(of_one)
    assert (summary.total, summary.completed, summary.active) == (200, 200, 0)
