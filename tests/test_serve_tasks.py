"""Tasks over real HTTP, real WebSockets and real Ray."""

import asyncio
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import websockets

from tests.pictures import base64_of, decoded, encoded, grid_of_regions, outside, photo
from tests.service import Service

pytestmark = [pytest.mark.serve, pytest.mark.timeout(240)]

FINAL = {"completed", "error", "cancelled"}
FINAL_EVENTS = {"task_completed", "task_failed", "task_cancelled"}


@pytest.fixture(scope="module")
def client(service: Service) -> Iterator[httpx.Client]:
    with service.client() as client:
        yield client


def job(columns: int = 2, rows: int = 2, **more: Any) -> dict[str, Any]:
    pixels = photo(columns * 200 + 100, rows * 200 + 100)
    return {"image": base64_of(encoded(pixels)), "regions": grid_of_regions(columns, rows), **more}


def start(client: httpx.Client, **body: Any) -> str:
    answer = client.post("/api/v1/inpaint-regions-async", json=body)
    assert answer.status_code == 202, answer.text
    task_id: str = answer.json()["task_id"]
    return task_id


def wait_for_end(client: httpx.Client, task_id: str, within_s: float = 60) -> dict[str, Any]:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        status: dict[str, Any] = client.get(f"/api/v1/task-status/{task_id}").json()
        if status["status"] in FINAL:
            return status
        time.sleep(0.1)
    raise AssertionError(f"task {task_id} did not end: {status}")


async def messages_until_the_end(socket: websockets.ClientConnection) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    async for text in socket:
        messages.append(json.loads(text))
        if messages[-1]["type"] in FINAL_EVENTS:
            break
    return messages


def test_a_task_runs_to_its_end_and_its_result_can_be_fetched(client: httpx.Client) -> None:
    body = job()
    answer = client.post("/api/v1/inpaint-regions-async", json=body)

    assert answer.status_code == 202
    started = answer.json()
    assert started["status"] == "pending"
    assert started["websocket_url"].startswith("ws://127.0.0.1:")
    status = wait_for_end(client, started["task_id"])
    assert (status["status"], status["overall_progress"], status["total_regions"]) == ("completed", 100.0, 4)
    result = client.get(started["result_url"])
    assert result.status_code == 200
    assert result.headers["x-model"] == "lama"
    pixels, keep = decoded(encoded(photo(500, 500))), outside((500, 500), body["regions"])
    assert np.array_equal(decoded(result.content)[keep], pixels[keep])


def test_the_same_id_with_the_same_body_is_the_same_task_and_another_body_a_conflict(client: httpx.Client) -> None:
    task_id, body = uuid.uuid4().hex, job()
    start(client, **body, task_id=task_id)
    wait_for_end(client, task_id)

    assert start(client, **body, task_id=task_id) == task_id
    assert client.get(f"/api/v1/task-status/{task_id}").json()["attempt"] == 1
    other = client.post("/api/v1/inpaint-regions-async", json={**job(1, 1), "task_id": task_id})

    assert other.status_code == 409
    assert client.get(f"/api/v1/task-result/{task_id}").status_code == 200


def test_cancelling_answers_when_the_work_has_stopped(client: httpx.Client) -> None:
    task_id = start(client, **job(12, 12))
    while client.get(f"/api/v1/task-status/{task_id}").json()["status"] != "processing":
        time.sleep(0.02)

    answer = client.post(f"/api/v1/cancel-task/{task_id}")
    time.sleep(2.5)
    at_the_end = windows_run(client)
    time.sleep(2.5)

    assert answer.json() == {"task_id": task_id, "status": "cancelled", "message": answer.json()["message"]}
    assert windows_run(client) == at_the_end
    assert client.get(f"/api/v1/task-status/{task_id}").json()["status"] == "cancelled"
    assert client.post(f"/api/v1/cancel-task/{task_id}").status_code == 409
    assert client.get(f"/api/v1/task-result/{task_id}").status_code == 409


def windows_run(client: httpx.Client) -> int:
    models = client.get("/api/v1/models").json()["models"]
    return int(next(m["parameters"]["windows"] for m in models if m["name"] == "lama"))


def test_what_is_not_known_is_404(client: httpx.Client) -> None:
    for method, path in (("GET", "task-status"), ("GET", "task-result"), ("POST", "cancel-task")):
        assert client.request(method, f"/api/v1/{path}/never-heard-of").status_code == 404


async def test_a_socket_tells_the_whole_way_of_a_task(service: Service, client: httpx.Client) -> None:
    task_id = start(client, **job(4, 4), progress_interval=0.05)

    async with websockets.connect(f"{service.ws_url}/ws/progress/{task_id}", proxy=None) as socket:
        messages = await messages_until_the_end(socket)

    assert messages[0]["type"] == "connection_established"
    updates = [message for message in messages if message["type"] == "progress_update"]
    assert updates
    progress = [update["overall_progress"] for update in updates]
    assert progress == sorted(progress)
    assert messages[-1]["type"] == "task_completed"
    assert messages[-1]["result_url"] == f"/api/v1/task-result/{task_id}"
    assert (await asyncio.to_thread(client.get, messages[-1]["result_url"])).status_code == 200


async def test_a_late_watcher_is_told_the_end_at_once_and_an_unknown_task_closes_with_4404(
    service: Service, client: httpx.Client
) -> None:
    task_id = start(client, **job())
    wait_for_end(client, task_id)

    async with websockets.connect(f"{service.ws_url}/ws/progress/{task_id}", proxy=None) as socket:
        assert (await messages_until_the_end(socket))[-1]["type"] == "task_completed"
    async with websockets.connect(f"{service.ws_url}/ws/progress/nobody", proxy=None) as socket:
        assert json.loads(await socket.recv())["type"] == "connection_established"
        assert json.loads(await socket.recv())["type"] == "error"
        with pytest.raises(websockets.ConnectionClosedError):
            await socket.recv()
        assert socket.close_code == 4404


async def test_a_socket_can_cancel_and_survives_rubbish(service: Service, client: httpx.Client) -> None:
    task_id = start(client, **job(12, 12))

    async with websockets.connect(f"{service.ws_url}/ws/progress", proxy=None) as socket:
        for rubbish in ("{", "[]", '{"type": "dance"}', "x" * 1_000_000):
            await socket.send(rubbish)
        await socket.send(json.dumps({"type": "ping", "timestamp": 42}))
        await socket.send(json.dumps({"type": "cancel_task", "task_id": task_id}))
        seen = []
        async for text in socket:
            seen.append(json.loads(text))
            if seen[-1]["type"] == "task_cancelled" and seen[-1]["task_id"] == task_id:
                break

    assert [message["type"] for message in seen].count("error") == 4
    assert next(message for message in seen if message["type"] == "pong")["timestamp"] == 42


def test_events_can_be_read_as_a_server_sent_stream(client: httpx.Client) -> None:
    task_id = start(client, **job())

    with client.stream("GET", f"/api/v1/tasks/{task_id}/events") as answer:
        text = "".join(answer.iter_text())

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert text.count("event: task_completed") == 1


async def test_every_one_of_many_watchers_gets_the_end_exactly_once(service: Service, client: httpx.Client) -> None:
    task_ids = [start(client, **job(1, 1, model="cv2")) for _ in range(200)]

    async def watch(task_id: str) -> list[str]:
        async with websockets.connect(f"{service.ws_url}/ws/progress/{task_id}", proxy=None) as socket:
            return [message["type"] for message in await messages_until_the_end(socket)]

    seen = await asyncio.gather(*(watch(task_id) for task_id in task_ids))

    assert all(types.count("task_completed") == 1 for types in seen)
    summary = (await asyncio.to_thread(client.get, "/api/v1/tasks")).json()
    counted = sum(summary[f"{state}_tasks"] for state in ("active", "completed", "error", "cancelled"))
    assert summary["total_tasks"] == counted
    assert not set(task_ids) & set(summary["active_task_ids"])


def test_a_second_service_on_the_same_folder_is_refused_with_one_line(service: Service) -> None:
    # Given: the data folder of a service that runs
    folder = service.log.parent / "data"
    # When
    second = subprocess.run(
        [sys.executable, "-m", "deployments"],
        cwd=Path(__file__).parents[1],
        env=os.environ | {"IOPAINT_DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    # Then
    assert second.returncode == 2
    assert second.stderr.startswith("configuration error: another service (")
    assert second.stderr.count("\n") == 1
