"""Admission, deadlines and snapshots of the ingress, without Serve."""

import asyncio
import time
from typing import Any

import httpx
import pytest

from deployments.api.schema.examples import IMAGE, RECTANGLE
from deployments.config.settings import AppConfig, Environment, resolve
from deployments.errors import DeadlineExceeded, ReplicaLost
from deployments.gateway.gateway import Gateway
from deployments.messages.jobs import Erased, ErasedInfo, EraseJob, Job, ModelState, ModelStatus
from deployments.messages.status import TrackerStatus

ERASED = Erased(b"", ErasedInfo("image/png", "lama", 1, 1, 1, 1))


class Eraser:
    """Answers when it is let go."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.working = asyncio.Event()
        self.cancelled = 0

    async def run(self, job: Job[Any]) -> Erased:
        self.working.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return ERASED


class Tracker:
    def __init__(self) -> None:
        self.asked = 0
        self.error: Exception | None = None

    async def models(self) -> tuple[ModelStatus, ...]:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return (ModelStatus("lama", ModelState.READY, "cpu"), ModelStatus("cv2", ModelState.READY, "cpu"))

    async def status(self) -> TrackerStatus:
        return TrackerStatus()


PATH = "/api/v1/inpaint-regions"
BODY = {"image": IMAGE, "regions": [RECTANGLE]}


def gateway(eraser: Any, tracker: Any) -> Gateway:
    return Gateway(resolve(AppConfig(), Environment.read()), eraser, tracker)


def client_of(ingress: Gateway) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(ingress.__serve_build_asgi_app__())
    return httpx.AsyncClient(transport=transport, base_url="http://service.test")


def job(deadline: float | None = None) -> EraseJob:
    return EraseJob("r", b"", deadline=deadline)


async def test_a_deadline_stops_the_work() -> None:
    eraser = Eraser()

    with pytest.raises(DeadlineExceeded):
        await gateway(eraser, Tracker()).run(job(deadline=time.time() + 0.01))

    assert eraser.cancelled == 1


@pytest.mark.parametrize("path", ["inpaint-regions", "inpaint-regions-json", "detect-text", "remove-text"])
async def test_a_request_that_takes_too_long_is_answered_504_and_its_work_stopped(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    monkeypatch.setenv("REQUEST_TIMEOUT", "0.5")
    eraser = Eraser()
    app = gateway(eraser, Tracker()).__serve_build_asgi_app__()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service.test") as client:
        # When
        answer = await client.post(f"/api/v1/{path}", json={"image": IMAGE, "regions": [RECTANGLE]})
    # Then
    assert (answer.status_code, answer.json()["error"]) == (504, "deadline_exceeded")
    assert eraser.cancelled == 1


async def test_draining_refuses_new_work_at_once_and_waits_for_the_old() -> None:
    # Given: one request is worked on
    eraser = Eraser()
    ingress = gateway(eraser, Tracker())
    async with client_of(ingress) as client:
        running = asyncio.create_task(client.post(PATH, json=BODY))
        await eraser.working.wait()
        # When
        draining = asyncio.create_task(ingress.drain(30))
        await asyncio.sleep(0)
        refused = await client.post(PATH, json=BODY)
        health = await client.get("/api/v1/health")
        waited = not draining.done()
        eraser.go.set()
        # Then
        assert (refused.status_code, refused.json()["error"]) == (503, "shutting_down")
        assert int(refused.headers["Retry-After"]) > 0
        assert (health.status_code, health.json()["reasons"][0]) == (503, "the service is going away")
        assert waited
        assert (await running).status_code == 200
        assert await draining


async def test_draining_ends_when_patience_does() -> None:
    eraser = Eraser()
    ingress = gateway(eraser, Tracker())
    async with client_of(ingress) as client:
        running = asyncio.create_task(client.post(PATH, json=BODY))
        await eraser.working.wait()
        assert not await ingress.drain(0.01)
        eraser.go.set()
        await running


async def test_health_asks_the_tracker_at_most_once_a_second_and_survives_its_death() -> None:
    tracker = Tracker()
    ingress = gateway(Eraser(), tracker)
    healths = [await ingress.health() for _ in range(5)]
    assert tracker.asked == 1
    assert all(health.healthy and not health.degraded for health in healths)

    tracker.error = ReplicaLost("gone")
    ingress._models_at = float("-inf")
    health = await ingress.health()

    assert health.healthy
    assert health.degraded
    assert "task tracker" in health.reasons[0]
