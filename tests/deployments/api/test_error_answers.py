"""Every error in the one shape, with the status of the table, and nothing about the inside."""

import asyncio
import base64
import inspect
import io
import json
import struct
import zlib
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from PIL import Image

from deployments import errors as service
from deployments.api import errors as api_errors
from deployments.api.app import create_api
from deployments.api.errors import TABLE, row_of
from deployments.api.schema.examples import IMAGE, RECTANGLE
from deployments.config.api_settings import ApiSettings
from models import errors as e
from tests.deployments.api.asgi import Client, assert_error
from tests.deployments.fakes import FakeBackend

BODY: dict[str, Any] = {"image": IMAGE, "regions": [RECTANGLE]}
PATH = "/api/v1/inpaint-regions"


def leaves(module: Any) -> list[type[e.TextRemovalError]]:
    classes = [item for _, item in inspect.getmembers(module, inspect.isclass)]
    return [item for item in classes if issubclass(item, e.TextRemovalError)]


def encoded(image: Image.Image, format: str) -> str:
    file = io.BytesIO()
    image.save(file, format)
    return base64.b64encode(file.getvalue()).decode()


def png_header(width: int, height: int) -> str:
    """A PNG that is a header and nothing else."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 0) + b"IDAT").decode()


@pytest.mark.parametrize("error", [*leaves(e), *leaves(api_errors)], ids=lambda error: error.__name__)
def test_every_error_class_has_its_own_row(error: type[e.TextRemovalError]) -> None:
    assert error in TABLE


@pytest.mark.parametrize("error", leaves(e), ids=lambda error: error.__name__)
async def test_what_the_backend_raises_is_answered_as_the_table_says(
    client: httpx.AsyncClient, backend: FakeBackend, error: type[e.TextRemovalError]
) -> None:
    # Given
    backend.error = error("what went wrong", index=3, coordinate=float("nan"), cause=ValueError("odd"))
    # When
    response = await client.post(PATH, json=BODY)
    # Then
    row = row_of(error)
    body = assert_error(response, row.status, row.code)
    assert body["message"] == "what went wrong"
    assert body["details"]["index"] == 3
    waiting_helps = row.retry_after_s is not None
    assert ("Retry-After" in response.headers) == waiting_helps
    assert ("WWW-Authenticate" in response.headers) == (row.status == 401)


async def test_a_subclass_without_a_row_is_answered_as_its_parent() -> None:
    class OddImage(e.InvalidImage):
        pass

    assert row_of(OddImage) == TABLE[e.InvalidImage]


async def test_a_full_queue_says_when_to_come_back(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    # Given
    backend.error = service.QueueFull("128 requests are waiting already", retry_after_s=2.2)
    # When
    response = await client.post(PATH, json=BODY)
    # Then
    assert_error(response, 429, "queue_full")
    assert response.headers["Retry-After"] == "3"


async def test_the_unforeseen_is_logged_with_its_trace_and_told_without(
    client: httpx.AsyncClient, backend: FakeBackend, caplog: pytest.LogCaptureFixture
) -> None:
    # Given
    backend.error = RuntimeError("/srv/secret/path")
    # When
    response = await client.post(PATH, json=BODY, headers={"Origin": "https://page.test"})
    # Then
    body = assert_error(response, 500, "internal_error")
    assert "secret" not in response.text
    assert response.headers["access-control-allow-origin"] == "*"
    (record,) = [record for record in caplog.records if record.exc_info]
    assert body["request_id"] in record.getMessage()
    assert "/srv/secret/path" in str(record.exc_info)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/api/v1/nothing/here", 404, "not_found"),
        ("GET", "/api/v1/inpaint", 405, "method_not_allowed"),
        ("DELETE", "/api/v1/tasks", 405, "method_not_allowed"),
        ("GET", "/api/v1/models/nonesuch", 404, "unknown_model"),
        ("GET", "/api/v1/task-status/nonesuch", 404, "unknown_task"),
        ("GET", "/api/v1/task-result/nonesuch", 404, "unknown_task"),
        ("POST", "/api/v1/cancel-task/nonesuch", 404, "unknown_task"),
        ("GET", "/api/v1/tasks/nonesuch/events", 404, "unknown_task"),
    ],
)
async def test_what_is_not_there_is_said_in_the_same_shape(
    client: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    assert_error(await client.request(method, path), status, code)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"image": 5}, "image"),
        ({"regions": None}, "regions"),
        ({"regions": {"x": 1}}, "regions"),
        ({"regions": [RECTANGLE, {"x": 1, "y": 1, "width": 3}]}, "regions[1].height"),
        ({"regions": [{"bounding_box": {"x1": 1, "y1": "a", "x2": 3, "y2": 4}}]}, "regions[0].bounding_box.y1"),
        ({"regions": [{"points": [[1, 2], [3], [4, 5]]}]}, "regions[0].points[1][1]"),
        ({"regions": ["rubbish"]}, "regions[0]"),
        ({"sd_sampler": "nonesuch"}, "sd_sampler"),
        ({"sd_sampler": 4}, "sd_sampler"),
        ({"hd_strategy": "nonesuch"}, "hd_strategy"),
        ({"mask_mode": "nonesuch"}, "mask_mode"),
        ({"output_format": "gif"}, "output_format"),
        ({"output_quality": 101}, "output_quality"),
        ({"sd_steps": 0}, "sd_steps"),
        ({"sd_strength": 0}, "sd_strength"),
        ({"sd_seed": 2**40}, "sd_seed"),
        ({"cv2_radius": 0}, "cv2_radius"),
        ({"cv2_flag": "nonesuch"}, "cv2_flag"),
        ({"verify": "perhaps"}, "verify"),
    ],
)
async def test_a_schema_violation_names_its_field(
    client: httpx.AsyncClient, changes: dict[str, Any], field: str
) -> None:
    body = assert_error(await client.post(PATH, json=BODY | changes), 422, "invalid_request")
    assert body["details"]["field"] == body["details"]["errors"][0]["field"] == field
    assert body["message"].startswith(f"{field}: ")
    assert list(body["details"]["errors"][0]) == ["field", "message", "type"]


async def test_an_empty_list_of_regions_is_refused(client: httpx.AsyncClient) -> None:
    body = assert_error(await client.post(PATH, json=BODY | {"regions": []}), 422, "invalid_request")
    assert body["details"] == {"field": "regions"}


async def test_a_missing_mask_is_named(client: httpx.AsyncClient) -> None:
    body = assert_error(await client.post("/api/v1/inpaint", json={"image": IMAGE}), 422, "invalid_request")
    assert body["message"] == "mask: this field is required"


async def test_a_query_parameter_is_named(client: httpx.AsyncClient) -> None:
    body = assert_error(await client.post(f"{PATH}-json?include_image=perhaps", json=BODY), 422, "invalid_request")
    assert body["details"]["field"] == "include_image"


async def test_megabytes_of_wrong_input_are_not_sent_back(client: httpx.AsyncClient) -> None:
    # Given
    regions = [{"x": "w" * 100}] * 1000
    # When
    response = await client.post(PATH, json=BODY | {"regions": regions})
    # Then
    body = assert_error(response, 422, "invalid_request")
    assert len(body["details"]["errors"]) == 10
    assert "(and 3999 more)" in body["message"]
    assert len(response.content) < 5000


async def test_an_unknown_model_is_refused_with_those_there_are(client: httpx.AsyncClient) -> None:
    body = assert_error(await client.post(PATH, json=BODY | {"model": "nonesuch"}), 422, "unknown_model")
    assert "lama, cv2" in body["message"]


@pytest.mark.parametrize(
    ("region", "status", "code"),
    [
        ({"x": 48, "y": 0, "width": 5, "height": 5}, 422, "invalid_region"),
        ({"x": 4, "y": 4, "width": 0, "height": 5}, 422, "invalid_region"),
        ({"x": 4, "y": 4, "width": -3, "height": 5}, 422, "invalid_region"),
        ({"x": 4, "y": 4, "width": 1e308, "height": 1e308}, 422, "invalid_region"),
        ({"x": 1e308, "y": 4, "width": 1e308, "height": 5}, 422, "invalid_region"),
        ({"points": [[1, 1], [5, 5]]}, 422, "invalid_region"),
        ({"points": [[1, 1], [5, 5], [9, 9]]}, 422, "invalid_region"),
        ({"x": "inf", "y": 4, "width": 4, "height": 5}, 422, "invalid_request"),
        ({"x": "nan", "y": 4, "width": 4, "height": 5}, 422, "invalid_request"),
    ],
)
async def test_a_region_that_cannot_be_is_named_by_its_index(
    client: httpx.AsyncClient, region: dict[str, Any], status: int, code: str
) -> None:
    body = assert_error(await client.post(PATH, json=BODY | {"regions": [RECTANGLE, region]}), status, code)
    assert "1" in body["message"]
    if code == "invalid_region":
        assert body["details"]["index"] == 1


async def test_ten_thousand_regions_are_taken(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    # When
    response = await client.post(PATH, json=BODY | {"regions": [RECTANGLE] * 10_000})
    # Then
    assert response.status_code == 200
    assert len(backend.jobs[0].regions) == 10_000


async def test_more_regions_than_the_bound_are_refused(client: httpx.AsyncClient) -> None:
    assert_error(await client.post(PATH, json=BODY | {"regions": [RECTANGLE] * 20_001}), 422, "invalid_request")


@pytest.mark.parametrize(
    ("image", "status", "code"),
    [
        ("", 400, "invalid_image"),
        ("rub!bish", 400, "invalid_image"),
        ("ümlaut", 400, "invalid_image"),
        ("AAAA", 400, "invalid_image"),
        (base64.b64encode(base64.b64decode(IMAGE)[:20]).decode(), 400, "invalid_image"),
        ("data:image/png,AAAA", 400, "invalid_image"),
        ("data:image/png;base64", 400, "invalid_image"),
        (encoded(Image.new("L", (8, 8)), "ICO"), 415, "unsupported_image"),
        (encoded(Image.new("1", (1001, 1000)), "PNG"), 413, "too_large"),
        (png_header(50_000, 50_000), 413, "too_large"),
        (base64.b64encode(bytes(100_001)).decode(), 413, "too_large"),
    ],
)
async def test_an_image_that_cannot_be_is_refused(
    client: httpx.AsyncClient, image: str, status: int, code: str
) -> None:
    assert_error(await client.post(PATH, json=BODY | {"image": image}), status, code)


async def test_a_mask_of_another_size_is_refused_at_once(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    # When
    mask = encoded(Image.new("L", (32, 48), 255), "PNG")
    response = await client.post("/api/v1/inpaint", json={"image": IMAGE, "mask": mask})
    # Then
    body = assert_error(response, 422, "invalid_mask")
    assert body["message"] == "mask: it is 32x48, the image is 48x32"
    assert backend.started == 0


@pytest.mark.parametrize(
    ("content", "content_type", "status", "code"),
    [
        (b"", "application/json", 400, "malformed_body"),
        (b"{", "application/json", 400, "malformed_body"),
        (b'{"image": "\xff"}', "application/json", 400, "malformed_body"),
        (b'{"image": "", "sd_steps": NaN}', "application/json", 400, "malformed_body"),
        (b'{"image": "", "sd_steps": -Infinity}', "application/json", 400, "malformed_body"),
        (b"[" * 100_000, "application/json", 400, "malformed_body"),
        (b"[1]", "application/json", 422, "invalid_request"),
        (b"null", "application/json", 422, "invalid_request"),
        (b"{}", "text/plain", 415, "unsupported_content_type"),
        (b"a=1", "application/x-www-form-urlencoded", 415, "unsupported_content_type"),
        (b"{}", "", 415, "unsupported_content_type"),
        (b"x", "multipart/form-data", 400, "malformed_body"),
        (b"x", "multipart/form-data; boundary=cut", 400, "malformed_body"),
        (b"x", f"multipart/form-data; boundary={'c' * 300}", 400, "malformed_body"),
        (b"--cut\r\nX: y\r\n\r\nz\r\n--cut--\r\n", "multipart/form-data; boundary=cut", 400, "malformed_body"),
        (
            b'--cut\r\nContent-Disposition: form-data; name="prompt"\r\n\r\nz',
            "multipart/form-data; boundary=cut",
            400,
            "malformed_body",
        ),
        (
            b'--cut\r\nContent-Disposition: form-data; name="prompt"\r\n\r\n\xff\r\n--cut--\r\n',
            "multipart/form-data; boundary=cut",
            400,
            "malformed_body",
        ),
        (
            b'--cut\r\nContent-Disposition: form-data; name="regions"\r\n\r\n[{\r\n--cut--\r\n',
            "multipart/form-data; boundary=cut",
            400,
            "malformed_body",
        ),
    ],
)
async def test_a_body_that_does_not_parse_is_refused(
    client: httpx.AsyncClient, content: bytes, content_type: str, status: int, code: str
) -> None:
    response = await client.post(PATH, content=content, headers={"Content-Type": content_type})
    assert_error(response, status, code)


async def test_a_declared_length_over_the_limit_is_refused_before_a_byte_is_read(app: FastAPI) -> None:
    # Given
    client = Client(PATH, [b"{}"] * 3)
    client.scope["headers"].append((b"content-length", b"100000000"))
    # When
    await app(client.scope, client.receive, client.send)
    # Then
    assert (client.status, client.answer["error"], client.taken_before_answer) == (413, "too_large", 0)


async def test_a_body_that_grows_over_the_limit_is_read_no_further(app: FastAPI) -> None:
    # Given
    client = Client(PATH, [bytes(2**20)] * 100)
    # When
    await app(client.scope, client.receive, client.send)
    # Then
    assert (client.status, client.answer["error"]) == (413, "too_large")
    assert client.taken == 9


async def test_a_body_that_never_ends_times_out(backend: FakeBackend, settings: ApiSettings) -> None:
    # Given
    client = Client(PATH, [b"{", b""])
    client.chunks.pop()

    async def receive() -> dict[str, Any]:
        message = await client.receive()
        return message | {"more_body": True}

    app = create_api(backend, replace(settings, request_timeout_s=0.05))
    # When
    await app(client.scope, receive, client.send)
    # Then
    assert (client.status, client.answer["error"]) == (504, "deadline_exceeded")


@pytest.mark.parametrize("path", ["inpaint-regions", "inpaint-regions-json", "detect-text", "remove-text"])
async def test_a_client_that_hangs_up_stops_its_work(app: FastAPI, backend: FakeBackend, path: str) -> None:
    # Given
    backend.gate = asyncio.Event()
    client = Client(f"/api/v1/{path}", [json.dumps(BODY).encode()])
    request = asyncio.create_task(app(client.scope, client.receive, client.send))
    await backend.working.wait()
    # When
    client.gone.set()
    await request
    # Then
    assert backend.cancelled == 1


async def test_a_request_the_server_cancels_stops_its_work(app: FastAPI, backend: FakeBackend) -> None:
    # Given
    backend.gate = asyncio.Event()
    client = Client(PATH, [json.dumps(BODY).encode()])
    request = asyncio.create_task(app(client.scope, client.receive, client.send))
    await backend.working.wait()
    # When
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    # Then
    assert backend.cancelled == 1
    assert not client.sent


async def test_a_client_that_hangs_up_while_sending_starts_nothing(app: FastAPI, backend: FakeBackend) -> None:
    # Given
    client = Client(PATH, [b"{", b"}"])
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    # When
    await app(client.scope, receive, client.send)
    # Then
    assert client.status == 499
    assert backend.started == 0
