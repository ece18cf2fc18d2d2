"""What cannot be written once for both clients. The other twin is in `_async`."""

import time
from collections.abc import Callable, Generator
from typing import TypeAlias, TypeVar

from typing_extensions import ParamSpec
from websockets.sync.client import ClientConnection as Socket
from websockets.sync.client import connect as open_socket

from text_removal.progress import Event

Events: TypeAlias = Generator[Event, None, None]
P = ParamSpec("P")
Value = TypeVar("Value")

__all__ = ["Events", "Socket", "in_thread", "open_socket", "receive", "sleep"]


def in_thread(function: Callable[P, Value], *args: P.args, **kwargs: P.kwargs) -> Value:
    """Here, in this one."""
    return function(*args, **kwargs)


def receive(socket: Socket, timeout_s: float | None) -> str | bytes:
    """The next message. Raises: TimeoutError, ConnectionClosed."""
    return socket.recv(timeout=timeout_s)


def sleep(seconds: float) -> None:
    time.sleep(seconds)
