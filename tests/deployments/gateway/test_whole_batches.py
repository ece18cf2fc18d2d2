"""A batch through everything but Ray: HTTP, gateway, tracker, stores, pipeline and a model; messages are pickled."""

import asyncio
import io
import json
import pickle
import zipfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from deployments.api.app import create_api
from deployments.batch.worker import Nobody
from deployments.config.settings import AppConfig, Environment, ModelConfig, resolve
from deployments.gateway.tasks import GatewayTasks
from deployments.inference.inpainter import Inpainter
from deployments.messages.task import TaskRecord
from deployments.pipeline.eraser import Eraser
from deployments.tracking.replica import TrackerHost
from tests.deployments.fakes import FakeBackend
from tests.pictures import decoded, encoded, outside, photo

PIXELS = photo(120, 90)
REGIONS = [{"x": 10, "y": 10, "width": 30, "height": 20}]
BROKEN = (3, 7)


class NearEraser:
    """As `RemoteEraser`."""

    def __init__(self, eraser: Eraser) -> None:
        self._eraser = eraser

    def run_task(self, record: TaskRecord) -> AsyncGenerator[Any]:
        return self._eraser.run_task(record.task_id, record.digest, record.attempt)


class NearTracker:
    """As `RemoteTracker`."""

    def __init__(self, host: TrackerHost) -> None:
        self._host = host

    async def ask(self, verb: Callable[..., Any], *arguments: Any) -> Any:
        told = await self._host.ask(verb.__name__, *pickle.loads(pickle.dumps(arguments)))
        return pickle.loads(pickle.dumps(told))


@pytest.fixture
async def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setenv("IOPAINT_DATA_DIR", str(tmp_path))
    model = ModelConfig(name="cv2")
    settings = resolve(AppConfig(model="cv2", models=(model,)), Environment.read())
    inpainter = Inpainter(model, settings, Nobody())
    host = TrackerHost(settings, NearEraser(Eraser(settings, {"cv2": inpainter})))  # type: ignore[arg-type]
    backend = FakeBackend()
    backend.tasks = GatewayTasks(settings, NearTracker(host))  # type: ignore[assignment, arg-type]
    transport = httpx.ASGITransport(create_api(backend, settings.api))
    async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as client:
        yield client
    await host.stop()
    await inpainter.close()


async def test_a_zip_of_pictures_comes_back_as_a_zip_of_results(client: httpx.AsyncClient) -> None:
    # Given
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for index in range(12):
            archive.writestr(f"page/{index}.png", b"broken" if index in BROKEN else encoded(PIXELS))
    query = {"batch_id": "mine", "regions": json.dumps(REGIONS)}
    request: dict[str, Any] = {
        "params": query,
        "content": packed.getvalue(),
        "headers": {"Content-Type": "application/zip"},
    }
    # When
    started = await client.post("/api/v1/inpaint-batch", **request)
    assert started.status_code == 202, started.text
    while (state := (await client.get("/api/v1/batches/mine")).json())["status"] != "completed":  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    results = (await client.get("/api/v1/batches/mine/results")).content
    again = await client.post("/api/v1/inpaint-batch", **request)
    other = await client.post("/api/v1/inpaint-batch", **(request | {"params": query | {"dilation": 1}}))
    # Then
    assert (state["completed"], state["error"]) == (10, 2)
    assert (again.status_code, again.json(), other.status_code) == (202, state, 409)
    keep = outside(PIXELS.shape, REGIONS)
    with zipfile.ZipFile(io.BytesIO(results)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        files = [item["file"] for item in manifest["items"] if item["file"]]
        assert len(files) == len(archive.namelist()) - 1 == 10
        for file in files:
            assert np.array_equal(decoded(archive.read(file))[keep], PIXELS[keep])
    assert [item["name"] for item in manifest["items"] if item["field"] == "image"] == ["page/3.png", "page/7.png"]
