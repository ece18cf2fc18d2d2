"""How many images are in work in one pipeline replica."""

import asyncio
from contextlib import AbstractAsyncContextManager

import pytest

from deployments.pipeline.places import Places


class Work:
    def __init__(self) -> None:
        self.begun = 0
        self.gate = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []

    async def add(self, count: int, place: AbstractAsyncContextManager[None]) -> None:
        async def work() -> None:
            async with place:
                self.begun += 1
                await self.gate.wait()

        self.tasks += [asyncio.create_task(work()) for _ in range(count)]
        for _ in range(3):
            await asyncio.sleep(0)

    async def end(self) -> None:
        self.gate.set()
        await asyncio.gather(*self.tasks)


@pytest.mark.parametrize(("at_once", "share", "for_tasks"), [(4, 0.5, 2), (4, 0.0, 4), (3, 0.5, 1), (1, 0.9, 1)])
async def test_however_many_tasks_there_are_a_share_is_left_for_who_waits(
    at_once: int, share: float, for_tasks: int
) -> None:
    # Given
    places, tasks, requests = Places(at_once, share), Work(), Work()
    # When
    for _ in range(20):
        await tasks.add(1, places.for_task())
    for _ in range(20):
        await requests.add(1, places.for_request())
    # Then
    assert (tasks.begun, requests.begun) == (for_tasks, at_once - for_tasks)
    tasks.gate.set()
    await requests.end()
    await tasks.end()
    assert (tasks.begun, requests.begun) == (20, 20)


async def test_requests_may_have_all_places_and_cancelled_ones_leave_none_behind() -> None:
    places, requests, tasks = Places(4, 0.5), Work(), Work()
    for _ in range(6):
        await requests.add(1, places.for_request())
    await tasks.add(1, places.for_task())
    assert (requests.begun, tasks.begun) == (4, 0)
    tasks.gate.set()
    for task in requests.tasks:
        task.cancel()
    await asyncio.gather(*requests.tasks, return_exceptions=True)
    await tasks.end()
    assert tasks.begun == 1
