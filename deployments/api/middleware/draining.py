"""Early answers arrive: what a client still sends is read to its end, within bounds, before the connection closes."""

import asyncio
import time

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BYTES = 2**28
MAX_S = 30.0
MAX_PAUSE_S = 5.0
"""How long, and how long without a byte. The seconds are nginx's defaults: lingering_time and lingering_timeout."""


class Draining:
    """Reads the rest of a body that the application has not read, after its answer and before the answer's end.

    A server that closes a connection with unread bytes on it resets it, and the client, still sending, never sees the
    answer. So the answer goes out at once, whole but not ended, and the end follows when the client has sent its all,
    or MAX_BYTES more, or after MAX_S, or after a pause of MAX_PAUSE_S.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _has_body(Headers(scope=scope)):
            return await self.app(scope, receive, send)
        ended = False

        async def watched_receive() -> Message:
            nonlocal ended
            message = await receive()
            ended = ended or message["type"] != "http.request" or not message.get("more_body", False)
            return message

        async def lingering_send(message: Message) -> None:
            last = message["type"] == "http.response.body" and not message.get("more_body", False)
            if last and not ended:
                await send({**message, "more_body": True})
                await _drain(watched_receive)
                message = {"type": "http.response.body", "body": b"", "more_body": False}
            await send(message)

        return await self.app(scope, watched_receive, lingering_send)


async def _drain(receive: Receive) -> None:
    until, size = time.monotonic() + MAX_S, 0
    while size < MAX_BYTES and (left_s := until - time.monotonic()) > 0:
        try:
            async with asyncio.timeout(min(left_s, MAX_PAUSE_S)):
                message = await receive()
        except TimeoutError:
            return
        size += len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body", False):
            return


def _has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
