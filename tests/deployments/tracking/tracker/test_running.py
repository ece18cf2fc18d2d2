import asyncio
import dataclasses
from collections import Counter

import pytest

from deployments.errors import QueueFull, TaskConflict
from deployments.messages.task import TaskRecord, TaskStatus
from deployments.storage.opening import open_store
from deployments.storage.records import TaskStore
from deployments.tracking.driver import TrackerLimits
from deployments.tracking.tracker import Load, TaskTracker
from models.errors import InvalidImage
from tests.deployments.tracking.tracker.fakes import INFO, Clock, Sent, Work, task
from tests.deployments.tracking.tracker.following import ONE_AT_A_TIME, end_of, seen, tracked

# Running


async def test_a_task_runs_to_its_end(tracking: TaskTracker, store: TaskStore) -> None:
    submitted = await tracking.submit(task("a"))
    records = await seen(tracking, "a")

    assert submitted.status is TaskStatus.PENDING
    assert records[-1].status is TaskStatus.COMPLETED
    assert records[-1].result == INFO
    assert records[-1].attempt == 1
    assert await store.get("a") == records[-1]
    assert tracking.load.running == tracking.load.waiting == 0


async def test_a_submitted_task_is_durable(tracking: TaskTracker, url: str, work: Work) -> None:
    work.hold("a")
    await tracking.submit(task("a"))

    other = await open_store(url)
    found = await other.get("a")
    await other.close()

    assert found is not None
    work.let_go()


async def test_every_state_is_durable_before_it_is_announced(tracking: TaskTracker, store: TaskStore) -> None:
    order = list(TaskStatus)
    await tracking.submit(task("a"))

    announced = []
    async for record in tracking.watch("a"):
        announced.append(record.status)
        stored = await store.get("a")
        assert stored is not None
        assert order.index(stored.status) >= order.index(record.status)
    assert announced[-1] is TaskStatus.COMPLETED


async def test_tasks_start_first_come_first_served(store: TaskStore, work: Work, sent: Sent, clock: Clock) -> None:
    names = [f"t{index}" for index in range(10)]
    async with tracked(store, work, sent, clock, ONE_AT_A_TIME) as tracking:
        for name in reversed(names):
            await tracking.submit(task(name))
        for name in names:
            await end_of(tracking, name)

    assert work.begun == names[::-1]


async def test_no_more_tasks_run_than_allowed(tracking: TaskTracker, work: Work) -> None:
    work.hold("a", "b", "c")
    for name in "abc":
        await tracking.submit(task(name))
    await work.until_running("a", "b")

    assert (tracking.load.running, tracking.load.waiting) == (2, 1)
    work.let_go()
    await end_of(tracking, "c")
    assert work.most_running == 2


async def test_the_queue_position_follows_the_line(tracking: TaskTracker, work: Work) -> None:
    work.hold("a", "b", "c", "d", "e")
    for name in "abcde":
        await tracking.submit(task(name))
    await work.until_running("a", "b")
    assert [(await tracking.get(name)).queue_position for name in "abcde"] == [None, None, 1, 2, 3]

    await tracking.cancel("d")
    assert [(await tracking.get(name)).queue_position for name in "ce"] == [1, 2]

    work.let_go("a")
    await work.until_running("c")
    assert (await tracking.get("e")).queue_position == 1
    work.let_go()


async def test_a_full_queue_refuses_and_says_when_to_come_back(
    store: TaskStore, work: Work, sent: Sent, clock: Clock
) -> None:
    work.hold("a")
    async with tracked(store, work, sent, clock, TrackerLimits(max_running=1, max_queued=2)) as tracking:
        for name in "abc":
            await tracking.submit(task(name))

        with pytest.raises(QueueFull) as refused:
            await tracking.submit(task("d"))
        assert refused.value.details["retry_after_s"] >= 1
        assert (await tracking.submit(task("c"))).task_id == "c"

        work.let_go("a")
        await end_of(tracking, "c")
        await tracking.submit(task("d"))
        await end_of(tracking, "d")


async def test_a_burst_beyond_the_queue_admits_exactly_what_fits(
    store: TaskStore, work: Work, sent: Sent, clock: Clock
) -> None:
    names = [f"t{index}" for index in range(20)]
    work.hold(*names)
    async with tracked(store, work, sent, clock, TrackerLimits(max_running=2, max_queued=3)) as tracking:
        answers = await asyncio.gather(*(tracking.submit(task(name)) for name in names), return_exceptions=True)

        assert Counter(type(answer) for answer in answers) == {TaskRecord: 5, QueueFull: 15}


# Idempotence


async def test_the_same_id_with_the_same_job_is_the_same_task(tracking: TaskTracker, work: Work) -> None:
    first, second = await asyncio.gather(tracking.submit(task("a")), tracking.submit(task("a")))
    await end_of(tracking, "a")
    third = await tracking.submit(task("a"))

    assert first == second
    assert third.status is TaskStatus.COMPLETED
    assert work.begun == ["a"]


async def test_the_same_id_with_another_job_is_a_conflict(tracking: TaskTracker, work: Work) -> None:
    work.hold("a")
    await tracking.submit(task("a"))

    with pytest.raises(TaskConflict):
        await tracking.submit(task("a", digest="e" * 64))
    work.let_go()
    await end_of(tracking, "a")
    with pytest.raises(TaskConflict):
        await tracking.submit(task("a", digest="e" * 64))


async def test_two_different_jobs_at_once_under_one_id_start_one(tracking: TaskTracker, work: Work) -> None:
    answers = await asyncio.gather(
        tracking.submit(task("a")), tracking.submit(task("a", digest="e" * 64)), return_exceptions=True
    )

    assert [type(answer) for answer in answers] == [TaskRecord, TaskConflict]
    await end_of(tracking, "a")
    assert work.begun == ["a"]


async def test_a_submission_goes_on_when_its_caller_hangs_up(tracking: TaskTracker) -> None:
    submission = asyncio.create_task(tracking.submit(task("a")))
    await asyncio.sleep(0)
    submission.cancel()
    await asyncio.wait([submission])

    assert submission.cancelled()
    await tracking.submit(task("a"))
    assert (await end_of(tracking, "a")).status is TaskStatus.COMPLETED


async def test_a_submission_is_told_how_long_it_will_take_and_learns_from_those_before(
    store: TaskStore, work: Work, sent: Sent, clock: Clock
) -> None:
    async with tracked(store, work, sent, clock, ONE_AT_A_TIME) as tracking:
        # Given: nothing has run yet; one that should take 4 s runs, one waits
        work.hold("a")
        await tracking.submit(dataclasses.replace(task("a"), expected_s=4.0))
        await work.until_running("a")
        # When
        second = await tracking.submit(dataclasses.replace(task("b"), expected_s=6.0))
        third = await tracking.submit(task("c"))
        # Then: of a task nothing is known about, nothing can be said
        assert (second.queue_position, second.estimated_remaining_s) == (1, 12.0)
        assert third.estimated_remaining_s is None
        # When: it took twice as long as it should
        work.hold("b")
        clock.now += 8.0
        work.let_go("a")
        await end_of(tracking, "a")
        await work.until_running("b")
        # Then
        last = await tracking.submit(dataclasses.replace(task("d"), expected_s=10.0))
        assert last.estimated_remaining_s == pytest.approx(10.0 * 1.2 + 2 * 8.0)
        assert (await tracking.get("c")).estimated_remaining_s == pytest.approx(8.0 + 8.0)
        work.let_go()


async def test_every_end_is_told_once_and_the_load_says_what_is_left(
    store: TaskStore, work: Work, sent: Sent, clock: Clock
) -> None:
    # Given
    ends: list[tuple[str, TaskStatus]] = []
    work.hold("a")
    work.failures["b"] = [InvalidImage("no image")]
    tracking = TaskTracker(
        store, work.blobs, work, sent, ONE_AT_A_TIME, clock=clock,
        on_end=lambda record: ends.append((record.task_id, record.status)),
    )  # fmt: skip
    await tracking.start()
    for name in "abc":
        await tracking.submit(task(name, input_bytes=10))
    await work.until_running("a")
    clock.now += 7.0
    # Then
    assert tracking.load == Load(running=1, waiting=2, oldest_s=7.0, queued_bytes=30, watching=0)
    # When
    await tracking.cancel("c")
    work.let_go()
    await end_of(tracking, "a")
    await end_of(tracking, "b")
    await tracking.stop()
    # Then
    assert sorted(ends) == [("a", TaskStatus.COMPLETED), ("b", TaskStatus.ERROR), ("c", TaskStatus.CANCELLED)]
    assert tracking.load == Load(0, 0, 0.0, 0, 0)
