import asyncio
from collections.abc import AsyncGenerator

import pytest

from deployments.errors import ReplicaLost, ShuttingDown
from deployments.messages.jobs import ErasedInfo
from deployments.messages.task import TaskRecord, TaskStatus
from deployments.storage.records import TaskStore
from deployments.tracking.tracker import TaskTracker
from models.errors import Cancelled, InvalidImage
from models.types import Progress
from tests.deployments.tracking.tracker.fakes import Clock, Sent, Work, task
from tests.deployments.tracking.tracker.following import LIMITS, ONE_AT_A_TIME, end_of, tracked


async def test_a_clients_error_ends_the_task_at_once(tracking: TaskTracker, work: Work) -> None:
    work.failures["a"] = [InvalidImage("the bytes are not a decodable image")]
    await tracking.submit(task("a"))

    record = await end_of(tracking, "a")

    assert (record.status, record.attempt) == (TaskStatus.ERROR, 1)
    assert (record.error, record.error_message) == ("invalid_image", "the bytes are not a decodable image")


@pytest.mark.parametrize(
    "death",
    [ReplicaLost("the replica died"), Cancelled("not by us"), ShuttingDown("draining"), asyncio.CancelledError()],
)
async def test_a_death_of_what_ran_the_work_is_another_attempt(
    tracking: TaskTracker, work: Work, death: BaseException
) -> None:
    work.failures["a"] = [death]
    await tracking.submit(task("a"))

    record = await end_of(tracking, "a")

    assert (record.status, record.attempt) == (TaskStatus.COMPLETED, 2)


async def test_a_task_that_kills_every_replica_is_given_up_and_holds_nobody_up(
    store: TaskStore, work: Work, sent: Sent, clock: Clock
) -> None:
    work.failures["poison"] = [ReplicaLost(f"replica {number} died") for number in range(9)]
    async with tracked(store, work, sent, clock, ONE_AT_A_TIME) as tracking:
        await tracking.submit(task("poison"))
        await tracking.submit(task("b"))

        b = await end_of(tracking, "b")
        record = await end_of(tracking, "poison")

    assert b.status is TaskStatus.COMPLETED
    assert work.begun[:2] == ["poison", "b"]
    assert (record.status, record.attempt) == (TaskStatus.ERROR, 3)
    assert record.error_message == "gave up after 3 attempts: replica 2 died"


async def test_an_unexpected_exception_is_logged_and_not_told(
    tracking: TaskTracker, work: Work, caplog: pytest.LogCaptureFixture
) -> None:
    work.failures["a"] = [RuntimeError("/secret/path")]
    await tracking.submit(task("a"))

    record = await end_of(tracking, "a")

    assert record.error_message == "the task failed inside the service"
    assert "/secret/path" in caplog.text


async def test_work_that_ends_without_a_result_is_an_error(
    store: TaskStore, work: Work, sent: Sent, clock: Clock
) -> None:
    async def empty(record: TaskRecord) -> AsyncGenerator[Progress | ErasedInfo, None]:
        yield Progress("inpainting", 1, 1)

    tracking = TaskTracker(store, work.blobs, empty, sent, LIMITS, clock=clock)
    await tracking.start()
    await tracking.submit(task("a"))

    assert (await end_of(tracking, "a")).error == "inference_failed"
    await tracking.stop()
