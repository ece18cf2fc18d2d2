import asyncio

import pytest

from deployments.errors import ShuttingDown, StoreUnavailable
from deployments.messages.task import TaskStatus
from deployments.storage.blobs import BlobStore
from deployments.storage.records import TaskStore
from tests.deployments.tracking.tracker.fakes import Clock, Flaky, Sent, Work, task
from tests.deployments.tracking.tracker.following import end_of, new_tracking, tracked


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
