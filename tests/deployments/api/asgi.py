"""How tests call the HTTP layer and look at its answers."""

import asyncio
import json
from types import TracebackType
from typing import Any, Self

import httpx
from fastapi import FastAPI
from jsonschema import Draft202012Validator

from deployments.api.live.protocol import FROM_SERVER


def assert_error(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The one shape; gives it back."""
    assert response.status_code == status, response.text
    body: dict[str, Any] = response.json()
    assert list(body) == ["error", "message", "detail", "details", "timestamp", "request_id"]
    assert body["error"] == code
    assert body["message"] == body["detail"] != ""
    assert body["request_id"] == response.headers["X-Request-ID"]
    return body


class Client:
    """An ASGI client of which a test holds the other end: it sends parts of a body, hangs up, counts what was read."""

    def __init__(self, path: str, chunks: list[bytes], content_type: str = "application/json") -> None:
        self.chunks = chunks
        self.taken = 0
        self.taken_before_answer = 0
        self.gone = asyncio.Event()
        self.news = asyncio.Event()
        self.sent: list[Any] = []
        self.scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(b"host", b"service.test"), (b"content-type", content_type.encode())],
            "server": ("service.test", 80),
            "client": ("127.0.0.1", 1),
        }

    async def receive(self) -> dict[str, Any]:
        if self.taken < len(self.chunks):
            self.taken += 1
            more = self.taken < len(self.chunks)
            return {"type": "http.request", "body": self.chunks[self.taken - 1], "more_body": more}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if not self.sent:
            self.taken_before_answer = self.taken
        self.sent.append(message)
        self.news.set()

    async def until_sent(self, body: bytes) -> None:
        async with asyncio.timeout(10):
            while body not in [message.get("body") for message in self.sent]:
                self.news.clear()
                await self.news.wait()

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def answer(self) -> Any:
        return json.loads(b"".join(message.get("body", b"") for message in self.sent[1:]))


class Socket:
    """A WebSocket client in the test's own event loop. Leaving it drops the connection and awaits the server's end."""

    def __init__(self, app: FastAPI, path: str, query: str = "") -> None:
        self._app = app
        self._to_server: asyncio.Queue[Any] = asyncio.Queue()
        self._to_client: asyncio.Queue[Any] = asyncio.Queue()
        self._scope: dict[str, Any] = {
            "type": "websocket",
            "asgi": {"version": "3.0"},
            "scheme": "ws",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(b"host", b"service.test")],
            "subprotocols": [],
        }
        self.reading = asyncio.Event()
        self.reading.set()

    async def __aenter__(self) -> Self:
        self._to_server.put_nowait({"type": "websocket.connect"})
        self.server = asyncio.create_task(self._app(self._scope, self._to_server.get, self._send))
        assert (await self._next())["type"] == "websocket.accept"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.reading.set()
        self._to_server.put_nowait({"type": "websocket.disconnect", "code": 1005})
        await self.server

    async def say(self, message: Any) -> None:
        """A str goes as it is, anything else as JSON."""
        text = message if isinstance(message, str) else json.dumps(message)
        await self._to_server.put({"type": "websocket.receive", "text": text})

    async def say_bytes(self, content: bytes) -> None:
        await self._to_server.put({"type": "websocket.receive", "bytes": content})

    async def hear(self) -> dict[str, Any]:
        """The next message, which is as the AsyncAPI document says."""
        message = await self._next()
        assert message["type"] == "websocket.send", message
        heard: dict[str, Any] = json.loads(message["text"])
        Draft202012Validator(FROM_SERVER[heard["type"]]["payload"]).validate(heard)
        return heard

    async def hear_type(self, kind: str) -> dict[str, Any]:
        heard = await self.hear()
        assert heard["type"] == kind, heard
        return heard

    async def hear_nothing_before_pong(self) -> None:
        """Whatever was due would have come before the answer to a ping."""
        for _ in range(3):
            await asyncio.sleep(0)
        await self.say({"type": "ping", "timestamp": "now"})
        await self.hear_type("pong")

    async def hear_close(self) -> int:
        message = await self._next()
        assert message["type"] == "websocket.close", message
        return int(message["code"])

    async def _next(self) -> Any:
        async with asyncio.timeout(10):
            return await self._to_client.get()

    async def _send(self, message: Any) -> None:
        await self.reading.wait()
        self._to_client.put_nowait(message)
