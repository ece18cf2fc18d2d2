import asyncio
import dataclasses

import pytest

from deployments.errors import QueueFull, ShuttingDown, StoreUnavailable
from deployments.messages.task import TaskStatus
from deployments.storage.blobs import BlobStore
from deployments.storage.records import TaskStore
from tests.deployments.tracking.tracker.fakes import Clock, Flaky, Sent, Work, task
from tests.deployments.tracking.tracker.following import LIMITS, ONE_AT_A_TIME, end_of, new_tracking, seen, tracked


async def test_an_end_waits_for_the_store_to_come_back_and_is_announced_then(
    store: TaskStore, work: Work, sent: Sent, clock: Clock
) -> None:
    flaky = Flaky(store)
    work.hold("a")
    async with tracked(flaky, work, sent, clock) as tracking:  # type: ignore[arg-type]
        await tracking.submit(task("a"))
        await work.until_running("a")
        flaky.away = True
        work.let_go()
        end = asyncio.create_task(end_of(tracking, "a"))
        await asyncio.sleep(0.1)
        assert not end.done()

        flaky.away = False

        assert (await end).status is TaskStatus.COMPLETED


async def test_a_start_that_fails_half_way_leaves_nothing_running(
    store: TaskStore, blobs: BlobStore, sent: Sent, clock: Clock
) -> None:
    first, second = Work(blobs), Work(blobs)
    first.hold("a", "b", "c")
    crashed = new_tracking(store, first, sent, clock)
    await crashed.start()
    for index, name in enumerate("cab"):  # b waits: it is resumed without a write, the others need one
        await crashed.submit(task(name, created_at=3.0 - index))
    await first.until_running("c", "a")
    flaky = Flaky(store)
    flaky.away = True

    with pytest.raises(StoreUnavailable):
        await new_tracking(flaky, second, sent, clock).start()  # type: ignore[arg-type]
    await crashed.stop()

    assert first.running == second.running == set()
    first.let_go()
    async with tracked(store, first, sent, clock) as tracking:
        ends = [await end_of(tracking, name) for name in "abc"]
    assert {record.status for record in ends} == {TaskStatus.COMPLETED}


async def test_a_start_overtaken_by_another_is_refused(store: TaskStore, work: Work, sent: Sent, clock: Clock) -> None:
    flaky = Flaky(store)
    flaky.overtaken = True
    work.hold("a")
    crashed = new_tracking(store, work, sent, clock)
    await crashed.start()
    await crashed.submit(task("a"))
    await work.until_running("a")

    with pytest.raises(ShuttingDown):
        await new_tracking(flaky, work, sent, clock).start()  # type: ignore[arg-type]
    await crashed.stop()


async def test_a_stop_does_not_wait_for_a_store_that_is_away(
    store: TaskStore, work: Work, sent: Sent, clock: Clock
) -> None:
    flaky = Flaky(store)
    work.hold("a")
    async with tracked(flaky, work, sent, clock) as tracking:  # type: ignore[arg-type]
        await tracking.submit(task("a"))
        await work.until_running("a")
        flaky.away = True

    assert work.running == set()


async def test_a_submission_that_seemed_to_fail_is_not_forgotten(
    store: TaskStore, work: Work, sent: Sent, clock: Clock
) -> None:
    flaky = Flaky(store)
    async with tracked(flaky, work, sent, clock) as tracking:  # type: ignore[arg-type]
        flaky.away = flaky.in_doubt = True
        with pytest.raises(StoreUnavailable):
            await tracking.submit(task("a"))
        flaky.away = flaky.in_doubt = False

        await tracking.sweep()

        assert (await end_of(tracking, "a")).status is TaskStatus.COMPLETED
        await tracking.sweep()
    assert work.begun == ["a"]


FULL = StoreUnavailable("the blob store cannot be written (No space left on device)")


async def test_a_task_whose_images_cannot_be_stored_waits_and_is_tried_as_often_as_it_takes(
    store: TaskStore, work: Work, sent: Sent, clock: Clock
) -> None:
    work.failures["a"] = [FULL.again() for _ in range(5)]
    async with tracked(store, work, sent, clock) as tracking:
        await tracking.submit(task("a"))

        moments = await seen(tracking, "a")

    assert (moments[-1].status, moments[-1].attempt) == (TaskStatus.COMPLETED, 1)
    assert len(work.begun) == 6
    assert any("Waiting for storage: the blob store cannot be written" in moment.message for moment in moments)


async def test_a_task_that_waits_for_storage_holds_nobody_up_and_can_be_cancelled(
    store: TaskStore, work: Work, sent: Sent, clock: Clock
) -> None:
    work.failures["a"] = [FULL.again()]
    limits = dataclasses.replace(ONE_AT_A_TIME, retry_pause_s=600.0, longest_pause_s=600.0)
    async with tracked(store, work, sent, clock, limits) as tracking:
        await tracking.submit(task("a"))
        await tracking.submit(task("b"))
        assert (await end_of(tracking, "b")).status is TaskStatus.COMPLETED

        assert (await tracking.cancel("a")).status is TaskStatus.CANCELLED


async def test_a_cancel_does_not_hang_while_the_store_is_away_and_is_carried_out_later(
    store: TaskStore, work: Work, sent: Sent, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deployments.tracking.journal.STALLED_S", 0.01)
    flaky = Flaky(store)
    work.hold("a")
    async with tracked(flaky, work, sent, clock) as tracking:  # type: ignore[arg-type]
        await tracking.submit(task("a"))
        await work.until_running("a")
        flaky.away = True

        with pytest.raises(StoreUnavailable, match="the cancel is noted"):
            await tracking.cancel("a")

        assert work.running == set()
        flaky.away = False
        assert (await end_of(tracking, "a")).status is TaskStatus.CANCELLED


async def test_images_beyond_the_room_for_waiting_ones_are_refused_until_some_are_gone(
    store: TaskStore, work: Work, sent: Sent, clock: Clock
) -> None:
    work.hold("a", "b")
    limits = dataclasses.replace(LIMITS, max_queued_bytes=100)
    async with tracked(store, work, sent, clock, limits) as tracking:
        await tracking.submit(task("a", input_bytes=60))
        with pytest.raises(QueueFull, match="too much room"):
            await tracking.expect(task("c", input_bytes=41))
        with pytest.raises(QueueFull, match="too much room"):
            await tracking.submit(task("c", input_bytes=41))
        await tracking.submit(task("b", input_bytes=40))
        work.let_go()
        await end_of(tracking, "a")

        await tracking.submit(task("c", input_bytes=41))

        assert (await end_of(tracking, "c")).status is TaskStatus.COMPLETED


async def test_images_of_tasks_that_are_taken_over_count(
    store: TaskStore, work: Work, sent: Sent, clock: Clock
) -> None:
    work.hold("a")
    limits = dataclasses.replace(LIMITS, max_queued_bytes=100)
    async with tracked(store, work, sent, clock, limits) as tracking:
        await tracking.submit(task("a", input_bytes=60))
    async with tracked(store, work, sent, clock, limits) as tracking:
        with pytest.raises(QueueFull):
            await tracking.submit(task("b", input_bytes=41))
