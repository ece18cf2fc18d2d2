"""Remote generators, with a handle whose method yields here."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest
from ray.exceptions import ActorDiedError

from deployments.errors import ReplicaLost
from deployments.remote.calls import stream


class Method:
    """Yields `items`, then raises `error` if there is one; `told` has what it was asked beside items, in order."""

    def __init__(self, items: int = 3, error: Exception | None = None) -> None:
        self.items = items
        self.error = error
        self.told: list[str] = []

    def remote(self, *arguments: Any) -> "Method":
        self.told.append(f"called with {arguments}")
        return self

    async def __aiter__(self) -> AsyncGenerator[int]:
        for item in range(self.items):
            yield item
        if self.error is not None:
            raise self.error

    def cancel(self) -> None:
        self.told.append("cancelled")

    async def stopped(self) -> None:
        self.told.append("stopped")


async def test_a_stream_read_to_its_end_stops_nothing() -> None:
    method = Method()

    items = [item async for item in stream(method, "a", 1, stopped=method.stopped)]

    assert items == [0, 1, 2]
    assert method.told == ["called with ('a', 1)"]


async def test_closing_a_stream_cancels_the_remote_one_and_waits_for_its_end() -> None:
    method = Method()

    async with aclosing(stream(method, stopped=method.stopped)) as items:
        assert await anext(items) == 0

    assert method.told == ["called with ()", "cancelled", "stopped"]


async def test_a_stream_that_was_never_read_calls_nothing() -> None:
    method = Method()

    await stream(method, stopped=method.stopped).aclose()

    assert method.told == []


async def test_the_death_of_the_replica_comes_out_as_our_error_and_leaves_nothing_to_stop() -> None:
    method = Method(error=ActorDiedError())

    with pytest.raises(ReplicaLost):
        _ = [item async for item in stream(method, stopped=method.stopped)]

    assert method.told == ["called with ()"]
