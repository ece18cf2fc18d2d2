"""What the service says about itself."""

import asyncio
from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI

from deployments.api.app import create_api
from deployments.api.ports import ServiceHealth
from deployments.api.routes import service
from deployments.config.api_settings import ApiSettings
from deployments.messages.jobs import ModelState, ModelStatus
from models import registry
from models.base import ModelFacts
from tests.deployments.fakes import FakeBackend


async def test_the_root_leads_to_the_rest(client: httpx.AsyncClient) -> None:
    body = (await client.get("/")).json()
    assert (body["name"], body["version"], body["status"]) == ("text-removal-service", "1.2.3", "running")
    assert {"docs", "health", "ui"} <= set(body["links"])


async def test_a_healthy_service_says_so(client: httpx.AsyncClient) -> None:
    # When
    response = await client.get("/api/v1/health")
    # Then
    body = response.json()
    assert response.status_code == 200
    assert list(body) == ["status", "message", "timestamp", "version", "degraded", "reasons", "diagnostics"]
    assert (body["status"], body["degraded"], body["reasons"]) == ("healthy", False, [])


async def test_a_degraded_service_is_healthy_and_says_why(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    # Given
    backend.state = ServiceHealth(True, True, ("model lama is error: no weights",), {"tracker": "reachable"})
    # When
    response = await client.get("/api/v1/health")
    # Then
    body = response.json()
    assert response.status_code == 200
    assert (body["status"], body["degraded"], body["reasons"]) == ("healthy", True, ["model lama is error: no weights"])
    assert body["diagnostics"] == {"tracker": "reachable"}


async def test_an_unhealthy_service_answers_503(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    # Given
    backend.state = ServiceHealth(False, False, ("model lama is loading",), {})
    # When
    response = await client.get("/api/v1/health")
    # Then
    assert (response.status_code, response.json()["status"]) == (503, "unhealthy")


async def test_a_backend_that_fails_is_unhealthy_not_an_error(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    # Given
    backend.error = RuntimeError("gone")
    # When
    response = await client.get("/api/v1/health")
    # Then
    assert (response.status_code, response.json()["status"]) == (503, "unhealthy")


async def test_a_backend_that_hangs_is_unhealthy(
    client: httpx.AsyncClient, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    async def hang() -> ServiceHealth:
        await asyncio.Event().wait()
        return backend.state

    monkeypatch.setattr(backend, "health", hang)
    monkeypatch.setattr(service, "HEALTH_TIMEOUT_S", 0.02)
    # When
    response = await client.get("/api/v1/health")
    # Then
    assert (response.status_code, response.json()["status"]) == (503, "unhealthy")


async def test_the_model_is_the_one_that_answers_by_default(client: httpx.AsyncClient) -> None:
    body = (await client.get("/api/v1/model")).json()
    assert list(body) == ["name", "device", "status", "parameters"]
    assert (body["name"], body["device"], body["status"]) == ("lama", "cpu", "ready")


async def test_a_model_says_what_it_is_and_how_fast(client: httpx.AsyncClient) -> None:
    body = (await client.get("/api/v1/models")).json()
    said = {model["name"]: (model["parameters"]["summary"], model["parameters"]["speed"]) for model in body["models"]}
    assert said == {name: (registry.facts(name).summary, registry.facts(name).speed) for name in ("lama", "cv2")}


async def test_nothing_is_made_up_about_a_model_of_the_operators_own(
    backend: FakeBackend, settings: ApiSettings
) -> None:
    # Given
    app = create_api(backend, replace(settings, models=(ModelFacts("lama", "own:load"),)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service.test") as client:
        # When
        body = (await client.get("/api/v1/models/lama")).json()
    # Then
    assert not {"summary", "speed"} & set(body["parameters"])


@pytest.mark.parametrize("state", [ModelState.ERROR, ModelState.LOADING])
async def test_under_fallback_the_model_is_the_fallback_and_says_for_whom(
    client: httpx.AsyncClient, backend: FakeBackend, state: ModelState
) -> None:
    # Given
    backend.statuses = (
        ModelStatus("lama", state, "cpu", reason="no weights"),
        ModelStatus("cv2", ModelState.READY, "cpu", replicas=1),
    )
    # When
    body = (await client.get("/api/v1/model")).json()
    # Then
    assert (body["name"], body["status"]) == ("cv2", "ready")
    assert body["parameters"]["wanted"] == "lama"
    assert body["parameters"]["reason"] == "no weights"


async def test_without_a_ready_fallback_the_wanted_model_tells_its_own_state(
    client: httpx.AsyncClient, backend: FakeBackend
) -> None:
    # Given
    backend.statuses = (ModelStatus("lama", ModelState.LOADING, "cpu", reason="downloading", download=0.5),)
    # When
    body = (await client.get("/api/v1/model")).json()
    # Then
    assert (body["name"], body["status"]) == ("lama", "loading")
    assert body["parameters"]["download"] == 0.5


async def test_a_service_that_knows_of_no_model_yet_has_not_loaded_one(
    client: httpx.AsyncClient, backend: FakeBackend
) -> None:
    backend.statuses = ()
    assert (await client.get("/api/v1/model")).json()["status"] == "not_loaded"


async def test_all_models_are_listed(client: httpx.AsyncClient) -> None:
    body = (await client.get("/api/v1/models")).json()
    assert (body["default"], body["fallback"]) == ("lama", "cv2")
    assert [model["name"] for model in body["models"]] == ["lama", "cv2"]
    assert (await client.get("/api/v1/models/cv2")).json()["name"] == "cv2"


async def test_the_limits_are_those_configured(client: httpx.AsyncClient) -> None:
    body = (await client.get("/api/v1/info")).json()
    assert body["limits"] == {
        "max_image_size": 2048,
        "max_file_size": 100_000,
        "request_timeout": 30.0,
        "max_image_pixels": 1_000_000,
        "supported_formats": ["JPEG", "PNG", "WebP", "BMP", "TIFF", "AVIF", "HEIC", "GIF"],
    }
    assert body["model"]["name"] == "lama"
    assert "remove-text" in body["capabilities"]


async def test_metrics_are_prometheus_text(client: httpx.AsyncClient) -> None:
    response = await client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert response.content == b"# TYPE up gauge\nup 1\n"


async def test_links_follow_the_place_the_service_is_mounted_at(app: FastAPI) -> None:
    transport = httpx.ASGITransport(app, root_path="/erase")
    async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as client:
        body = (await client.get("/")).json()
    assert body["links"]["docs"] == "/erase/docs"


async def test_the_page_of_metrics_is_compressed_for_who_takes_that(client: httpx.AsyncClient) -> None:
    plain = await client.get("/metrics", headers={"Accept-Encoding": "identity"})
    compressed = await client.get("/metrics", headers={"Accept-Encoding": "gzip"})

    assert "content-encoding" not in plain.headers
    assert compressed.headers["content-encoding"] == "gzip"
    assert compressed.text == plain.text
    assert "Accept-Encoding" in plain.headers["vary"]
