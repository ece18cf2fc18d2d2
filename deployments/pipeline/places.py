"""How many images one pipeline replica has in work, and how many of them may belong to tasks."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Places:
    """`at_once` images in work; tasks take at most what `synchronous_share` of them leaves, one at least. What waits
    here holds no picture. Serve lets in more than `at_once` (deployments/app.py), or tasks that wait would keep
    synchronous requests out."""

    def __init__(self, at_once: int, synchronous_share: float) -> None:
        self._all = asyncio.Semaphore(at_once)
        self._tasks = asyncio.Semaphore(max(1, at_once - math.ceil(at_once * synchronous_share)))

    @asynccontextmanager
    async def for_request(self) -> AsyncIterator[None]:
        async with self._all:
            yield

    @asynccontextmanager
    async def for_task(self) -> AsyncIterator[None]:
        async with self._tasks, self._all:
            yield
