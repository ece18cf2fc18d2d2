"""What stands in the processes of Serve, before Serve itself."""

from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from deployments.api.admission.desk import Desk
from deployments.gateway.front import middleware
from tests.deployments.api.asgi import Client


class ServesProxy:
    """Its answer while no application is there, or that of an application."""

    def __init__(self, status: int = 404, content_type: str = "text/plain; charset=utf-8") -> None:
        self.status = status
        self.content_type = content_type
        self.asked: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.append(scope)
        headers = [[b"content-type", self.content_type.encode()]]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"Path '/x' not found."})


def in_front_of(app: ASGIApp) -> ASGIApp:
    for layer in middleware():
        app = layer.cls(app, *layer.args, **layer.kwargs)
    return app


async def answered(app: ASGIApp, path: str = "/api/v1/task-status/x", **headers: str) -> tuple[Client, dict[str, str]]:
    client = Client(path, [b""])
    client.scope["method"] = headers.pop("method", "GET")
    client.scope["headers"] += [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    await app(client.scope, client.receive, client.send)
    return client, {name.decode().lower(): value.decode() for name, value in client.sent[0]["headers"]}


async def test_before_the_application_is_there_the_answer_is_that_it_starts() -> None:
    client, headers = await answered(in_front_of(ServesProxy()), origin="https://site.test", x_request_id="r-1")
    assert (client.status, client.answer["error"]) == (503, "starting")
    assert int(headers["retry-after"]) >= 1
    assert headers["access-control-allow-origin"] == "*"
    assert headers["x-request-id"] == client.answer["request_id"] == "r-1"


@pytest.mark.parametrize(("status", "content_type"), [(404, "application/json"), (200, "text/plain")])
async def test_what_the_application_says_is_passed_on(status: int, content_type: str) -> None:
    client, _ = await answered(in_front_of(ServesProxy(status, content_type)))
    assert client.status == status
    assert client.sent[1]["body"] == b"Path '/x' not found."


async def test_the_request_id_is_the_same_behind_it() -> None:
    serve = ServesProxy(200)
    _, headers = await answered(in_front_of(serve), x_request_id="not one of ours!")
    passed_on = dict(serve.asked[0]["headers"])[b"x-request-id"].decode()
    assert headers["x-request-id"] == passed_on != "not one of ours!"


async def test_with_keys_nobody_without_one_takes_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IOPAINT_API_KEYS", "shop:secret")
    serve = ServesProxy(200)
    app = in_front_of(serve)
    work: Any = {"path": "/api/v1/inpaint", "method": "POST", "content_length": "5"}
    refused, headers = await answered(app, **work)
    assert (refused.status, headers["www-authenticate"], serve.asked) == (401, "Bearer", [])
    let_in, _ = await answered(app, **work, x_api_key="secret")
    assert let_in.status == 200


async def test_a_client_that_is_refused_may_finish_what_it_says() -> None:
    # Given
    client = Client("/api/v1/inpaint", [bytes(10)] * 5)
    client.scope["headers"].append((b"content-length", b"100000000000"))
    # When
    await in_front_of(ServesProxy())(client.scope, client.receive, client.send)
    # Then
    assert (client.status, client.taken_before_answer, client.taken) == (413, 0, 5)


async def test_its_bounds_are_those_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_WAITING", "3")
    monkeypatch.setenv("MAX_HELD_BYTES", str(2**21))
    monkeypatch.setenv("CLIENT_SHARE", "0.5")
    (desk,) = [desk for layer in middleware() if isinstance(desk := layer.kwargs.get("desk"), Desk)]
    assert desk.synchronous.bounds.places == 3
    assert desk.synchronous.bounds.held_bytes + desk.submissions.bounds.held_bytes == 2**21
    assert desk.synchronous.bounds.client_share == 0.5
