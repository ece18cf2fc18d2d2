"""Who is let in before a byte of the body is read, and what becomes of a body that does not fit."""

import asyncio
import gzip
import json
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from deployments.api.admission import visit
from deployments.api.admission.clients import Clients
from deployments.api.admission.desk import SMALL_BODY_BYTES, Desk
from deployments.api.key_ring import KeyRing
from deployments.api.middleware.admission import Admission
from deployments.api.schema.examples import IMAGE, RECTANGLE
from deployments.config.api_settings import AdmissionSettings, ApiSettings
from tests.deployments.api.asgi import Client, assert_error
from tests.deployments.fakes import FakeBackend

PATH = "/api/v1/inpaint-regions"
BODY = {"image": IMAGE, "regions": [RECTANGLE]}


@pytest.fixture
def settings(settings: ApiSettings) -> ApiSettings:
    return replace(settings, admission=AdmissionSettings(max_waiting=2, max_held_bytes=2**20, client_share=1.0))


@pytest.fixture
def busy(backend: FakeBackend) -> FakeBackend:
    """All places are taken."""
    for client in ("a", "b"):
        backend.desk.synchronous.enter(client, 0)
    return backend


def chunked(client: Client) -> Client:
    client.scope["headers"].append((b"transfer-encoding", b"chunked"))
    return client


async def test_a_full_service_refuses_before_it_reads_the_body(app: FastAPI, busy: FakeBackend) -> None:
    # Given
    client = Client(PATH, [b"{}"])
    client.scope["headers"].append((b"content-length", b"2"))
    # When
    await app(client.scope, client.receive, client.send)
    # Then
    assert (client.status, client.answer["error"], client.taken_before_answer) == (429, "queue_full", 0)
    headers = dict(client.sent[0]["headers"])
    assert int(headers[b"retry-after"]) >= 1
    assert b"access-control-allow-origin" in headers or b"origin" not in dict(client.scope["headers"])


@pytest.mark.parametrize("path", ["health", "model", "info", "tasks", "task-status/x"])
async def test_a_full_service_says_how_it_is(client: httpx.AsyncClient, busy: FakeBackend, path: str) -> None:
    assert (await client.get(f"/api/v1/{path}")).status_code in (200, 404)


async def test_a_full_service_cancels_and_takes_tasks(client: httpx.AsyncClient, busy: FakeBackend) -> None:
    answer = await client.post("/api/v1/inpaint-regions-async", json={**BODY, "task_id": "t"})
    assert answer.status_code == 202
    assert (await client.post("/api/v1/cancel-task/t")).status_code == 200


async def test_who_brings_much_needs_a_place_wherever_it_goes(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    for number in range(8):
        backend.desk.submissions.enter(str(number), 0)
    for path in ("cancel-task/t", "tickets", "nowhere"):
        answer = await client.post(f"/api/v1/{path}", content=bytes(SMALL_BODY_BYTES + 1))
        assert_error(answer, 429, "queue_full")


async def test_a_place_is_given_back_whatever_the_answer(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    for body in (b"{}", b"{", json.dumps(BODY).encode()):
        await client.post(PATH, content=body, headers={"content-type": "application/json"})
    backend.error = RuntimeError("broken")
    await client.post(PATH, json=BODY)
    ledger = backend.desk.synchronous
    assert (ledger.visits, ledger.places, ledger.held_bytes) == (0, 0, 0)


async def test_a_client_that_hangs_up_gives_its_place_back(app: FastAPI, backend: FakeBackend) -> None:
    # Given
    backend.gate = asyncio.Event()
    client = Client(PATH, [json.dumps(BODY).encode()])
    request = asyncio.create_task(app(client.scope, client.receive, client.send))
    await backend.working.wait()
    assert backend.desk.synchronous.places == 1
    # When
    client.gone.set()
    await request
    # Then
    assert (backend.cancelled, backend.desk.synchronous.visits) == (1, 0)


async def test_a_body_of_unknown_length_holds_what_has_come_and_is_cut_when_no_more_fits(
    app: FastAPI, backend: FakeBackend
) -> None:
    # Given: another request has most of the bytes
    ledger = backend.desk.synchronous
    ledger.enter("other", ledger.bounds.held_bytes - 10_000)
    client = chunked(Client(PATH, [bytes(4000)] * 20))
    # When
    await app(client.scope, client.receive, client.send)
    # Then
    assert (client.status, client.answer["details"]["lacking"], client.taken_before_answer) == (429, "bytes", 3)
    assert ledger.visits == 1


async def test_what_a_coded_body_becomes_is_counted_too(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    # Given
    ledger = backend.desk.synchronous
    ledger.enter("other", ledger.bounds.held_bytes - 100_000)
    bomb = gzip.compress(bytes(8_000_000))
    assert len(bomb) < 50_000
    # When
    headers = {"content-encoding": "gzip", "content-type": "application/json"}
    answer = await client.post(PATH, content=bomb, headers=headers)
    # Then
    assert assert_error(answer, 429, "queue_full")["details"]["lacking"] == "bytes"


async def test_a_body_that_does_not_come_is_given_up(
    app: FastAPI, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given: half a body
    monkeypatch.setattr(visit, "PATIENCE_S", 0.02)
    client = Client(PATH, [b'{"image":', b"never"])
    client.scope["headers"].append((b"content-length", b"1000"))

    async def receive() -> dict[str, Any]:
        if client.taken == 1:
            await asyncio.Event().wait()
        return await client.receive()

    # When
    await app(client.scope, receive, client.send)
    # Then
    assert (client.status, client.answer["error"]) == (408, "slow_body")
    assert backend.desk.synchronous.visits == 0


async def test_a_body_in_good_time_may_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes that came earn time for those to come."""
    # Given
    now = 0.0
    chunk = {"type": "http.request", "body": bytes(10 * visit.MIN_BYTES_PER_S), "more_body": True}

    async def receive() -> Any:
        nonlocal now
        now += 9.0
        return chunk

    place = Desk(AdmissionSettings(1, 2**30, 1.0)).synchronous.enter("a", 0)
    incoming = visit.Incoming(receive, place, 2**30, clock=lambda: now)
    # When / Then
    for _ in range(20):
        assert await incoming() == chunk
    assert place.held_bytes == 20 * len(chunk["body"])  # type: ignore[arg-type]


def socket_door(app: Any) -> Admission:
    desk = Desk(AdmissionSettings(4, 2**30, 1.0))
    return Admission(app, desk, Clients(KeyRing(()), ()), 2**20, own_socket=True)


async def one_large_answer(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": bytes(range(256)) * 4096})


async def test_a_large_answer_goes_out_in_pieces_and_is_held_until_the_last() -> None:
    # Given
    door = socket_door(one_large_answer)
    client = Client(PATH, [b""])
    held: list[tuple[int, int]] = []

    async def send(message: Any) -> None:
        held.append((door.desk.synchronous.places, door.desk.synchronous.held_bytes))
        await client.send(message)

    # When
    await door(client.scope, client.receive, send)
    # Then
    assert b"".join(message.get("body", b"") for message in client.sent) == bytes(range(256)) * 4096
    assert max(len(message.get("body", b"")) for message in client.sent) <= visit.PIECE_BYTES
    assert [message.get("more_body") for message in client.sent[1:]] == [True] * 8 + [False]
    assert held[1:] == [(0, 2**20)] * 9
    assert door.desk.synchronous.held_bytes == 0


async def test_a_client_that_does_not_read_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given
    monkeypatch.setattr(visit, "PATIENCE_S", 0.01)
    monkeypatch.setattr(visit, "MIN_BYTES_PER_S", 2**40)
    door = socket_door(one_large_answer)
    client = Client(PATH, [b""])

    async def send(message: Any) -> None:
        if len(client.sent) > 3:
            await asyncio.Event().wait()
        await client.send(message)

    # When
    with pytest.raises(visit.SlowReader):
        await door(client.scope, client.receive, send)
    # Then
    assert door.desk.synchronous.visits == 0
