import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncGenerator

import pytest

from deployments.errors import ReplicaLost, TaskFinished, UnknownTask
from deployments.messages.jobs import ErasedInfo
from deployments.messages.task import TaskRecord, TaskStatus
from deployments.storage.records import TaskStore
from deployments.tracking.tracker import TaskTracker
from models.types import Progress
from tests.deployments.tracking.tracker.fakes import INFO, Clock, Sent, Work, task
from tests.deployments.tracking.tracker.following import LIMITS, ONE_AT_A_TIME, end_of, seen, tracked


async def test_a_queued_task_that_is_cancelled_never_starts(tracking: TaskTracker, work: Work) -> None:
    work.hold("a", "b")
    for name in "abc":
        await tracking.submit(task(name))

    record = await tracking.cancel("c")
    work.let_go()
    await end_of(tracking, "b")

    assert record.status is TaskStatus.CANCELLED
    assert (record.attempt, record.started_at) == (0, None)
    assert "c" not in work.begun


async def test_a_cancel_returns_once_the_work_has_stopped(tracking: TaskTracker, work: Work, store: TaskStore) -> None:
    work.hold("a")
    work.stop_slowly.clear()
    await tracking.submit(task("a"))
    await work.until_running("a")

    cancel = asyncio.create_task(tracking.cancel("a"))
    await asyncio.sleep(0.02)
    assert not cancel.done()
    assert (await tracking.get("a")).status is TaskStatus.PROCESSING
    work.stop_slowly.set()
    record = await cancel

    assert work.running == set()
    assert record.status is TaskStatus.CANCELLED
    assert await store.get("a") == record
    assert tracking.load.running == 0


async def test_a_cancelled_place_is_free_at_once(store: TaskStore, work: Work, sent: Sent, clock: Clock) -> None:
    work.hold("a")
    async with tracked(store, work, sent, clock, ONE_AT_A_TIME) as tracking:
        await tracking.submit(task("a"))
        await tracking.submit(task("b"))
        await work.until_running("a")

        await tracking.cancel("a")

        assert (await end_of(tracking, "b")).status is TaskStatus.COMPLETED


async def test_a_second_cancel_waits_for_the_same_end_and_breaks_no_clean_up(tracking: TaskTracker, work: Work) -> None:
    work.hold("a")
    work.stop_slowly.clear()
    await tracking.submit(task("a"))
    await work.until_running("a")

    cancels = [asyncio.create_task(tracking.cancel("a")) for _ in range(3)]
    await asyncio.sleep(0.02)
    assert not any(cancel.done() for cancel in cancels)
    work.stop_slowly.set()

    assert [(await cancel).status for cancel in cancels] == [TaskStatus.CANCELLED] * 3
    assert work.running == set()


async def test_a_cancel_whose_caller_hangs_up_still_happens(tracking: TaskTracker, work: Work) -> None:
    work.hold("a")
    work.stop_slowly.clear()
    await tracking.submit(task("a"))
    await work.until_running("a")
    cancel = asyncio.create_task(tracking.cancel("a"))
    await asyncio.sleep(0.02)

    cancel.cancel()
    work.stop_slowly.set()

    assert (await end_of(tracking, "a")).status is TaskStatus.CANCELLED


async def test_a_cancel_after_the_end_is_refused(tracking: TaskTracker) -> None:
    await tracking.submit(task("a"))
    await end_of(tracking, "a")

    with pytest.raises(TaskFinished):
        await tracking.cancel("a")
    with pytest.raises(UnknownTask):
        await tracking.cancel("nobody")


async def test_work_that_completes_in_spite_of_a_cancel_is_completed(
    store: TaskStore, work: Work, sent: Sent, clock: Clock
) -> None:
    begun = asyncio.Event()

    async def stubborn(record: TaskRecord) -> AsyncGenerator[Progress | ErasedInfo, None]:
        yield Progress("inpainting", 0, 1)
        begun.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        yield INFO

    tracking = TaskTracker(store, work.blobs, stubborn, sent, LIMITS, clock=clock)
    await tracking.start()
    await tracking.submit(task("a"))
    await begun.wait()

    with pytest.raises(TaskFinished):
        await tracking.cancel("a")

    assert (await tracking.get("a")).status is TaskStatus.COMPLETED
    await tracking.stop()


@pytest.mark.parametrize("pause", range(12))
async def test_a_cancel_at_any_moment_ends_in_one_final_state(
    tracking: TaskTracker, work: Work, store: TaskStore, pause: int
) -> None:
    watch = asyncio.create_task(seen(tracking, "a")) if await tracking.submit(task("a")) else None
    assert watch is not None
    for _ in range(pause * 3):
        await asyncio.sleep(0)

    with contextlib.suppress(TaskFinished):
        await tracking.cancel("a")

    finals = [record for record in await watch if record.status.final]
    assert finals == [await store.get("a")]
    assert work.running == set()


async def test_a_task_that_waits_for_another_attempt_can_be_cancelled(
    store: TaskStore, work: Work, sent: Sent, clock: Clock
) -> None:
    work.failures["a"] = [ReplicaLost("the replica died")]
    async with tracked(store, work, sent, clock, dataclasses.replace(LIMITS, retry_pause_s=3600.0)) as tracking:
        await tracking.submit(task("a"))
        async for record in tracking.watch("a"):
            if record.attempt == 1 and record.status is TaskStatus.PENDING:
                break

        cancelled = await tracking.cancel("a")

        assert (cancelled.status, cancelled.attempt) == (TaskStatus.CANCELLED, 1)
        assert tracking.load.running == tracking.load.waiting == 0
