"""Admission, deadlines and snapshots of the ingress, without Serve."""

import asyncio
import time
from typing import Any

import httpx
import pytest

from deployments.api.schema.examples import IMAGE, RECTANGLE
from deployments.config.settings import AppConfig, Environment, GatewayConfig, resolve
from deployments.errors import DeadlineExceeded, QueueFull, ReplicaLost
from deployments.gateway.gateway import Gateway
from deployments.messages.jobs import Erased, ErasedInfo, EraseJob, Job, ModelState, ModelStatus
from deployments.messages.status import TrackerStatus

ERASED = Erased(b"", ErasedInfo("image/png", "lama", 1, 1, 1, 1))


class Eraser:
    """Answers when it is let go."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.cancelled = 0

    async def run(self, job: Job[Any]) -> Erased:
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


def gateway(eraser: Any, tracker: Any, limit: int = 2) -> Gateway:
    config = AppConfig(gateway=GatewayConfig(max_waiting=limit))
    return Gateway(resolve(config, Environment.read()), eraser, tracker)


def job(deadline: float | None = None) -> EraseJob:
    return EraseJob("r", b"", deadline=deadline)


async def test_more_than_the_limit_is_refused_with_a_time_to_come_back() -> None:
    eraser = Eraser()
    ingress = gateway(eraser, Tracker())
    admitted = [asyncio.create_task(ingress.run(job())) for _ in range(2)]
    await asyncio.sleep(0)

    with pytest.raises(QueueFull) as caught:
        await ingress.run(job())

    assert 1 <= caught.value.details["retry_after_s"] <= 60
    eraser.go.set()
    assert await asyncio.gather(*admitted) == [ERASED, ERASED]
    assert await ingress.run(job()) == ERASED


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


async def test_a_client_that_hangs_up_frees_its_place() -> None:
    eraser = Eraser()
    ingress = gateway(eraser, Tracker(), limit=1)
    request = asyncio.create_task(ingress.run(job()))
    await asyncio.sleep(0)
    request.cancel()
    await asyncio.wait([request])

    eraser.go.set()

    assert eraser.cancelled == 1
    assert await ingress.run(job()) == ERASED


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
