"""What is still being sent when the answer is known."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI

from deployments.api.middleware import draining
from tests.deployments.api.asgi import Client

PATH = "/api/v1/inpaint-regions"


def refused(chunks: list[bytes]) -> Client:
    client = Client(PATH, chunks)
    client.scope["headers"].append((b"content-length", b"100000000"))
    return client


async def test_the_rest_of_a_refused_body_is_read_after_the_answer_and_before_its_end(app: FastAPI) -> None:
    # Given
    client = refused([b"{}"] * 5)
    # When
    await app(client.scope, client.receive, client.send)
    # Then
    assert (client.status, client.taken_before_answer, client.taken) == (413, 0, 5)
    assert [message.get("more_body") for message in client.sent[1:]] == [True, False]


async def test_a_body_that_was_read_is_answered_without_more_ado(app: FastAPI) -> None:
    # Given
    client = Client(PATH, [b"{", b"}"])
    client.scope["headers"].append((b"content-length", b"2"))
    # When
    await app(client.scope, client.receive, client.send)
    # Then
    assert client.status == 422
    assert len(client.sent) == 2


async def test_no_more_is_read_than_the_bound(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given
    monkeypatch.setattr(draining, "MAX_BYTES", 10)
    client = refused([bytes(4)] * 100)
    # When
    await app(client.scope, client.receive, client.send)
    # Then
    assert client.taken == 3


async def test_a_client_that_sends_nothing_more_is_not_waited_for_long(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    monkeypatch.setattr(draining, "MAX_PAUSE_S", 0.01)
    client = refused([])

    async def silence() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    # When
    await app(client.scope, silence, client.send)
    # Then
    assert client.sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
