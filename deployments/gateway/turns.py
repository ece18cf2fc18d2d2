"""Whose turn it is: clients share the service in turn, not by who has asked most."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """`at_once` requests are worked on; of those that wait, each client's oldest is next in turn. A client with a
    hundred large pictures in line delays another's small one by one picture and not by a hundred."""

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._lines: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, client: str) -> AsyncIterator[None]:
        await self._begin(client)
        try:
            yield
        finally:
            self._end()

    async def _begin(self, client: str) -> None:
        if self._free and not self._lines:
            self._free -= 1
            return
        called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lines.setdefault(client, deque()).append(called)
        try:
            await called
        except asyncio.CancelledError:
            if not called.cancelled():
                self._end()
            else:
                self._leave(client, called)
            raise

    def _leave(self, client: str, called: "asyncio.Future[None]") -> None:
        line = self._lines.get(client, deque())
        if called in line:
            line.remove(called)
        if not line:
            self._lines.pop(client, None)

    def _end(self) -> None:
        self._free += 1
        while self._lines and self._free:
            client, line = self._lines.popitem(last=False)
            called = line.popleft()
            if line:
                self._lines[client] = line
            if not called.cancelled():
                self._free -= 1
                called.set_result(None)
