"""Start a tracker, stop it, and follow its tasks."""

import asyncio
import contextlib
import dataclasses
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from deployments.messages.task import Callback, CallbackState, TaskRecord, TaskStatus
from deployments.storage.records import TaskStore
from deployments.tracking.driver import TrackerLimits
from deployments.tracking.tracker import TaskTracker
from tests.deployments.tracking.tracker.fakes import Clock, Sent, Work

LIMITS = TrackerLimits(max_running=2, max_queued=1000, retry_pause_s=0.001, lease_check_s=30.0)
ONE_AT_A_TIME = dataclasses.replace(LIMITS, max_running=1)


def new_tracking(store: TaskStore, work: Work, sent: Sent, clock: Clock, limits: TrackerLimits = LIMITS) -> TaskTracker:
    return TaskTracker(store, work.blobs, work, sent, limits, clock=clock)


@asynccontextmanager
async def tracked(
    store: TaskStore, work: Work, sent: Sent, clock: Clock, limits: TrackerLimits = LIMITS
) -> AsyncIterator[TaskTracker]:
    tracking = new_tracking(store, work, sent, clock, limits)
    await tracking.start()
    try:
        yield tracking
    finally:
        await tracking.stop()


async def seen(tracking: TaskTracker, task_id: str, after_seq: int | None = None) -> list[TaskRecord]:
    return [record async for record in tracking.watch(task_id, after_seq)]


async def end_of(tracking: TaskTracker, task_id: str) -> TaskRecord:
    return (await seen(tracking, task_id))[-1]


async def until(tracking: TaskTracker, task_id: str, status: TaskStatus) -> TaskRecord:
    async with contextlib.aclosing(tracking.watch(task_id)) as records:
        async for record in records:
            if record.status is status:
                return record
    raise AssertionError(f"{task_id} never was {status}")


async def until_called_back(tracking: TaskTracker, task_id: str) -> Callback:
    while True:
        callback = (await tracking.get(task_id)).callback
        if callback is not None and callback.state is not CallbackState.PENDING:
            return callback
        await asyncio.sleep(0.005)


def assert_in_order(records: list[TaskRecord]) -> None:
    assert all(before.seq < after.seq for before, after in itertools.pairwise(records))
    assert all(b.overall_progress <= a.overall_progress for b, a in itertools.pairwise(records))
    assert [record.status.final for record in records].count(True) == 1
    assert records[-1].status.final
