"""Work that ends with its request."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

T = TypeVar("T")


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, unless the client hangs up first.

    Then, and when the caller is cancelled, the work is cancelled and its end awaited. The body must have been read:
    whatever arrives afterwards is the hang-up.

    Raises: ClientDisconnect, whatever `work` raises.
    """
    working = asyncio.create_task(work)
    hang_up = asyncio.create_task(_hang_up(request))
    try:
        await asyncio.wait({working, hang_up}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientDisconnect
    finally:
        await stop(working, hang_up)


async def _hang_up(request: Request) -> None:
    if (await request.receive())["type"] != "http.disconnect":
        await asyncio.Event().wait()


async def stop(*tasks: "asyncio.Task[Any]") -> None:
    """Cancel and wait for the end. Outcomes are dropped: whoever wanted one has it.

    Not with `gather`: cancelled itself, it raises a new CancelledError, which anyio then takes for a stranger's.
    """
    for task in tasks:
        task.add_done_callback(_drop_outcome)
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)


def _drop_outcome(task: "asyncio.Task[Any]") -> None:
    if not task.cancelled():
        task.exception()
