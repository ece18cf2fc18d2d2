"""Whose tasks are whose, and how a key comes in where there are no headers."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from deployments.api.app import create_api
from deployments.api.key_ring import TICKET_S, KeyRing
from deployments.api.live import handshake
from deployments.config.api_settings import ApiSettings
from tests.deployments.api.asgi import assert_error
from tests.deployments.api.routes.test_task_routes import BODY
from tests.deployments.fakes import FakeBackend

ANNA, BERT = {"X-API-Key": "key-of-anna"}, {"Authorization": "Bearer key-of-bert"}
PLACES = ["/ws/progress", "/api/v1/ws/progress"]


@pytest.fixture
def guarded(backend: FakeBackend, settings: ApiSettings) -> FastAPI:
    return create_api(backend, replace(settings, api_keys=("anna:key-of-anna", "key-of-bert")))


@pytest.fixture
def sockets(guarded: FastAPI) -> Iterator[TestClient]:
    with TestClient(guarded) as client:
        yield client


def as_protocol(key: str) -> str:
    return "key." + base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


async def submitted(guarded: FastAPI, headers: dict[str, str], task_id: str) -> httpx.Response:
    transport = httpx.ASGITransport(guarded)
    async with httpx.AsyncClient(transport=transport, base_url="http://service.test", headers=headers) as client:
        return await client.post("/api/v1/inpaint-regions-async", json=BODY | {"task_id": task_id})


async def test_a_client_sees_its_own_tasks_only(guarded: FastAPI, backend: FakeBackend) -> None:
    # Given
    assert (await submitted(guarded, ANNA, "annas")).status_code == 202
    assert (await submitted(guarded, BERT, "berts")).status_code == 202
    await backend.tasks.complete("annas")
    transport = httpx.ASGITransport(guarded)
    async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as client:
        for path in ("task-status/annas", "task-result/annas", "tasks/annas/events"):
            # When
            own = await client.get(f"/api/v1/{path}", headers=ANNA)
            foreign = await client.get(f"/api/v1/{path}", headers=BERT)
            # Then
            assert own.status_code == 200
            assert_error(foreign, 404, "unknown_task")
        assert_error(await client.post("/api/v1/cancel-task/berts", headers=ANNA), 404, "unknown_task")
        counts = (await client.get("/api/v1/tasks", headers=BERT)).json()
    assert (counts["total_tasks"], counts["active_task_ids"]) == (1, ["berts"])
    assert_error(await submitted(guarded, BERT, "annas"), 409, "task_conflict")


@pytest.mark.parametrize("path", PLACES)
def test_a_socket_without_a_task_hears_the_tasks_of_its_key(
    sockets: TestClient, backend: FakeBackend, path: str
) -> None:
    backend.tasks.add("annas", client="anna")
    backend.tasks.add("berts", client="bert")
    backend.tasks.add("nobodys")

    with sockets.websocket_connect(path, headers=ANNA) as socket:
        assert socket.receive_json()["type"] == "connection_established"
        assert socket.receive_json()["task_id"] == "annas"
        socket.send_json({"type": "get_task_status", "task_id": "berts"})
        assert socket.receive_json() | {"timestamp": 0} == {
            "type": "error", "timestamp": 0, "error": "no task has the id berts"
        }  # fmt: skip


@pytest.mark.parametrize("path", PLACES)
def test_a_key_in_the_address_opens_nothing(sockets: TestClient, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshake, "AUTHENTICATE_S", 0.01)
    place = path + "?api_key=key-of-anna"
    with pytest.raises(WebSocketDisconnect) as closed, sockets.websocket_connect(place) as socket:
        socket.receive_json()
    assert closed.value.code == 4401


@pytest.mark.parametrize("protocols", [["text-removal", as_protocol("key-of-anna")], [as_protocol("key-of-anna")]])
def test_a_key_comes_as_a_subprotocol(sockets: TestClient, protocols: list[str]) -> None:
    with sockets.websocket_connect("/ws/progress", subprotocols=protocols) as socket:
        assert socket.accepted_subprotocol == protocols[0]
        assert socket.receive_json()["type"] == "connection_established"


def test_a_key_comes_in_the_first_message(sockets: TestClient) -> None:
    with sockets.websocket_connect("/ws/progress") as socket:
        socket.send_json({"type": "authenticate", "api_key": "key-of-anna"})
        assert socket.receive_json()["type"] == "connection_established"


@pytest.mark.parametrize(
    "message",
    [
        {"type": "authenticate", "api_key": "wrong"},
        {"type": "authenticate", "ticket": "wrong"},
        {"type": "authenticate"},
        {"type": "subscribe_task", "task_id": "t"},
        [],
    ],
)
def test_another_first_message_closes_with_4401(sockets: TestClient, message: Any) -> None:
    with sockets.websocket_connect("/ws/progress") as socket:
        socket.send_text(json.dumps(message))
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_json()
    assert closed.value.code == 4401


@pytest.mark.parametrize(
    ("headers", "protocols"), [({"X-API-Key": "wrong"}, []), ({}, [as_protocol("wrong")]), ({}, ["key.%%%"])]
)
def test_a_wrong_key_is_refused_before_the_socket_opens(
    sockets: TestClient, headers: dict[str, str], protocols: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handshake, "AUTHENTICATE_S", 0.01)
    connection = sockets.websocket_connect("/ws/progress", headers=headers, subprotocols=protocols)
    with pytest.raises((WebSocketDenialResponse, WebSocketDisconnect)), connection as socket:
        socket.receive_json()


def test_a_ticket_opens_a_stream_and_a_socket(sockets: TestClient, backend: FakeBackend) -> None:
    # Given
    backend.tasks.add("annas", client="anna")
    ticket = sockets.post("/api/v1/tickets", headers=ANNA).json()["ticket"]
    # Then
    with sockets.websocket_connect(f"/ws/progress?ticket={ticket}") as socket:
        assert socket.receive_json()["type"] == "connection_established"
        assert socket.receive_json()["task_id"] == "annas"
    assert sockets.get(f"/api/v1/task-status/annas?ticket={ticket}").status_code == 200
    assert sockets.post(f"/api/v1/cancel-task/annas?ticket={ticket}").status_code == 401
    assert sockets.get("/api/v1/task-status/annas?ticket=wrong").status_code == 401
    assert sockets.post("/api/v1/tickets").status_code == 401


def test_a_ticket_is_good_for_a_minute_and_for_its_client() -> None:
    ring, others = KeyRing(("anna:a", "bert:b")), KeyRing(("anna:another",))
    ticket = ring.ticket("anna", now=1000.0)

    assert ring.redeem(ticket, now=1000.0 + TICKET_S) == "anna"
    assert ring.redeem(ticket, now=1001.0 + TICKET_S) is None
    assert others.redeem(ticket, now=1000.0) is None
    claim, signature = ticket.split(".")
    forged = base64.urlsafe_b64encode(f"{1000 + TICKET_S}.bert".encode()).decode().rstrip("=")
    assert ring.redeem(f"{forged}.{signature}", now=1000.0) is None
    for rubbish in ("", ".", claim, f"{claim}.", "é.é", f"{claim}.{signature}.x"):
        assert ring.redeem(rubbish, now=1000.0) is None


def test_a_key_without_a_name_is_named_without_telling_it() -> None:
    name = KeyRing(("secret",)).client_of("secret")

    assert name
    assert "secret" not in name


async def test_without_keys_a_ticket_is_empty_and_not_needed(client: httpx.AsyncClient) -> None:
    assert (await client.post("/api/v1/tickets")).json() == {"ticket": "", "expires_in": TICKET_S}


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [("https://page.test", True), ("http://testserver", True), (None, True), ("https://other.test", False)],
)
def test_only_pages_that_cors_allows_open_a_socket(
    backend: FakeBackend, settings: ApiSettings, origin: str | None, allowed: bool
) -> None:
    app = create_api(backend, replace(settings, cors_origins=("https://page.test",)))
    headers = {} if origin is None else {"Origin": origin}
    with TestClient(app) as client:
        if allowed:
            with client.websocket_connect("/ws/progress", headers=headers) as socket:
                assert socket.receive_json()["type"] == "connection_established"
        else:
            with (
                pytest.raises(WebSocketDenialResponse) as refused,
                client.websocket_connect("/ws/progress", headers=headers),
            ):
                pass
            assert refused.value.status_code == 403
