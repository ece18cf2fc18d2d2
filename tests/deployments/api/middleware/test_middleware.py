"""Request ids, CORS and API keys."""

from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI

from deployments.api.app import create_api
from deployments.config.api_settings import ApiSettings
from tests.deployments.api.asgi import assert_error
from tests.deployments.fakes import FakeBackend

KEYS = ("first-key", "second-key")


@pytest.fixture
def guarded(backend: FakeBackend, settings: ApiSettings) -> FastAPI:
    return create_api(backend, replace(settings, api_keys=KEYS, cors_origins=("https://page.test",)))


@pytest.mark.parametrize("given", ["mine-1", "A.b_c-9", "x" * 128])
async def test_a_request_keeps_its_id(client: httpx.AsyncClient, given: str) -> None:
    response = await client.get("/", headers={"X-Request-ID": given})
    assert response.headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "two words", "x" * 129, "<script>", "é"])
async def test_an_odd_id_is_replaced(client: httpx.AsyncClient, given: str) -> None:
    response = await client.get("/", headers=[(b"X-Request-ID", given.encode())])
    assert len(response.headers["X-Request-ID"]) == 32


async def test_two_requests_have_two_ids(client: httpx.AsyncClient) -> None:
    ids = {(await client.get("/")).headers["X-Request-ID"] for _ in range(2)}
    assert len(ids) == 2


async def test_pages_of_any_origin_may_ask_and_read_the_headers(client: httpx.AsyncClient) -> None:
    # When
    asked = await client.options(
        "/api/v1/inpaint",
        headers={
            "Origin": "https://page.test",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type, x-api-key",
        },
    )
    answered = await client.get("/", headers={"Origin": "https://page.test"})
    # Then
    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == "*"
    assert "X-Model-Fallback" in answered.headers["access-control-expose-headers"]


async def test_only_the_origins_configured_may_ask(guarded: FastAPI) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(guarded), base_url="http://service.test") as client:
        good = await client.get("/", headers={"Origin": "https://page.test"})
        bad = await client.get("/", headers={"Origin": "https://other.test"})
        refused = await client.get("/api/v1/tasks", headers={"Origin": "https://page.test"})
    assert good.headers["access-control-allow-origin"] == "https://page.test"
    assert "access-control-allow-origin" not in bad.headers
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == "https://page.test"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"X-API-Key": "second-key"}, 200),
        ({"Authorization": "Bearer first-key"}, 200),
        ({"Authorization": "bearer  first-key"}, 200),
        ({"Authorization": "Basic first-key"}, 401),
        ({"Authorization": "first-key"}, 401),
        ({"X-API-Key": "first-ke"}, 401),
        ({"X-API-Key": "first-key2"}, 401),
        ({"X-API-Key": ""}, 401),
        ({"X-API-Key": "schlüssel".encode()}, 401),
    ],
)
async def test_a_key_opens_the_service(guarded: FastAPI, headers: dict[str, str], status: int) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(guarded), base_url="http://service.test") as client:
        response = await client.get("/api/v1/tasks", headers=headers)
    assert response.status_code == status
    if status == 401:
        assert_error(response, 401, "unauthorized")
        assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/", "/docs", "/redoc", "/openapi.json", "/api/v1/health"])
async def test_some_places_need_no_key(guarded: FastAPI, path: str) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(guarded), base_url="http://service.test") as client:
        assert (await client.get(path)).status_code == 200


@pytest.mark.parametrize(
    "path", ["/metrics", "/api/v1/healthy", "/api/v1/model", "/nothing", "/docsx", "//api/v1/tasks"]
)
async def test_all_others_do(guarded: FastAPI, path: str) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(guarded), base_url="http://service.test") as client:
        assert (await client.get("http://service.test" + path)).status_code == 401
