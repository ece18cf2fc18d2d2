"""The HTTP layer over a fake backend, called in process."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from deployments.api.app import create_api
from deployments.config.api_settings import ApiSettings
from models import registry
from tests.deployments.fakes import ADMISSION, FakeBackend

SETTINGS = ApiSettings(
    version="1.2.3",
    default_model="lama",
    fallback_model="cv2",
    models=(registry.facts("lama"), registry.facts("cv2")),
    device="cpu",
    max_image_size=2048,
    max_file_size_bytes=100_000,
    max_image_pixels=1_000_000,
    request_timeout_s=30.0,
    admission=ADMISSION,
)


@pytest.fixture
def backend(settings: ApiSettings) -> FakeBackend:
    return FakeBackend(settings.admission)


@pytest.fixture
def settings() -> ApiSettings:
    return SETTINGS


@pytest.fixture
def app(backend: FakeBackend, settings: ApiSettings) -> FastAPI:
    return create_api(backend, settings)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as client:
        yield client
