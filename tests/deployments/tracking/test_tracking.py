import asyncio
import contextlib
import dataclasses
import itertools
import os
import subprocess
import sys
import uuid
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from deployments.errors import (
    QueueFull,
    ReplicaLost,
    ShuttingDown,
    StoreUnavailable,
    TaskConflict,
    TaskFinished,
    UnknownTask,
)
from deployments.messages.jobs import ErasedInfo
from deployments.messages.task import Callback, CallbackState, TaskRecord, TaskStatus
from deployments.storage.blobs import BlobStore, input_key, open_blobs, result_key
from deployments.storage.opening import open_store
from deployments.storage.records import TaskStore
from deployments.tracking.driver import TrackerLimits
from deployments.tracking.journal import SEQ_STRIDE
from deployments.tracking.tracker import TaskTracker
from models.errors import Cancelled, InvalidImage
from models.types import Progress
from tests.deployments.storage.stores import redis_server
from tests.deployments.tracking.tracker_process import NAMES

INFO = ErasedInfo("image/png", "cv2", 8, 6, 4, 12)
DIGEST = "d" * 64
HOOK = Callback("https://hooks.example.org/x", CallbackState.PENDING)
LIMITS = TrackerLimits(max_running=2, max_queued=1000, retry_pause_s=0.001, lease_check_s=30.0)
ONE_AT_A_TIME = dataclasses.replace(LIMITS, max_running=1)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Work:
    """A runner whose every task does `steps` windows; a task in `held` waits before the last one to be let go."""

    def __init__(self, blobs: BlobStore, steps: int = 4) -> None:
        self.blobs = blobs
        self.steps = steps
        self.held: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.failures: dict[str, list[BaseException]] = {}
        self.stop_slowly = asyncio.Event()
        self.stop_slowly.set()
        self.begun: list[str] = []
        self.running: set[str] = set()
        self.most_running = 0
        self.changed = asyncio.Condition()

    def hold(self, *task_ids: str) -> None:
        for task_id in task_ids:
            self.held[task_id].clear()

    def let_go(self, *task_ids: str) -> None:
        for task_id in task_ids or list(self.held):
            self.held[task_id].set()

    async def __call__(self, record: TaskRecord) -> AsyncGenerator[Progress | ErasedInfo, None]:
        task_id = record.task_id
        self.begun.append(task_id)
        self.running.add(task_id)
        self.most_running = max(self.most_running, len(self.running))
        try:
            yield Progress("preparing", 1, 1)
            yield Progress("masking", 1, 1)
            for done in range(self.steps):
                yield Progress("inpainting", done, self.steps)
                if done == self.steps - 1:
                    await self._tell()
                    if self.failures.get(task_id):
                        raise self.failures[task_id].pop(0)
                    if task_id in self.held:
                        await self.held[task_id].wait()
            yield Progress("inpainting", self.steps, self.steps)
            await self.blobs.put(result_key(task_id, record.digest, record.attempt), b"result")
            yield INFO
        finally:
            await self.stop_slowly.wait()
            self.running.discard(task_id)

    async def _tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def until_running(self, *task_ids: str) -> None:
        async with self.changed:
            await self.changed.wait_for(lambda: self.running >= set(task_ids))


class Sent:
    """A sender that keeps what it was given."""

    def __init__(self) -> None:
        self.records: list[TaskRecord] = []
        self.dead = False

    async def __call__(self, record: TaskRecord) -> Callback:
        self.records.append(record)
        if self.dead:
            await asyncio.Event().wait()
        assert record.callback is not None
        return dataclasses.replace(record.callback, state=CallbackState.DELIVERED, attempts=1)


def task(task_id: str, **changes: object) -> TaskRecord:
    record = TaskRecord(task_id=task_id, digest=DIGEST, created_at=1000.0, total_regions=4)
    return dataclasses.replace(record, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/tasks.db"


@pytest.fixture(params=["sqlite", "redis"])
async def any_url(request: pytest.FixtureRequest, url: str) -> str:
    if request.param == "sqlite":
        return url
    from redis.asyncio import Redis

    redis_url: str = request.getfixturevalue("redis_url")
    redis = Redis.from_url(redis_url)
    await redis.flushall()
    await redis.aclose()
    return redis_url


@pytest.fixture
async def store(url: str) -> AsyncIterator[TaskStore]:
    store = await open_store(url)
    yield store
    await store.close()


@pytest.fixture
def blobs() -> BlobStore:
    return open_blobs(f"memory://{uuid.uuid4().hex}")


@pytest.fixture
def work(blobs: BlobStore) -> Work:
    return Work(blobs)


@pytest.fixture
def sent() -> Sent:
    return Sent()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def new_tracking(store: TaskStore, work: Work, sent: Sent, clock: Clock, limits: TrackerLimits = LIMITS) -> TaskTracker:
    return TaskTracker(store, work.blobs, work, sent, limits, clock=clock)


@pytest.fixture
async def tracking(store: TaskStore, work: Work, sent: Sent, clock: Clock) -> AsyncIterator[TaskTracker]:
    async with tracked(store, work, sent, clock) as tracking:
        yield tracking


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


# Running


async def test_a_task_runs_to_its_end(tracking: TaskTracker, store: TaskStore) -> None:
    submitted = await tracking.submit(task("a"))
    records = await seen(tracking, "a")

    assert submitted.status is TaskStatus.PENDING
    assert records[-1].status is TaskStatus.COMPLETED
    assert records[-1].result == INFO
    assert records[-1].attempt == 1
    assert await store.get("a") == records[-1]
    assert tracking.running == tracking.waiting == 0


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

    async for record in tracking.watch("a"):
        stored = await store.get("a")
        assert stored is not None
        assert order.index(stored.status) >= order.index(record.status)


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

    assert (tracking.running, tracking.waiting) == (2, 1)
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


# Cancel


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
    assert tracking.running == 0


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
        assert tracking.running == tracking.waiting == 0


# Failures


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


# Progress and watching


def assert_in_order(records: list[TaskRecord]) -> None:
    assert all(before.seq < after.seq for before, after in itertools.pairwise(records))
    assert all(b.overall_progress <= a.overall_progress for b, a in itertools.pairwise(records))
    assert [record.status.final for record in records].count(True) == 1
    assert records[-1].status.final


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
    await work.until_running("a", "b")

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
            assert tracking.watching == 1

    assert tracking.watching == 0
    work.let_go()


async def test_the_remaining_time_comes_from_the_pace_of_inpainting(
    store: TaskStore, work: Work, sent: Sent, clock: Clock
) -> None:
    async def paced(record: TaskRecord) -> AsyncGenerator[Progress | ErasedInfo, None]:
        yield Progress("masking", 1, 1)
        clock.now += 100.0
        yield Progress("inpainting", 0, 4)
        clock.now += 10.0
        yield Progress("inpainting", 1, 4)
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

    assert all(record.seq > known for record in await watch)


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


# Crash, stop, replacement


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
    command = [sys.executable, "-m", "tests.deployments.tracking.tracker_process", any_url, blob_url]
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


# A store that goes away


class Flaky:
    """A store that is away while `away`; a save `in_doubt` happens all the same; one that is `overtaken` gets another
    owner before it is replayed.
    """

    def __init__(self, store: TaskStore) -> None:
        self._store = store
        self.away = False
        self.in_doubt = False
        self.overtaken = False

    async def unfinished(self) -> tuple[TaskRecord, ...]:
        if self.overtaken:
            await self._store.acquire("another")
        return await self._store.unfinished()

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def save(self, record: TaskRecord, epoch: int) -> None:
        if self.in_doubt:
            await self._store.save(record, epoch)
        if self.away:
            raise StoreUnavailable("the task store cannot be reached")
        await self._store.save(record, epoch)


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


# Callbacks


async def test_the_outcome_of_a_callback_is_durable(tracking: TaskTracker, sent: Sent, store: TaskStore) -> None:
    await tracking.submit(task("a", callback=HOOK))
    final = await end_of(tracking, "a")

    outcome = await until_called_back(tracking, "a")

    assert outcome == Callback(HOOK.url, CallbackState.DELIVERED, attempts=1)
    assert sent.records == [final]
    stored = await store.get("a")
    assert stored is not None
    assert (stored.callback, stored.seq, stored.status) == (outcome, final.seq + 1, TaskStatus.COMPLETED)


async def test_a_refused_callback_is_never_sent(tracking: TaskTracker, sent: Sent) -> None:
    await tracking.submit(task("a", callback=dataclasses.replace(HOOK, state=CallbackState.REFUSED)))
    await tracking.submit(task("b", callback=HOOK))
    await end_of(tracking, "a")
    await end_of(tracking, "b")
    await until_called_back(tracking, "b")

    assert [record.task_id for record in sent.records] == ["b"]


async def test_a_dead_receiver_delays_no_task(tracking: TaskTracker, sent: Sent) -> None:
    sent.dead = True
    for index in range(10):
        await tracking.submit(task(f"t{index}", callback=HOOK))

    ends = [await end_of(tracking, f"t{index}") for index in range(10)]

    assert {record.status for record in ends} == {TaskStatus.COMPLETED}


async def test_a_callback_cut_off_by_a_crash_is_sent_by_the_next_tracker(
    store: TaskStore, work: Work, clock: Clock
) -> None:
    dead, alive = Sent(), Sent()
    dead.dead = True
    async with tracked(store, work, dead, clock) as crashed:
        await crashed.submit(task("a", callback=HOOK))
        await end_of(crashed, "a")

        async with tracked(store, work, alive, clock) as tracking:
            await until_called_back(tracking, "a")

    assert [record.task_id for record in alive.records] == ["a"]


# Cleaning up


async def until_gone(blobs: BlobStore, key: str) -> None:
    for _ in range(2000):
        if not await blobs.exists(key):
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

    assert await blobs.exists(result_key("a", DIGEST, 2))


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
    assert await blobs.exists(result_key("done", DIGEST, 1))
    assert not (await tracking.get("done")).result_expired

    clock.now += 2.0
    await tracking.sweep()
    assert not await blobs.exists(result_key("done", DIGEST, 1))
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

    assert {key for key in keep | drop if await blobs.exists(key)} == keep
