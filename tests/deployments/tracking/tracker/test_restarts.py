import asyncio
import dataclasses
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deployments.errors import ShuttingDown
from deployments.messages.task import CallbackState, TaskStatus
from deployments.storage.blobs import BlobStore, input_key, open_blobs, result_key
from deployments.storage.opening import open_store
from deployments.storage.records import TaskStore
from deployments.storage.unreadable import UnreadableRecord
from deployments.tracking.journal import SEQ_STRIDE
from tests.deployments.tracking.tracker.fakes import DIGEST, HOOK, Clock, Sent, Work, task
from tests.deployments.tracking.tracker.following import (
    LIMITS,
    ONE_AT_A_TIME,
    end_of,
    new_tracking,
    seen,
    tracked,
    until,
    until_called_back,
)
from tests.deployments.tracking.tracker.tracker_process import NAMES


async def test_after_a_crash_unfinished_tasks_run_again_in_their_order(
    any_url: str, blobs: BlobStore, sent: Sent, clock: Clock
) -> None:
    store = await open_store(any_url)
    first, second = Work(blobs), Work(blobs)
    names = [f"t{index}" for index in range(30)]
    first.hold(*names[10:])
    crashed = new_tracking(store, first, sent, clock)
    await crashed.start()
    for index, name in enumerate(names):
        await crashed.submit(task(name, created_at=1000.0 + index))
    await first.until_running(*names[10:12])
    last_seen = await crashed.get(names[10])

    async with tracked(store, second, sent, clock, ONE_AT_A_TIME) as tracking:  # the first one is dropped, not stopped
        ends = [await end_of(tracking, name) for name in names]
        again = await tracking.get(names[10])
    await crashed.stop()

    assert [record.status for record in ends] == [TaskStatus.COMPLETED] * 30
    assert second.begun == names[10:]
    assert [record.attempt for record in ends] == [1] * 10 + [2] * 2 + [1] * 18
    assert again.seq > SEQ_STRIDE > last_seen.seq
    assert again == await store.get(names[10])
    for record in ends:
        assert await blobs.get(result_key(record.task_id, DIGEST, record.attempt)) == b"result"
    await store.close()


async def test_after_kill_9_of_the_process_every_task_ends_with_the_right_bytes(
    any_url: str, tmp_path: Path, sent: Sent, clock: Clock
) -> None:
    blob_url = f"file://{tmp_path}/blobs"
    command = [sys.executable, "-m", "tests.deployments.tracking.tracker.tracker_process", any_url, blob_url]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    said = [await process.stdout.readline() for _ in range(3)]
    process.kill()
    await process.communicate()
    assert sorted(said) == [b"ended five\n", b"working\n", b"working\n"]

    store, work = await open_store(any_url), Work(open_blobs(blob_url))
    async with tracked(store, work, sent, clock, ONE_AT_A_TIME) as tracking:
        ends = [await end_of(tracking, name) for name in NAMES]
    await store.close()

    assert {record.status for record in ends} == {TaskStatus.COMPLETED}
    assert [record.attempt for record in ends] == [1] * 5 + [2] * 2 + [1] * 23
    assert work.begun == NAMES[5:]
    for record in ends:
        expected = record.task_id.encode() if record.task_id < NAMES[5] else b"result"
        assert await work.blobs.get(result_key(record.task_id, DIGEST, record.attempt)) == expected


async def test_a_task_that_crashes_every_tracker_is_given_up(
    store: TaskStore, work: Work, sent: Sent, clock: Clock
) -> None:
    work.hold("a", "b", "c")
    crashed = [new_tracking(store, work, sent, clock, ONE_AT_A_TIME) for _ in range(3)]
    for tracking in crashed:
        await tracking.start()
        await tracking.submit(task("a", callback=HOOK))
        await tracking.submit(task("waits", created_at=2000.0))
        await until(tracking, "a", TaskStatus.PROCESSING)

    async with tracked(store, work, sent, clock) as tracking:
        record = await tracking.get("a")
        assert (record.status, record.attempt) == (TaskStatus.ERROR, 3)
        assert record.error_message == "gave up after 3 attempts: the service stopped while it ran"
        assert (await until_called_back(tracking, "a")).state is CallbackState.DELIVERED
        assert (await end_of(tracking, "waits")).status is TaskStatus.COMPLETED
    for old in crashed:
        await old.stop()
    assert [record.task_id for record in sent.records] == ["a"]


async def test_a_crash_does_not_count_against_a_task_that_only_waited(
    store: TaskStore, work: Work, sent: Sent, clock: Clock
) -> None:
    work.hold("a", "b")
    crashed = [new_tracking(store, work, sent, clock) for _ in range(2)]
    for tracking in crashed:
        await tracking.start()
        for index, name in enumerate("abc"):
            await tracking.submit(task(name, created_at=float(index)))
        await until(tracking, "b", TaskStatus.PROCESSING)
    work.let_go()

    async with tracked(store, work, sent, clock) as tracking:
        assert (await end_of(tracking, "c")).attempt == 1
    for old in crashed:
        await old.stop()


async def test_a_stop_leaves_unfinished_tasks_for_later_and_counts_no_attempt(
    store: TaskStore, work: Work, sent: Sent, clock: Clock
) -> None:
    work.hold("a", "b", "c")
    for _ in range(5):
        async with tracked(store, work, sent, clock) as tracking:
            for name in "abc":
                await tracking.submit(task(name))
            await work.until_running("a", "b")
        assert work.running == set()
        stored = {record.task_id: record for record in await store.unfinished()}
        assert {(record.status, record.attempt) for record in stored.values()} == {(TaskStatus.PENDING, 0)}
    work.let_go()

    async with tracked(store, work, sent, clock) as tracking:
        ends = [await end_of(tracking, name) for name in "abc"]

    assert {(record.status, record.attempt) for record in ends} == {(TaskStatus.COMPLETED, 1)}


async def test_a_stop_tells_whoever_waits(store: TaskStore, work: Work, sent: Sent, clock: Clock) -> None:
    work.hold("a")
    async with tracked(store, work, sent, clock) as tracking:
        await tracking.submit(task("a"))
        await work.until_running("a")
        watches = [asyncio.create_task(anext(tracking.watch(task_id, after_seq=10**9))) for task_id in ("a", "a")]
        all_tasks = tracking.watch(None)
        await anext(all_tasks)
        await asyncio.sleep(0)

    for watch in watches:
        with pytest.raises(ShuttingDown):
            await watch
    with pytest.raises(ShuttingDown):
        [record async for record in all_tasks]
    with pytest.raises(ShuttingDown):
        await tracking.submit(task("b"))
    with pytest.raises(ShuttingDown):
        await tracking.cancel("a")
    with pytest.raises(ShuttingDown):
        await anext(tracking.watch("a"))
    assert (await tracking.get("a")).status is TaskStatus.PENDING


async def test_a_replaced_tracker_stops_its_work_and_spoils_nothing(
    store: TaskStore, blobs: BlobStore, sent: Sent, clock: Clock
) -> None:
    first, second = Work(blobs), Work(blobs)
    first.hold("a", "b")
    second.hold("a", "b")
    old = new_tracking(store, first, sent, clock)
    await old.start()
    for name in "ab":
        await old.submit(task(name, callback=HOOK))
    await first.until_running("a", "b")

    async with tracked(store, second, sent, clock) as new:
        await second.until_running("a", "b")
        first.let_go("a")  # completes under the old lease: nobody may hear of it
        with pytest.raises(ShuttingDown):
            await seen(old, "b")
        with pytest.raises(ShuttingDown):
            await old.submit(task("c"))
        await old.stop()
        assert first.running == set()
        assert (await new.get("a")).status is TaskStatus.PROCESSING
        second.let_go()
        ends = [await end_of(new, name) for name in "ab"]
        for name in "ab":
            await until_called_back(new, name)

    assert [(record.status, record.attempt) for record in ends] == [(TaskStatus.COMPLETED, 2)] * 2
    assert sorted(record.task_id for record in sent.records) == ["a", "b"]


async def test_a_replaced_tracker_that_is_idle_finds_out_too(
    store: TaskStore, work: Work, sent: Sent, clock: Clock
) -> None:
    async with tracked(store, work, sent, clock, dataclasses.replace(LIMITS, lease_check_s=0.01)) as old:
        watch = asyncio.create_task(anext(old.watch(None)))
        async with tracked(store, work, sent, clock):
            with pytest.raises(ShuttingDown):
                await watch


async def test_a_record_of_another_release_is_left_alone_and_the_others_go_on(
    url: str, store: TaskStore, work: Work, sent: Sent, clock: Clock
) -> None:
    # Given: a task that a newer release has written, its input, and one of ours
    epoch = await store.acquire("newer")
    for name in ("theirs", "ours"):
        await store.save(task(name), epoch)
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        connection.execute("""UPDATE tasks SET record = '{"version": 2}' WHERE task_id = 'theirs'""")
    connection.close()
    await work.blobs.put(input_key("theirs", DIGEST), b"their input")
    # When
    async with tracked(store, work, sent, clock) as tracking:
        ours = await end_of(tracking, "ours")
        clock.now = time.time() + 1e6
        await tracking.sweep()
        await tracking.collect()
        # Then
        with pytest.raises(UnreadableRecord):
            await tracking.submit(task("theirs"))
        with pytest.raises(UnreadableRecord):
            await tracking.cancel("theirs")
    assert ours.status is TaskStatus.COMPLETED
    assert work.begun == ["ours"]
    assert await work.blobs.get(input_key("theirs", DIGEST)) == b"their input"
