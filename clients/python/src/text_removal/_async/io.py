"""What cannot be written once for both clients. The blocking twin is written by hand."""

from collections.abc import AsyncGenerator, Callable
from typing import TypeAlias, TypeVar

import anyio
import anyio.to_thread
from typing_extensions import ParamSpec
from websockets.asyncio.client import ClientConnection as AsyncSocket
from websockets.asyncio.client import connect as open_socket

from text_removal.progress import Event

AsyncEvents: TypeAlias = AsyncGenerator[Event, None]
P = ParamSpec("P")
Value = TypeVar("Value")

__all__ = ["AsyncEvents", "AsyncSocket", "in_thread", "open_socket", "receive", "sleep"]


async def in_thread(function: Callable[P, Value], *args: P.args, **kwargs: P.kwargs) -> Value:
    """Of what may block."""
    return await anyio.to_thread.run_sync(lambda: function(*args, **kwargs))


async def receive(socket: AsyncSocket, timeout_s: float | None) -> str | bytes:
    """The next message. Raises: TimeoutError, ConnectionClosed."""
    with anyio.fail_after(timeout_s):
        return await socket.recv()


async def sleep(seconds: float) -> None:
    await anyio.sleep(seconds)
