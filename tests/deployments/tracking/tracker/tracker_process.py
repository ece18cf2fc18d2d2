"""A tracker in a process of its own, to be killed.

    python -m tests.deployments.tracking.tracker.tracker_process STORE BLOBS

Submits 30 tasks, prints a line when the fifth has ended and a sixth is in its work, and waits for its death.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator

from deployments.messages.jobs import ErasedInfo
from deployments.messages.task import Callback, TaskRecord
from deployments.storage.blobs import open_blobs, result_key
from deployments.storage.opening import open_store
from deployments.tracking.driver import TrackerLimits
from deployments.tracking.tracker import TaskTracker
from models.types import Progress
from tests.deployments.tracking.tracker.fakes import DIGEST, INFO

NAMES = [f"t{index:02}" for index in range(30)]


async def main(store_url: str, blob_url: str) -> None:
    blobs = open_blobs(blob_url)

    async def work(record: TaskRecord) -> AsyncGenerator[Progress | ErasedInfo, None]:
        yield Progress("inpainting", 0, 2)
        if record.task_id >= NAMES[5]:
            print("working", flush=True)
            await asyncio.Event().wait()
        await blobs.put(result_key(record.task_id, record.digest, record.attempt), record.task_id.encode())
        yield INFO

    async def nobody(record: TaskRecord) -> Callback:
        raise AssertionError("no task has a callback")

    tracking = TaskTracker(await open_store(store_url), blobs, work, nobody, TrackerLimits(max_running=2))
    await tracking.start()
    for index, name in enumerate(NAMES):
        await tracking.submit(TaskRecord(task_id=name, digest=DIGEST, created_at=1000.0 + index))
    for name in NAMES[:5]:
        async for _ in tracking.watch(name):
            pass
    print("ended five", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
