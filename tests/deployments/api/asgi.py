"""How tests call the HTTP layer and look at its answers."""

import json
from typing import Any

import httpx


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
        self.gone: Any = None
        self.sent: list[Any] = []
        self.scope = {
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
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def answer(self) -> Any:
        return json.loads(b"".join(message.get("body", b"") for message in self.sent[1:]))
