"""HEAD, and a slash at the end of a path."""

import httpx
import pytest
from fastapi import FastAPI

from tests.deployments.api.asgi import Socket
from tests.deployments.fakes import FakeBackend

GET_PATHS = (
    "/",
    "/docs",
    "/redoc",
    "/openapi.json",
    "/metrics",
    "/ui",
    "/api/v1/health",
    "/api/v1/info",
    "/api/v1/model",
    "/api/v1/models",
    "/api/v1/tasks",
    "/api/v1/task-status/t",
    "/api/v1/task-result/t",
    "/api/v1/tasks/t/events",
)


@pytest.mark.parametrize("path", GET_PATHS)
async def test_head_answers_as_get_does_without_a_body(
    client: httpx.AsyncClient, backend: FakeBackend, path: str
) -> None:
    backend.tasks.add("t")
    await backend.tasks.complete("t")

    got, headed = await client.get(path), await client.head(path)

    assert headed.status_code == got.status_code == 200
    assert headed.content == b""
    assert headed.headers.keys() == got.headers.keys()
    assert headed.headers.get("content-type") == got.headers.get("content-type")


async def test_head_of_an_endless_stream_ends(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    backend.tasks.add("t")

    answer = await client.head("/api/v1/tasks/t/events")

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert backend.tasks.watchers == 0


async def test_head_of_nothing_is_404(client: httpx.AsyncClient) -> None:
    assert (await client.head("/nothing")).status_code == 404


@pytest.mark.parametrize("path", GET_PATHS[1:])
async def test_a_slash_at_the_end_changes_nothing(client: httpx.AsyncClient, backend: FakeBackend, path: str) -> None:
    backend.tasks.add("t")
    await backend.tasks.complete("t")

    assert (await client.get(f"{path}/", follow_redirects=False)).status_code == 200


async def test_a_slash_at_the_end_of_a_post_keeps_its_body(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/inpaint-regions/", json={"image": "%"}, follow_redirects=False)

    assert answer.json()["error"] == "invalid_image"


@pytest.mark.parametrize("path", ["/ws/progress/", "/ws/progress/t/", "/api/v1/ws/progress/t/"])
async def test_a_slash_at_the_end_of_a_socket_changes_nothing(app: FastAPI, backend: FakeBackend, path: str) -> None:
    backend.tasks.add("t")

    async with Socket(app, path) as socket:
        await socket.hear_type("connection_established")
