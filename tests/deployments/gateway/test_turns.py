"""Who is worked on next."""

import asyncio
import random

from deployments.gateway.turns import Turns


async def start(turns: Turns, done: list[str], client: str, gate: asyncio.Event | None = None) -> "asyncio.Task[None]":
    async def work() -> None:
        async with turns.turn(client):
            done.append(client)
            if gate is not None:
                await gate.wait()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    return task


async def test_a_client_with_one_request_waits_for_one_of_another_with_many() -> None:
    # Given: one works, and "greedy" has five in line before "modest" comes
    turns, done, gate = Turns(1), list[str](), asyncio.Event()
    tasks = [await start(turns, done, "greedy", gate) for _ in range(6)]
    tasks.append(await start(turns, done, "modest"))
    # When
    gate.set()
    await asyncio.gather(*tasks)
    # Then
    assert done == ["greedy", "greedy", "modest", "greedy", "greedy", "greedy", "greedy"]


async def test_no_more_than_so_many_are_worked_on() -> None:
    turns, done, gate = Turns(3), list[str](), asyncio.Event()
    tasks = [await start(turns, done, client, gate) for client in "aabbccdd"]
    assert len(done) == 3
    gate.set()
    await asyncio.gather(*tasks)
    assert sorted(done) == list("aabbccdd")


async def test_whoever_is_cancelled_at_any_moment_takes_no_place_along() -> None:
    # Given
    turns, done, chance = Turns(2), list[str](), random.Random(0)
    tasks: list[asyncio.Task[None]] = []
    gate = asyncio.Event()
    # When: many come and go
    for number in range(200):
        tasks.append(await start(turns, done, f"{number % 5}", gate))
        if chance.random() < 0.5:
            chance.choice(tasks).cancel()
            if chance.random() < 0.5:
                await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    # Then: both places are there again, and no line is left
    free = [await start(turns, done, "x", asyncio.Event()) for _ in range(3)]
    assert done[-2:] == ["x", "x"]
    assert done.count("x") == 2
    for task in free:
        task.cancel()
    await asyncio.gather(*free, return_exceptions=True)
    assert turns._lines == {}
