"""Links behind a reverse proxy."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from deployments.api.app import create_api
from deployments.config.api_settings import ApiSettings
from tests.deployments.api.asgi import Socket
from tests.deployments.api.routes.test_task_routes import BODY
from tests.deployments.fakes import FakeBackend

OUTSIDE = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "erase.test", "X-Forwarded-Prefix": "/tools/erase/"}


async def accepted(app: FastAPI, headers: dict[str, str], path: str = "/api/v1", peer: str = "10.1.2.3") -> Any:
    transport = httpx.ASGITransport(app, client=(peer, 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://inside.test") as client:
        response = await client.post(f"{path}/inpaint-regions-async", json=BODY | {"task_id": "t"}, headers=headers)
    assert response.status_code == 202, response.text
    return response.json()


@pytest.mark.parametrize("path", ["/api/v1", "/tools/erase/api/v1"])
@pytest.mark.parametrize("trusted", [("10.0.0.0/8",), ("10.1.2.3",), ("*",)])
async def test_links_lead_through_the_proxy_whether_it_strips_the_prefix_or_not(
    backend: FakeBackend, settings: ApiSettings, trusted: tuple[str, ...], path: str
) -> None:
    body = await accepted(create_api(backend, replace(settings, trusted_proxies=trusted)), OUTSIDE, path)

    assert body["websocket_url"] == "wss://erase.test/tools/erase/ws/progress/t"
    assert body["status_url"] == "/tools/erase/api/v1/task-status/t"
    assert body["result_url"] == "/tools/erase/api/v1/task-result/t"


@pytest.mark.parametrize("trusted", [(), ("127.0.0.1",), ("10.1.2.4",)])
async def test_a_stranger_is_not_believed(
    backend: FakeBackend, settings: ApiSettings, trusted: tuple[str, ...]
) -> None:
    body = await accepted(create_api(backend, replace(settings, trusted_proxies=trusted)), OUTSIDE)

    assert body["websocket_url"] == "ws://inside.test/ws/progress/t"
    assert body["status_url"] == "/api/v1/task-status/t"


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-Prefix": "//evil.test", "X-Forwarded-Host": "a b", "X-Forwarded-Proto": "javascript"},
        {"X-Forwarded-Prefix": "/<script>", "X-Forwarded-Host": "a/b", "X-Forwarded-Proto": ""},
        {"X-Forwarded-Prefix": "/", "X-Forwarded-Host": "", "X-Forwarded-Proto": "ftp"},
    ],
)
async def test_what_cannot_be_a_prefix_host_or_scheme_is_passed_over(
    backend: FakeBackend, settings: ApiSettings, headers: dict[str, str]
) -> None:
    body = await accepted(create_api(backend, replace(settings, trusted_proxies=("*",))), headers)

    assert body["websocket_url"] == "ws://inside.test/ws/progress/t"


@pytest.mark.parametrize("path", ["/api/v1", "/erase/api/v1"])
async def test_the_prefix_can_be_configured(backend: FakeBackend, settings: ApiSettings, path: str) -> None:
    body = await accepted(create_api(backend, replace(settings, root_path="/erase")), {}, path)

    assert body["status_url"] == "/erase/api/v1/task-status/t"


async def test_the_documentation_loads_its_parts_below_the_prefix(backend: FakeBackend, settings: ApiSettings) -> None:
    app = create_api(backend, replace(settings, trusted_proxies=("*",)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://inside.test") as client:
        page = await client.get("/docs", headers=OUTSIDE)
        document = await client.get("/openapi.json", headers=OUTSIDE)

    assert '"/tools/erase/openapi.json"' in page.text.replace("'", '"')
    assert document.json()["servers"][0]["url"] == "/tools/erase"


async def test_a_socket_of_a_path_below_the_prefix_is_served(backend: FakeBackend, settings: ApiSettings) -> None:
    backend.tasks.add("t")
    app = create_api(backend, replace(settings, root_path="/erase"))

    async with Socket(app, "/erase/ws/progress/t/") as socket:
        assert (await socket.hear_type("connection_established"))["task_id"] == "t"
