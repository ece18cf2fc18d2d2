"""Tasks over REST."""

import httpx
import pytest
from fastapi import FastAPI

from deployments.api.schema.examples import IMAGE, MASK, RECTANGLE
from deployments.errors import QueueFull, ShuttingDown
from deployments.messages.task import TaskStage, TaskStatus
from tests.deployments.api.asgi import assert_error
from tests.deployments.fakes import INFO, FakeBackend

PATH = "/api/v1/inpaint-regions-async"
BODY = {"image": IMAGE, "regions": [RECTANGLE]}


async def test_a_task_is_accepted_with_its_places(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    # When
    response = await client.post(PATH, json=BODY | {"task_id": "mine", "progress_interval": 0.5})
    # Then
    assert response.status_code == 202
    assert response.json() == {
        "task_id": "mine",
        "status": "pending",
        "message": "the task was accepted",
        "estimated_time": None,
        "websocket_url": "ws://service.test/ws/progress/mine",
        "status_url": "/api/v1/task-status/mine",
        "result_url": "/api/v1/task-result/mine",
    }
    assert backend.tasks.jobs["mine"].deadline is None
    assert backend.tasks.options["mine"].progress_interval_s == 0.5


@pytest.mark.parametrize(
    ("host", "forwarded", "expected"),
    [
        ("http://a.test:8081", "", "ws://a.test:8081"),
        ("https://b.test", "", "wss://b.test"),
        ("http://c.test", "https", "wss://c.test"),
        ("https://d.test", "http", "ws://d.test"),
        ("http://e.test", "HTTPS, http", "wss://e.test"),
    ],
)
async def test_the_websocket_url_follows_the_request(app: FastAPI, host: str, forwarded: str, expected: str) -> None:
    headers = {"X-Forwarded-Proto": forwarded} if forwarded else {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=host, headers=headers) as client:
        response = await client.post(PATH, json=BODY | {"task_id": "t"})
    assert response.json()["websocket_url"] == f"{expected}/ws/progress/t"


async def test_without_progress_there_is_no_websocket(client: httpx.AsyncClient) -> None:
    response = await client.post(PATH, json=BODY | {"enable_progress": False})
    assert response.json()["websocket_url"] is None


async def test_the_same_id_is_the_same_task_and_another_body_a_conflict(client: httpx.AsyncClient) -> None:
    # Given
    first = await client.post(PATH, json=BODY | {"task_id": "mine"})
    # When
    second = await client.post(PATH, json=BODY | {"task_id": "mine"})
    other = await client.post(PATH, json=BODY | {"task_id": "mine", "prompt": "sky"})
    # Then
    assert (second.status_code, second.json()) == (202, first.json())
    assert_error(other, 409, "task_conflict")


@pytest.mark.parametrize("task_id", ["a", "A.b_c-9", "x" * 128, "..."])
async def test_good_task_ids_are_taken(client: httpx.AsyncClient, task_id: str) -> None:
    assert (await client.post(PATH, json=BODY | {"task_id": task_id})).json()["task_id"] == task_id


@pytest.mark.parametrize("task_id", ["", ".", "..", "a/b", "a b", "x" * 129, "ä", "a\n", 5])
async def test_bad_task_ids_are_refused(client: httpx.AsyncClient, task_id: object) -> None:
    body = assert_error(await client.post(PATH, json=BODY | {"task_id": task_id}), 422, "invalid_request")
    assert body["details"]["field"] == "task_id"


@pytest.mark.parametrize("url", ["rubbish", "ftp://a.test/x", "http://", "http://a.test:99999/", "//a.test", 5])
async def test_a_malformed_callback_is_refused(client: httpx.AsyncClient, url: object) -> None:
    body = assert_error(await client.post(PATH, json=BODY | {"callback_url": url}), 422, "invalid_request")
    assert body["details"]["field"] == "callback_url"


async def test_a_callback_tells_how_it_stands(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    # When
    response = await client.post(PATH, json=BODY | {"task_id": "t", "callback_url": "http://client.test"})
    status = await client.get("/api/v1/task-status/t")
    # Then
    expected = {"state": "refused", "reason": "the host is not allowed", "attempts": 0}
    assert response.json()["callback"] == status.json()["callback"] == expected
    assert backend.tasks.options["t"].callback_url == "http://client.test"


async def test_an_empty_callback_is_none(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    await client.post(PATH, json=BODY | {"task_id": "t", "callback_url": ""})
    assert backend.tasks.options["t"].callback_url is None


async def test_a_task_may_have_a_mask_or_find_the_text(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    # When
    masked = await client.post(PATH, json={"image": IMAGE, "mask": MASK, "task_id": "m"})
    found = await client.post(PATH, json={"image": IMAGE, "detect": True, "task_id": "d", "min_confidence": 0.2})
    # Then
    assert (masked.status_code, found.status_code) == (202, 202)
    assert backend.tasks.jobs["m"].mask is not None
    assert (backend.tasks.jobs["d"].detect, backend.tasks.jobs["d"].min_confidence) == (True, 0.2)


@pytest.mark.parametrize("places", [{}, {"mask": MASK, "detect": True}, {"regions": [RECTANGLE], "mask": MASK}])
async def test_exactly_one_thing_says_where(client: httpx.AsyncClient, places: dict[str, object]) -> None:
    assert_error(await client.post(PATH, json={"image": IMAGE} | places), 422, "invalid_request")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(QueueFull("10000 tasks wait", retry_after_s=7), 429, "queue_full"), (ShuttingDown("bye"), 503, "shutting_down")],
)
async def test_a_task_that_is_not_taken_is_told_when_to_come_back(
    client: httpx.AsyncClient, backend: FakeBackend, error: Exception, status: int, code: str
) -> None:
    # Given
    backend.tasks.error = error
    # When
    response = await client.post(PATH, json=BODY)
    # Then
    assert_error(response, status, code)
    assert int(response.headers["Retry-After"]) >= 5


async def test_the_status_of_a_running_task(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    # Given
    backend.tasks.add(
        "t",
        status=TaskStatus.PROCESSING,
        stage=TaskStage.INPAINTING,
        overall_progress=55.0,
        stage_progress=50.0,
        current_region=1,
        total_regions=2,
        message="window 1 of 2",
        attempt=1,
        started_at=1_700_000_001.0,
        completed_at=1_700_000_002.5,
        estimated_remaining_s=1.5,
    )
    # When
    response = await client.get("/api/v1/task-status/t")
    # Then
    assert response.json() == {
        "task_id": "t",
        "status": "processing",
        "stage": "inpainting",
        "overall_progress": 55.0,
        "stage_progress": 50.0,
        "current_region": 1,
        "total_regions": 2,
        "message": "window 1 of 2",
        "elapsed_time": 2.5,
        "estimated_remaining": 1.5,
        "created_at": "2023-11-14T22:13:20.000+00:00",
        "started_at": "2023-11-14T22:13:21.000+00:00",
        "completed_at": "2023-11-14T22:13:22.500+00:00",
        "error_message": None,
        "queue_position": None,
        "attempt": 1,
        "result_url": None,
    }


async def test_the_status_of_a_completed_task_leads_to_its_result(
    client: httpx.AsyncClient, backend: FakeBackend
) -> None:
    # Given
    backend.tasks.add("t")
    await backend.tasks.complete("t")
    # When
    status = (await client.get("/api/v1/task-status/t")).json()
    result = await client.get(status["result_url"])
    # Then
    assert (status["status"], status["overall_progress"], status["elapsed_time"]) == ("completed", 100.0, 3.0)
    assert (result.status_code, result.content) == (200, b"result")
    assert (result.headers["X-Model"], result.headers["content-type"]) == ("cv2", "image/png")


async def test_a_result_is_refused_before_the_end_and_after_its_time(
    client: httpx.AsyncClient, backend: FakeBackend
) -> None:
    # Given
    backend.tasks.add("early")
    backend.tasks.add("late", status=TaskStatus.COMPLETED, result=INFO, result_expired=True)
    # Then
    assert_error(await client.get("/api/v1/task-result/early"), 409, "task_not_finished")
    assert_error(await client.get("/api/v1/task-result/late"), 410, "result_expired")
    assert (await client.get("/api/v1/task-status/late")).json()["result_url"] is None


async def test_a_cancel_is_answered_and_a_second_one_is_a_conflict(
    client: httpx.AsyncClient, backend: FakeBackend
) -> None:
    # Given
    backend.tasks.add("t")
    # When
    response = await client.post("/api/v1/cancel-task/t")
    # Then
    assert response.json() == {"task_id": "t", "status": "cancelled", "message": "the task was cancelled"}
    assert_error(await client.post("/api/v1/cancel-task/t"), 409, "task_finished")


async def test_tasks_are_counted(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    # Given
    backend.tasks.add("a")
    backend.tasks.add("b")
    await backend.tasks.complete("b")
    # Then
    assert (await client.get("/api/v1/tasks")).json() == {
        "total_tasks": 2,
        "active_tasks": 1,
        "pending_tasks": 1,
        "completed_tasks": 1,
        "error_tasks": 0,
        "cancelled_tasks": 0,
        "active_task_ids": ["a"],
    }


async def test_a_result_comes_with_a_file_name(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    backend.tasks.add("page-7")
    await backend.tasks.complete("page-7")

    fetched = await client.get("/api/v1/task-result/page-7", headers={"Origin": "https://page.test"})
    direct = await client.post(
        "/api/v1/inpaint-regions", json={"image": BODY["image"], "regions": BODY["regions"], "output_format": "jpeg"}
    )

    assert fetched.headers["content-disposition"] == 'inline; filename="page-7.png"'
    assert direct.headers["content-disposition"] == 'inline; filename="erased.jpg"'
    assert "Content-Disposition" in fetched.headers["access-control-expose-headers"]
