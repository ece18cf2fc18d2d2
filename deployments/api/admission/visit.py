"""One admitted request: its bytes are counted as they come, and must not come or go too slowly."""

import asyncio
import time
from collections.abc import Callable
from contextvars import ContextVar

from starlette.types import Message, Receive, Send

from deployments.api.admission.ledger import Place
from deployments.errors import QueueFull, SlowBody
from models.errors import ImageTooLarge, TextRemovalError

PATIENCE_S = 20.0
MIN_BYTES_PER_S = 8192
"""How slow a client may be: so long, and a second more for so many bytes. It is the rule of Apache's mod_reqtimeout,
whose default for bodies is 20 s and 500 bytes."""

PIECE_BYTES = 128 * 1024
"""How much of an answer is handed to the connection at once: the less, the sooner it shows that nobody reads."""

PLACE: ContextVar[Place | None] = ContextVar("place", default=None)
"""Of the request that is being answered: whoever makes more of its body than came over the wire counts it here."""

HANG_UP: Message = {"type": "http.disconnect"}


class SlowReader(ConnectionError):
    """The client does not take its answer; nothing can be said to it any more."""


class Incoming:
    """The body of a request that has a place. What comes over the bounds looks to the application like a hang-up, and
    `refusal` says what it was."""

    def __init__(
        self, receive: Receive, place: Place, limit_bytes: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._receive = receive
        self._place = place
        self._limit_bytes = limit_bytes
        self._clock = clock
        self._started = clock()
        self._size = 0
        self._ended = False
        self.refusal: TextRemovalError | None = None

    async def __call__(self) -> Message:
        if self.refusal is not None:
            return HANG_UP
        try:
            message = await self._next()
        except (QueueFull, ImageTooLarge, SlowBody) as error:
            self.refusal = error
            return HANG_UP
        return message

    async def _next(self) -> Message:
        if self._ended:
            return await self._receive()
        until = self._started + PATIENCE_S + self._size / MIN_BYTES_PER_S
        try:
            async with asyncio.timeout(max(0.0, until - self._clock())):
                message = await self._receive()
        except TimeoutError:
            raise SlowBody(f"{self._size} bytes of the body came in {self._clock() - self._started:.0f} s") from None
        self._ended = message["type"] != "http.request" or not message.get("more_body", False)
        self._size += len(message.get("body", b""))
        if self._size > self._limit_bytes:
            raise ImageTooLarge(
                f"the body is over the limit of {self._limit_bytes} bytes", limit_bytes=self._limit_bytes
            )
        self._place.hold(self._size)
        return message


class Outgoing:
    """An answer in pieces, each of which must be taken in time. The last piece is an empty one: it is sent when those
    before it have left, so that its bytes are held for as long as they take memory."""

    def __init__(self, send: Send) -> None:
        self._send = send

    async def __call__(self, message: Message) -> None:
        body = message.get("body", b"")
        if message["type"] != "http.response.body" or len(body) <= PIECE_BYTES:
            return await self._within(message)
        view = memoryview(body)
        for start in range(0, len(body), PIECE_BYTES):
            piece = bytes(view[start : start + PIECE_BYTES])
            await self._within({"type": "http.response.body", "body": piece, "more_body": True})
        if not message.get("more_body", False):
            await self._within({"type": "http.response.body", "body": b"", "more_body": False})
        return None

    async def _within(self, message: Message) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S + PIECE_BYTES / MIN_BYTES_PER_S):
                await self._send(message)
        except TimeoutError:
            raise SlowReader("the client does not read its answer") from None
