import asyncio
import os
from pathlib import Path

import pytest

from deployments.errors import ReplicaLost, UnknownTask
from deployments.messages.task import TaskStatus
from deployments.storage.blobs import BlobStore, input_key, open_blobs, result_key
from deployments.storage.records import TaskStore
from deployments.tracking.tracker import TaskTracker
from models.errors import InvalidImage
from tests.deployments.storage.stores import exists
from tests.deployments.tracking.tracker.fakes import DIGEST, Clock, Sent, Work, task
from tests.deployments.tracking.tracker.following import LIMITS, end_of, tracked


async def until_gone(blobs: BlobStore, key: str) -> None:
    for _ in range(2000):
        if not await exists(blobs, key):
            return
        await asyncio.sleep(0.005)
    raise AssertionError(f"{key} is still there")


async def test_an_ended_task_keeps_its_result_and_nothing_else(
    tracking: TaskTracker, work: Work, blobs: BlobStore
) -> None:
    work.failures["a"] = [ReplicaLost("died")]
    await blobs.put(input_key("a", DIGEST), b"input")
    await blobs.put(result_key("a", DIGEST, 1), b"of an attempt that died late")
    await tracking.submit(task("a"))
    await end_of(tracking, "a")

    await until_gone(blobs, input_key("a", DIGEST))
    await until_gone(blobs, result_key("a", DIGEST, 1))

    assert await exists(blobs, result_key("a", DIGEST, 2))


async def test_a_cancelled_task_keeps_no_blob(tracking: TaskTracker, work: Work, blobs: BlobStore) -> None:
    work.hold("a")
    await blobs.put(input_key("a", DIGEST), b"input")
    await tracking.submit(task("a"))
    await work.until_running("a")

    await tracking.cancel("a")

    await until_gone(blobs, input_key("a", DIGEST))


async def test_a_result_expires_first_and_its_record_later(
    tracking: TaskTracker, work: Work, blobs: BlobStore, clock: Clock
) -> None:
    work.failures["failed"] = [InvalidImage("not an image")]
    for name in ("done", "failed"):
        await tracking.submit(task(name))
        await end_of(tracking, name)

    clock.now += LIMITS.ttl_s - 1.0
    await tracking.sweep()
    assert await exists(blobs, result_key("done", DIGEST, 1))
    assert not (await tracking.get("done")).result_expired

    clock.now += 2.0
    await tracking.sweep()
    assert not await exists(blobs, result_key("done", DIGEST, 1))
    assert (await tracking.get("done")).result_expired
    with pytest.raises(UnknownTask):
        await tracking.get("failed")

    clock.now += LIMITS.ttl_s
    await tracking.sweep()
    with pytest.raises(UnknownTask):
        await tracking.get("done")
    assert (await tracking.summary()).total == 0


async def test_more_tasks_than_one_page_expire_in_one_sweep(
    store: TaskStore, work: Work, sent: Sent, clock: Clock
) -> None:
    async with tracked(store, work, sent, clock) as tracking:
        epoch = tracking.epoch
        for index in range(1100):
            await store.save(task(f"t{index}", status=TaskStatus.ERROR, completed_at=1.0), epoch)
        clock.now += LIMITS.ttl_s

        await tracking.sweep()

        assert (await tracking.summary()).total == 0


async def test_blobs_that_a_crash_left_behind_are_collected(
    store: TaskStore, tmp_path: Path, sent: Sent, clock: Clock
) -> None:
    blobs = open_blobs(f"file://{tmp_path}/blobs")
    work = Work(blobs)
    work.hold("running")
    keep = {input_key("running", DIGEST), result_key("done", DIGEST, 1), input_key("young", DIGEST)}
    drop = {input_key("gone", DIGEST), result_key("gone", DIGEST, 1), input_key("done", DIGEST)}
    async with tracked(store, work, sent, clock) as tracking:
        await tracking.submit(task("done"))
        await end_of(tracking, "done")
        await tracking.submit(task("running"))
        for key in keep | drop:
            await blobs.put(key, b"x")
            age_s = 10.0 if "young" in key else 7200.0
            os.utime(tmp_path / "blobs" / key, (clock.now - age_s, clock.now - age_s))

        await tracking.collect()

    assert {key for key in keep | drop if await exists(blobs, key)} == keep
