"""Attempts at tasks: as any other job, but it comes from the blob store and the image goes there."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from functools import partial

from deployments.errors import ResultExpired, StoreUnavailable
from deployments.messages.jobs import Erased, ErasedInfo, EraseJob
from deployments.storage.blobs import BlobStore, input_key, result_key
from deployments.storage.codecs import OtherVersion, load_job
from deployments.threads import in_thread
from models.types import Progress


class TaskRuns:
    """The attempts that run in this replica; `erase` runs a job, in steps."""

    def __init__(self, blobs: BlobStore, erase: Callable[[EraseJob], AsyncGenerator[Progress | Erased]]) -> None:
        self._blobs = blobs
        self._erase = erase
        self._here: dict[tuple[str, int], asyncio.Event] = {}

    async def run(self, task_id: str, digest: str, attempt: int) -> AsyncGenerator[Progress | ErasedInfo]:
        """Yield what has been done and, last, the facts about the stored result. Closing it stops the work.

        Raises any of models.errors; ResultExpired if the input is no longer in the store; StoreUnavailable.
        """
        ended = self._here[task_id, attempt] = asyncio.Event()
        try:
            try:
                blob = await self._blobs.get(input_key(task_id, digest))
            except FileNotFoundError:
                raise ResultExpired(f"the input of task {task_id} is no longer stored") from None
            try:
                job = await in_thread(partial(load_job, blob))
            except OtherVersion:
                raise StoreUnavailable("the input was written by another release, which can read it") from None
            async with aclosing(self._erase(job)) as steps:
                async for item in steps:
                    if isinstance(item, Progress):
                        yield item
                    else:
                        await self._blobs.put(result_key(task_id, digest, attempt), item.image)
                        yield item.info
        finally:
            ended.set()
            del self._here[task_id, attempt]

    async def until_ended(self, task_id: str, attempt: int) -> None:
        """Returns when no work on that attempt goes on in this replica."""
        ended = self._here.get((task_id, attempt))
        if ended is not None:
            await ended.wait()
