"""Batches over HTTP."""

import io
import json
import zipfile
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from deployments.api.app import create_api
from deployments.api.schema.examples import IMAGE, MASK, RECTANGLE
from deployments.config.api_settings import ApiSettings
from deployments.errors import QueueFull, ResultExpired
from deployments.messages.task import TaskStatus
from tests.deployments.api.asgi import assert_error
from tests.deployments.api.batches.test_zips import zipped
from tests.deployments.fakes import FakeBackend
from tests.pictures import encoded, photo

PATH = "/api/v1/inpaint-batch"
PICTURE = encoded(photo(48, 32))
FAR_AWAY = {"x": 900, "y": 900, "width": 9, "height": 9}
ZIP = {"Content-Type": "application/zip"}


async def start(client: httpx.AsyncClient, **request: Any) -> dict[str, Any]:
    response = await client.post(PATH, **request)
    assert response.status_code == 202, response.text
    answer: dict[str, Any] = response.json()
    return answer


def told(answer: dict[str, Any]) -> list[tuple[str, str | None, str, str | None]]:
    return [(item["name"], item["task_id"], item["status"], item["field"]) for item in answer["tasks"]]


async def test_items_inherit_what_stands_beside_them_and_bad_ones_refuse_no_other(
    client: httpx.AsyncClient, backend: FakeBackend
) -> None:
    # When
    items = [
        {"image": IMAGE, "name": "a/1.png"},
        {"image": IMAGE, "regions": [RECTANGLE], "dilation": 2, "detect": None},
        {"image": "no base64!", "name": "bad.png"},
        {"image": IMAGE, "regions": [FAR_AWAY]},
        {"image": IMAGE, "model": "nobody's"},
        "no object",
        {"detect": True},
    ]
    answer = await start(client, json={"batch_id": "mine", "items": items, "detect": True, "dilation": 1})
    # Then
    assert told(answer) == [
        ("a/1.png", "mine.0", "pending", None),
        ("image-0002", "mine.1", "pending", None),
        ("bad.png", None, "error", "image"),
        ("image-0004", None, "error", "regions"),
        ("image-0005", None, "error", "model"),
        ("image-0006", None, "error", None),
        ("image-0007", None, "error", "image"),
    ]
    assert [item["error"] for item in answer["tasks"][2:5]] == ["invalid_image", "invalid_region", "unknown_model"]
    assert (answer["total"], answer["pending"], answer["error"], answer["status"]) == (7, 2, 5, "pending")
    first, second = backend.tasks.jobs["mine.0"], backend.tasks.jobs["mine.1"]
    assert (first.detect, first.dilation_px, first.deadline) == (True, 1, None)
    assert (second.detect, second.dilation_px, len(second.regions)) == (False, 2, 1)


async def test_images_share_a_mask(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    answer = await start(client, json={"images": [IMAGE, IMAGE], "mask": MASK, "output_format": "webp"})

    jobs = [backend.tasks.jobs[item["task_id"]] for item in answer["tasks"]]
    assert len(jobs) == 2
    assert {job.output_format.value for job in jobs} == {"webp"}
    assert all(job.mask for job in jobs)


async def test_a_form_has_many_images_and_zips_of_images(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    files = [
        ("image", ("one.png", PICTURE, "image/png")),
        ("image", ("two.png", b"no picture", "image/png")),
        ("images", ("more.zip", zipped(("x/three.png", PICTURE), ("read.me", b"words")), "application/zip")),
    ]

    answer = await start(client, files=files, data={"regions": json.dumps([RECTANGLE]), "batch_id": "f"})

    assert told(answer) == [
        ("one.png", "f.0", "pending", None),
        ("two.png", None, "error", "image"),
        ("x/three.png", "f.2", "pending", None),
        ("read.me", None, "error", "image"),
    ]
    assert backend.tasks.jobs["f.2"].image == PICTURE


async def test_a_form_may_hold_more_pictures_than_other_forms_parts(client: httpx.AsyncClient) -> None:
    files = [("image", (f"{n}.png", PICTURE[:200], "image/png")) for n in range(300)]
    answer = await start(client, files=files, data={"detect": "true"})
    assert answer["total"] == 300


async def test_a_zip_is_a_body_with_all_else_in_the_query(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    content = zipped(("../a.png", PICTURE), ("b.png", PICTURE))
    query = {"detect": "true", "batch_id": "z", "within": json.dumps([RECTANGLE]), "unknown": "1"}

    answer = await start(client, content=content, params=query, headers=ZIP)

    assert told(answer) == [("a.png", "z.0", "pending", None), ("b.png", "z.1", "pending", None)]
    assert backend.tasks.jobs["z.0"].detect
    assert len(backend.tasks.jobs["z.1"].within) == 1


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({}, 422, "invalid_request", "items"),
        ({"items": []}, 422, "invalid_request", "items"),
        ({"items": {"image": IMAGE}}, 422, "invalid_request", "items"),
        ({"images": [IMAGE], "items": [{"image": IMAGE}], "detect": True}, 422, "invalid_request", "items"),
        ({"images": [IMAGE]}, 422, "invalid_request", "regions"),
        ({"items": [{"image": IMAGE}]}, 422, "invalid_request", "regions"),
        ({"images": [IMAGE], "detect": True, "regions": [RECTANGLE]}, 422, "invalid_request", "regions"),
        ({"images": [IMAGE], "detect": True, "model": "nobody's"}, 422, "unknown_model", "model"),
        ({"images": [IMAGE], "detect": True, "dilation": -1}, 422, "invalid_request", "dilation"),
        ({"images": [IMAGE], "detect": True, "batch_id": "a/b"}, 422, "invalid_request", "batch_id"),
        ({"images": [IMAGE], "detect": True, "batch_id": "x" * 121}, 422, "invalid_request", "batch_id"),
        ({"images": [IMAGE] * 1001, "detect": True}, 422, "invalid_request", "items"),
    ],
)
async def test_what_is_wrong_for_all_refuses_the_batch(
    client: httpx.AsyncClient, backend: FakeBackend, body: dict[str, Any], status: int, code: str, field: str
) -> None:
    # When
    small = body | ({"images": ["aa"] * len(body["images"])} if "images" in body else {})
    answer = assert_error(await client.post(PATH, json=small), status, code)
    # Then
    assert answer["details"]["field"] == field
    assert backend.tasks.batches == {}


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "malformed_body"),
        (b"no zip", "application/zip", 400, "malformed_body"),
        (zipped(), "application/zip", 422, "invalid_request"),
        (b"x", "text/plain", 415, "unsupported_content_type"),
        (b"x" * 9_000_000, "application/zip", 413, "too_large"),
        (zipped(*((f"{n}", bytes(range(256)) * 380) for n in range(100))), "application/zip", 413, "too_large"),
    ],
)
async def test_a_body_that_cannot_be_read_refuses_the_batch(
    client: httpx.AsyncClient, content: bytes, kind: str, status: int, code: str
) -> None:
    response = await client.post(PATH, content=content, params={"detect": "1"}, headers={"Content-Type": kind})
    assert_error(response, status, code)


async def test_a_full_queue_refuses_the_batch(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    backend.tasks.error = QueueFull("full", retry_after_s=7)
    response = await client.post(PATH, json={"images": [IMAGE], "detect": True})
    assert_error(response, 429, "queue_full")
    assert response.headers["Retry-After"] == "7"


async def test_the_state_of_a_batch_is_that_of_its_tasks(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    # Given
    await start(client, json={"batch_id": "b", "images": [IMAGE] * 3 + ["bad!"], "detect": True})
    await backend.tasks.complete("b.0")
    await backend.tasks.change("b.1", status=TaskStatus.PROCESSING, overall_progress=50.0)
    # When
    answer = (await client.get("/api/v1/batches/b")).json()
    # Then
    assert [answer[name] for name in ("status", "completed", "processing", "pending", "error")] == [
        "processing", 1, 1, 1, 1,
    ]  # fmt: skip
    assert answer["overall_progress"] == 62.5
    assert answer["tasks"][0]["result_url"] == "/api/v1/task-result/b.0"
    assert answer["results_url"] == "/api/v1/batches/b/results"
    # When
    await backend.tasks.complete("b.1")
    del backend.tasks.records["b.2"]
    answer = (await client.get("/api/v1/batches/b")).json()
    # Then
    assert (answer["status"], answer["expired"], answer["overall_progress"]) == ("completed", 1, 100.0)


async def test_results_come_as_one_zip_with_a_manifest(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    # Given
    items = [{"image": IMAGE, "name": "a.jpg"}, {"image": IMAGE, "name": "a.png"}, {"image": "!"}, {"image": IMAGE}]
    await start(client, json={"batch_id": "b", "items": items, "detect": True})
    await backend.tasks.complete("b.0")
    await backend.tasks.complete("b.1")
    # When
    early = await client.get("/api/v1/batches/b/results")
    part = await client.get("/api/v1/batches/b/results?partial=true")
    await backend.tasks.change("b.3", status=TaskStatus.ERROR, error="inference_failed", error_message="it broke")
    whole = await client.get("/api/v1/batches/b/results")
    head = await client.head("/api/v1/batches/b/results")
    # Then
    assert_error(early, 409, "task_not_finished")
    assert whole.headers["Content-Type"] == "application/zip"
    assert whole.headers["Content-Disposition"] == 'attachment; filename="b.zip"'
    assert (head.status_code, head.content) == (200, b"")
    for response, status in ((part, "pending"), (whole, "error")):
        with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
            assert archive.testzip() is None
            assert archive.namelist() == ["a.png", "a-2.png", "manifest.json"]
            assert archive.read("a-2.png") == b"result"
            assert archive.getinfo("a.png").compress_type == zipfile.ZIP_STORED
            manifest = json.loads(archive.read("manifest.json"))
        assert [(item["file"], item["status"]) for item in manifest["items"]] == [
            ("a.png", "completed"), ("a-2.png", "completed"), (None, "error"), (None, status),
        ]  # fmt: skip
        assert manifest["items"][0]["headers"]["X-Model"] == "cv2"
        assert manifest["items"][2]["field"] == "image"


async def test_a_result_that_has_expired_is_said_to_have(
    client: httpx.AsyncClient, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    await start(client, json={"batch_id": "b", "images": [IMAGE], "detect": True})
    await backend.tasks.complete("b.0")

    async def expired(task_id: str) -> None:
        raise ResultExpired("gone")

    monkeypatch.setattr(backend.tasks, "result", expired)
    response = await client.get("/api/v1/batches/b/results")

    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert [(item["status"], item["file"]) for item in manifest["items"]] == [("expired", None)]


async def test_a_batch_is_cancelled_once(client: httpx.AsyncClient) -> None:
    await start(client, json={"batch_id": "b", "images": [IMAGE] * 2, "detect": True})

    answer = await client.post("/api/v1/batches/b/cancel")

    assert (answer.status_code, answer.json()["status"], answer.json()["cancelled"]) == (200, "completed", 2)
    assert_error(await client.post("/api/v1/batches/b/cancel"), 409, "task_finished")


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("GET", "/results"), ("POST", "/cancel")])
async def test_an_unknown_batch_is_404(client: httpx.AsyncClient, method: str, path: str) -> None:
    assert_error(await client.request(method, f"/api/v1/batches/nobody{path}"), 404, "unknown_task")


@pytest.fixture
def closed(backend: FakeBackend, settings: ApiSettings) -> FastAPI:
    from dataclasses import replace

    return create_api(backend, replace(settings, api_keys=("ann:key-a", "eve:key-e")))


async def test_a_batch_belongs_to_the_key_it_came_with(closed: FastAPI, backend: FakeBackend) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(closed), base_url="http://service.test") as client:
        # Given
        ann, eve = {"X-API-Key": "key-a"}, {"X-API-Key": "key-e"}
        body = {"batch_id": "b", "images": [IMAGE], "detect": True}
        await start(client, json=body, headers=ann)
        # When
        seen = await client.get("/api/v1/batches/b", headers=ann)
        hidden = [
            await client.get("/api/v1/batches/b", headers=eve),
            await client.get("/api/v1/batches/b/results?partial=true", headers=eve),
            await client.post("/api/v1/batches/b/cancel", headers=eve),
        ]
    # Then
    assert seen.status_code == 200
    assert backend.tasks.options["b.0"].client == backend.tasks.batches["b"].client != ""
    for response in hidden:
        assert_error(response, 404, "unknown_task")
    assert not backend.tasks.records["b.0"].status.final
