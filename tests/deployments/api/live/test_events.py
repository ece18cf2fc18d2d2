"""Progress as server-sent events."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from deployments.api.live import events
from deployments.errors import ShuttingDown
from tests.deployments.api.asgi import Client
from tests.deployments.fakes import FakeBackend

PATH = "/api/v1/tasks/t/events"


def read(text: str) -> list[dict[str, Any]]:
    """Each event as its fields, comments left out."""
    blocks = [block for block in text.split("\n\n") if block and not block.startswith((":", "retry"))]
    return [dict(line.split(": ", 1) for line in block.splitlines()) for block in blocks]


async def test_the_stream_tells_the_state_and_ends_with_the_task(
    client: httpx.AsyncClient, backend: FakeBackend
) -> None:
    # Given
    backend.tasks.add("t")
    # When
    reading = asyncio.create_task(client.get(PATH))
    await backend.tasks.watched.wait()
    await backend.tasks.complete("t")
    response = await reading
    # Then
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-cache"
    first, last = read(response.text)
    assert (first["id"], first["event"]) == ("0", "progress_update")
    assert (last["id"], last["event"]) == ("1", "task_completed")
    assert json.loads(last["data"])["result_url"] == "/api/v1/task-result/t"
    assert backend.tasks.watchers == 0


async def test_a_client_that_comes_back_resumes(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    # Given
    backend.tasks.add("t", seq=6)
    await backend.tasks.complete("t")
    # When
    behind = await client.get(PATH, headers={"Last-Event-ID": "6"})
    done = await client.get(PATH, headers={"Last-Event-ID": "7"})
    odd = await client.get(PATH, headers={"Last-Event-ID": "rubbish"})
    # Then
    assert [event["id"] for event in read(behind.text)] == ["7"]
    assert (done.status_code, done.content) == (204, b"")
    assert [event["id"] for event in read(odd.text)] == ["7"]


async def test_the_stream_ends_when_the_service_goes_away(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    # Given
    backend.tasks.add("t")
    await backend.tasks.fail_watches(ShuttingDown("the service is going away"))
    # When
    response = await client.get(PATH)
    # Then
    assert read(response.text) == []


async def test_a_quiet_stream_beats_and_a_client_that_hangs_up_ends_it(
    app: FastAPI, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.01)
    backend.tasks.add("t")
    client = Client(PATH, [b""])
    client.scope["method"] = "GET"
    request = asyncio.create_task(app(client.scope, client.receive, client.send))
    await client.until_sent(events.HEARTBEAT)
    # When
    client.gone.set()
    await request
    # Then
    assert backend.tasks.watchers == 0
