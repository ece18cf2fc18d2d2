"""What the tracker itself costs: tasks whose work is nothing but progress, each with a subscriber: no Ray, no HTTP."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import Report
from deployments.callbacks.policy import CallbackPolicy
from deployments.callbacks.sender import CallbackSender
from deployments.messages.jobs import ErasedInfo
from deployments.messages.task import TaskRecord
from deployments.storage.blobs import open_blobs
from deployments.storage.opening import open_store
from deployments.tracking.driver import TrackerLimits
from deployments.tracking.tracker import TaskTracker
from models.types import Progress

INFO = ErasedInfo("image/png", "none", 1, 1, 1, 1)


@dataclass(frozen=True, slots=True)
class Tracked:
    """`events` were announced for `tasks` tasks in `seconds`; `received` of them reached a subscriber, newest wins."""

    tasks: int
    events: int
    received: int
    ends: int
    seconds: float


async def measure(store_url: str, folder: Path, *, tasks: int, steps: int) -> Tracked:
    """Submit, run and watch `tasks` tasks of `steps` progress events each, on a real store."""
    store, blobs = await open_store(store_url), open_blobs(folder.as_uri())
    sender = CallbackSender(CallbackPolicy(()), blobs)
    tracking = TaskTracker(store, blobs, lambda _: _work(steps), sender, TrackerLimits(max_running=8, max_queued=tasks))
    await tracking.start()
    started = time.perf_counter()
    ids = [f"task-{number}" for number in range(tasks)]
    for task_id in ids:
        await tracking.submit(TaskRecord(task_id, "digest", created_at=time.time(), total_regions=steps))
    counts = await asyncio.gather(*(_watch(tracking, task_id) for task_id in ids))
    seconds = time.perf_counter() - started
    last = [await tracking.get(task_id) for task_id in ids]
    await tracking.stop()
    await sender.close()
    await store.close()
    ends = sum(record.status.final for record in last)
    return Tracked(tasks, sum(record.seq + 1 for record in last), sum(counts), ends, seconds)


async def _work(steps: int) -> AsyncGenerator[Progress | ErasedInfo, None]:
    for step in range(steps):
        yield Progress("inpainting", step + 1, steps)
        await asyncio.sleep(0)
    yield INFO


async def _watch(tracking: TaskTracker, task_id: str) -> int:
    async with aclosing(tracking.watch(task_id)) as records:
        return len([record async for record in records])


def report(results: dict[str, Tracked]) -> Report:
    """Events per second by kind of store."""
    rows = [
        [name, str(r.tasks), str(r.events), str(r.received), f"{r.seconds:.2f}", f"{r.events / r.seconds:.0f}"]
        for name, r in results.items()
    ]
    return Report(
        "Tracker",
        ["store", "tasks", "events", "received", "seconds", "events/s"],
        rows,
        notes=["Every task has a subscriber; three changes of a task are durable writes, the rest are progress."],
    )
