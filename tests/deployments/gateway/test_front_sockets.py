"""The front on a real server and real sockets: what clients get that send and read as they like."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from deployments.api.admission import visit
from deployments.api.admission.desk import Desk
from deployments.gateway.front import middleware

ANSWER_BYTES = 20 * 2**20


async def echo_of_length(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads all, as Serve's proxy does, and answers with much."""
    while (await receive()).get("more_body", False):
        pass
    headers = [(b"content-type", b"image/png"), (b"content-length", str(ANSWER_BYTES).encode())]
    with contextlib.suppress(visit.SlowReader):
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": bytes(ANSWER_BYTES)})


class Front:
    def __init__(self) -> None:
        self.app: ASGIApp = echo_of_length
        for layer in middleware():
            if isinstance(desk := layer.kwargs.get("desk"), Desk):
                self.desk = desk
            self.app = layer.cls(self.app, *layer.args, **layer.kwargs)
        listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = listener.getsockname()[1]
        self._listener = listener
        self._server = uvicorn.Server(uvicorn.Config(self.app, lifespan="off", log_level="critical", ws="none"))

    async def __aenter__(self) -> "Front":
        self._running = asyncio.create_task(self._server._serve(sockets=[self._listener]))
        while not self._server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        return self

    async def __aexit__(self, *_: Any) -> None:
        self._server.should_exit = self._server.force_exit = True
        await self._running

    async def connect(self, *headers: str, limit: int = 2**16) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=limit)
        head = "\r\n".join(("POST /api/v1/inpaint HTTP/1.1", "host: service", *headers))
        writer.write(head.encode() + b"\r\n\r\n")
        return reader, writer


@pytest.fixture
async def front() -> AsyncIterator[Front]:
    async with Front() as front:
        yield front


@pytest.mark.parametrize("connection", ["close", "keep-alive"])
async def test_who_is_refused_hears_it_although_it_sends_all_it_has_first(front: Front, connection: str) -> None:
    # Given: no place is left
    for number in range(front.desk.synchronous.bounds.places):
        front.desk.synchronous.enter(str(number), 0)
    # When
    reader, writer = await front.connect(f"content-length: {30 * 2**20}", f"connection: {connection}")
    for _ in range(30):
        writer.write(bytes(2**20))
        await writer.drain()
    # Then
    assert (await reader.readline()) == b"HTTP/1.1 429 Too Many Requests\r\n"
    writer.close()


async def test_who_waits_to_be_told_to_go_on_is_refused_without_sending(front: Front) -> None:
    front.desk.close()
    reader, writer = await front.connect("content-length: 10000000", "expect: 100-continue")
    assert (await reader.readline()).startswith(b"HTTP/1.1 503 ")
    writer.close()


async def test_a_body_whose_end_nobody_knows_is_cut_at_the_bound_of_bytes(front: Front) -> None:
    # Given: little room is left
    bounds = front.desk.synchronous.bounds
    front.desk.synchronous.enter("other", bounds.held_bytes - 2**20)
    reader, writer = await front.connect("transfer-encoding: chunked")
    # When
    for _ in range(8):
        writer.write(b"100000\r\n" + bytes(2**20) + b"\r\n")
        await writer.drain()
    writer.write(b"0\r\n\r\n")
    # Then
    assert (await reader.readline()).startswith(b"HTTP/1.1 429 ")
    assert front.desk.synchronous.visits == 1
    writer.close()


async def test_who_reads_gets_it_all_and_who_does_not_is_cut_off(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given
    monkeypatch.setattr(visit, "PATIENCE_S", 0.3)
    monkeypatch.setattr(visit, "MIN_BYTES_PER_S", 2**30)
    # When
    reader, writer = await front.connect("content-length: 0", "connection: close")
    answer = await reader.read(-1)
    writer.close()
    # Then
    assert len(answer.partition(b"\r\n\r\n")[2]) == ANSWER_BYTES
    # When
    _, stuck = await front.connect("content-length: 0", limit=1)
    async with asyncio.timeout(30):
        while not front.desk.synchronous.held_bytes:  # noqa: ASYNC110 - the ledger has no event for it
            await asyncio.sleep(0.01)
        await front.desk.synchronous.empty.wait()
    stuck.close()
