"""What goes wrong between a client and the service, on demand."""

from collections.abc import MutableSequence
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deployments.api.errors import error_response, request_id_of


@dataclass
class Fault:
    """Befalls the next `times` requests to paths that end with `path`.

    With a `status` they are answered with the error `code` (and `retry_after` seconds, if given) and never get through.
    Without, they get through, and the connection breaks when `after` messages of the answer have been sent: an HTTP
    answer ends in the middle, a WebSocket is closed with `close`.
    """

    path: str
    times: int = 1
    status: int = 0
    code: str = "queue_full"
    retry_after: float | None = None
    after: int = 0
    close: int = 1012


class Broken(Exception):
    """The connection is gone: nothing more can be sent on it."""


class Faults:
    def __init__(self, app: ASGIApp, faults: MutableSequence[Fault]) -> None:
        self.app = app
        self.faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self._next(scope)
        if fault is None:
            await self.app(scope, receive, send)
        elif fault.status:
            headers = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
            answer = error_response(fault.status, fault.code, "as a test wants it", request_id_of(scope), {}, headers)
            await answer(scope, receive, send)
        else:
            await self._broken(fault, scope, receive, send)

    def _next(self, scope: Scope) -> Fault | None:
        if scope["type"] not in ("http", "websocket"):
            return None
        for fault in self.faults:
            if fault.times and scope["path"].endswith(fault.path):
                fault.times -= 1
                return fault
        return None

    async def _broken(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        left = fault.after

        async def send_some(message: Message) -> None:
            nonlocal left
            body: Any = message.get("body") or message.get("text")
            if body and not left:
                if scope["type"] == "http":
                    raise Broken  # the server cuts the connection, because the answer is unfinished
                await send({"type": "websocket.close", "code": fault.close})
                raise OSError("closed")
            left -= bool(body)
            await send(message)

        await self.app(scope, receive, send_some)
