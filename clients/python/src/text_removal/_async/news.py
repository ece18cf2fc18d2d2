"""News of a task, over whatever way leads to the service.

Its blocking twin in `_sync` is made of this file by `make_sync.py`.
"""

import json
import time
from collections.abc import Callable
from contextlib import aclosing
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from text_removal._async.io import AsyncEvents, AsyncSocket, open_socket, receive, sleep
from text_removal.connection import PREFIX
from text_removal.errors import ApiError, ConnectionFailed, NotFound, Unauthorized, UnknownTask, WaitTimedOut
from text_removal.errors.answers import PASSING, api_error
from text_removal.progress import Event, TaskStatus, event_of, event_of_status

if TYPE_CHECKING:
    from text_removal._async.client import AsyncClient

OPEN_S = 10.0
SILENCE_S = 45.0
"""A stream that has said nothing for so long is dead: the service says every 15 s that it is there, and a WebSocket is
pinged every 20 s."""

POLL_S = 1.0
SILENT_SOCKETS = 2
"""After so many WebSockets in a row that broke before their first word, something on the way does not like them."""


class NoWay(Exception):
    """The service is there, but this way does not lead to it."""


class Broken(Exception):
    """The connection has ended before the task has."""


class AsyncNews:
    """The events of one task after `after_seq`, in order; the last is its end. `timeout_s` None: no limit."""

    def __init__(self, client: "AsyncClient", task_id: str, after_seq: int, timeout_s: float | None) -> None:
        self._client = client
        self._task_id = quote(task_id, safe="")
        self._seq = after_seq
        self._deadline = None if timeout_s is None else time.monotonic() + timeout_s
        self._heard_at = time.monotonic()
        self._silent_sockets = 0

    async def events(self) -> AsyncEvents:
        """Raises: UnknownTask, Unauthorized, WaitTimedOut; ConnectionFailed when nothing was heard for all patience."""
        ways = [self._by_socket, self._by_stream, self._by_polling]
        if not self._client.has_sockets:
            del ways[0]
        failures = 0
        while True:
            try:
                async with aclosing(self._new_ones(ways[0])) as news:
                    async for event in news:
                        failures = 0
                        yield event
                        if event.final:
                            return
            except WaitTimedOut:
                raise
            except NoWay:
                del ways[0]
                continue
            except (Broken, OSError, ConnectionClosed, httpx.TransportError) as error:
                failures += 1
                await self._pause(failures, error)
            if self._silent_sockets >= SILENT_SOCKETS:
                self._silent_sockets = 0
                del ways[0]

    async def _new_ones(self, way: Callable[[], AsyncEvents]) -> AsyncEvents:
        async with aclosing(way()) as events:
            async for event in events:
                self._heard_at = time.monotonic()
                if event.seq > self._seq or event.final:
                    self._seq = max(self._seq, event.seq)
                    yield event

    async def _pause(self, failures: int, error: Exception) -> None:
        patience = self._client.patience
        pause_s = patience.pause_s(failures)
        if patience.attempts == 1 or time.monotonic() + pause_s > self._heard_at + patience.total_s:
            raise ConnectionFailed(f"nothing was heard of task {self._task_id} any more: {error}") from error
        await sleep(self._at_most(pause_s))

    async def _by_socket(self) -> AsyncEvents:
        address = self._client.address
        try:
            connecting = open_socket(
                address.socket(self._task_id, self._seq),
                additional_headers=address.headers,
                open_timeout=self._at_most(OPEN_S),
            )
            async with connecting as socket:
                self._silent_sockets += 1
                while True:
                    message = await self._heard(socket)
                    self._silent_sockets = 0
                    if event := event_of(json.loads(message)):
                        yield event
        except InvalidStatus as error:
            status = error.response.status_code
            if status == 401:
                raise api_error(status, {"error": Unauthorized.code}, error.response.headers) from None
            if status in PASSING:
                raise Broken(f"HTTP {status}") from None
            raise NoWay from error
        except InvalidHandshake as error:
            raise NoWay from error

    async def _heard(self, socket: AsyncSocket) -> str | bytes:
        try:
            return await receive(socket, self._left_s())
        except TimeoutError:
            raise self._too_late() from None
        except ConnectionClosed as error:
            code = error.rcvd.code if error.rcvd else 1006
            if code == 4404:
                raise UnknownTask(f"no task {self._task_id} is known", status=404) from None
            if code in (4401, 4403):
                raise Unauthorized("the API key is missing or unknown", status=401) from None
            raise Broken(f"the WebSocket was closed ({code})") from error

    async def _by_stream(self) -> AsyncEvents:
        headers = {} if self._seq < 0 else {"Last-Event-ID": str(self._seq)}
        path = f"{PREFIX}/tasks/{self._task_id}/events"
        timeout = httpx.Timeout(self._at_most(SILENCE_S), connect=self._at_most(OPEN_S))
        async with self._client.http.stream("GET", path, headers=headers, timeout=timeout) as response:
            if not response.is_success:
                error = api_error(response.status_code, _json(await response.aread()), response.headers)
                if error.retryable:
                    raise Broken(str(error))
                if type(error) in (ApiError, NotFound):
                    raise NoWay from error
                raise error
            if not response.headers.get("content-type", "").startswith("text/event-stream"):
                raise NoWay
            async for line in response.aiter_lines():
                if line.startswith("data:") and (event := event_of(json.loads(line.removeprefix("data:")))):
                    yield event
                self._at_most(0)
        raise Broken("the stream of events has ended")

    async def _by_polling(self) -> AsyncEvents:
        """No seq is told here: every change that is seen counts as one."""
        last: Event | None = None
        while True:
            answer = await self._client.request("GET", f"{PREFIX}/task-status/{self._task_id}")
            event = event_of_status(TaskStatus.from_wire(answer.json()), self._seq + 1)
            if last is None or _moment(event) != _moment(last):
                last = event
                yield event
            await sleep(self._at_most(POLL_S))

    def _left_s(self) -> float | None:
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def _at_most(self, seconds: float) -> float:
        """No longer than there is time. Raises: WaitTimedOut if there is none."""
        left_s = self._left_s()
        if left_s == 0:
            raise self._too_late()
        return seconds if left_s is None else min(seconds, left_s)

    def _too_late(self) -> WaitTimedOut:
        return WaitTimedOut(f"task {self._task_id} has not ended in time")


def _moment(event: Event) -> tuple[object, ...]:
    return (event.status, event.stage, event.overall_progress, event.stage_progress, event.message)


def _json(content: bytes) -> object:
    try:
        return json.loads(content)
    except ValueError:
        return None
