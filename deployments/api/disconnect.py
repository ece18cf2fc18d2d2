"""Work that ends with its request."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

from deployments.errors import DeadlineExceeded

T = TypeVar("T")


async def while_connected(request: Request, work: Coroutine[Any, Any, T], deadline: float | None) -> T:
    """The result of `work`, unless the client hangs up or `deadline` (epoch seconds) passes first.

    In both cases, and when the caller is cancelled, the work is cancelled and its end awaited. The body must have
    been read: whatever arrives afterwards is the hang-up.

    Raises: ClientDisconnect, DeadlineExceeded, whatever `work` raises.
    """
    working = asyncio.create_task(work)
    hang_up = asyncio.create_task(_hang_up(request))
    patience_s = None if deadline is None else max(0.0, deadline - time.time())
    try:
        await asyncio.wait({working, hang_up}, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        if hang_up.done():
            raise ClientDisconnect
        raise DeadlineExceeded("the time for this request is over; the work was stopped")
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
