"""Every answer is told of once, under a name of which there are few."""

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest

from deployments.api.middleware.telling import OTHER, RouteNames, Telling
from deployments.api.ports import Answered
from deployments.api.schema.examples import IMAGE, RECTANGLE
from deployments.errors import QueueFull
from models.errors import InvalidImage
from tests.deployments.fakes import FakeBackend

ROUTES = RouteNames(("/", "/api/v1/inpaint", "/api/v1/task-status/{task_id}"), "/erase")


@pytest.mark.parametrize(
    ("path", "route", "parameters"),
    [
        ("/", "/", {}),
        ("/api/v1/inpaint", "/api/v1/inpaint", {}),
        ("/api/v1/inpaint/", "/api/v1/inpaint", {}),
        ("/erase/api/v1/inpaint", "/api/v1/inpaint", {}),
        ("/api/v1/task-status/a.b", "/api/v1/task-status/{task_id}", {"task_id": "a.b"}),
        ("/api/v1/task-status/a/b", OTHER, {}),
        ("/wp-login.php", OTHER, {}),
        ("/api/v1/inpaintx", OTHER, {}),
    ],
)
def test_an_address_has_the_name_of_its_route(path: str, route: str, parameters: dict[str, str]) -> None:
    assert ROUTES.name(path) == (route, parameters)


async def test_what_is_told_adds_up_with_what_clients_got(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    # Given
    got: Counter[tuple[str, int]] = Counter()

    async def ask(route: str, path: str, method: str = "GET", **content: Any) -> None:
        got[route, (await client.request(method, path, **content)).status_code] += 1

    job = {"image": IMAGE, "regions": [RECTANGLE]}
    # When
    for _ in range(3):
        await ask("/api/v1/inpaint-regions", "/api/v1/inpaint-regions", "POST", json=job)
    await ask("/api/v1/inpaint-regions", "/api/v1/inpaint-regions", "POST", json={"image": "?"})
    await ask("/api/v1/inpaint-regions-async", "/api/v1/inpaint-regions-async", "POST", json=job | {"task_id": "mine"})
    await ask("/api/v1/task-status/{task_id}", "/api/v1/task-status/mine")
    await ask("/api/v1/task-status/{task_id}", "/api/v1/task-status/other")
    await ask("/api/v1/health", "/api/v1/health", "HEAD")
    for path in ("/robots.txt", "/api/v1/nothing", "/a/b/c"):
        await ask(OTHER, path)
    backend.error = QueueFull("full")
    await ask("/api/v1/inpaint-regions", "/api/v1/inpaint-regions", "POST", json=job)
    # Then
    assert Counter((answer.route, answer.status) for answer in backend.answers) == got
    assert got["/api/v1/inpaint-regions", 429] == 1
    assert {answer.task_id for answer in backend.answers if "task" in answer.route} == {"mine", "other"}
    assert all(answer.request_id for answer in backend.answers)


async def test_the_model_that_answered_is_told_and_whom_it_stood_in_for(
    client: httpx.AsyncClient, backend: FakeBackend
) -> None:
    from dataclasses import replace

    backend.info = replace(backend.info, model="cv2", fallback_for="lama")

    await client.post("/api/v1/inpaint-regions", json={"image": IMAGE, "regions": [RECTANGLE]})

    assert (backend.answers[-1].model, backend.answers[-1].fallback_for) == ("cv2", "lama")


async def test_a_client_that_has_hung_up_is_told_of_too() -> None:
    told: list[Answered] = []

    async def never(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.Event().wait()

    scope = {"type": "http", "path": "/api/v1/inpaint", "state": {}}
    work = asyncio.create_task(Telling(never, told.append, lambda: ROUTES)(scope, None, None))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    work.cancel()
    await asyncio.wait([work])

    assert [(answer.route, answer.status) for answer in told] == [("/api/v1/inpaint", 499)]


@pytest.mark.parametrize("refused", [True, False])
async def test_in_front_of_the_application_only_what_does_not_reach_it_is_told(refused: bool) -> None:
    told: list[Answered] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if refused:
            scope["state"]["refused"] = True
        await send({"type": "http.response.start", "status": 429, "headers": []})

    async def send(message: Any) -> None: ...

    scope = {"type": "http", "path": "/api/v1/inpaint"}
    await Telling(app, told.append, lambda: ROUTES, only_refused=True)(scope, None, send)  # type: ignore[arg-type]

    assert len(told) == refused


async def test_an_error_of_the_pipeline_is_told_with_its_status(
    client: httpx.AsyncClient, backend: FakeBackend
) -> None:
    backend.error = InvalidImage("no image")

    await client.post("/api/v1/inpaint-regions", json={"image": IMAGE, "regions": [RECTANGLE]})

    assert backend.answers[-1].status == 400
