"""The AsyncAPI document. That real messages are as it says, `asgi.Socket` checks in every test of sockets."""

from typing import Any
from unittest.mock import Mock

import httpx

from deployments.api.live.protocol import FROM_CLIENT
from deployments.api.live.websocket import Connection
from tests.deployments.fakes import FakeBackend


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for item in node.values() for found in references(item)]
    return [found for item in node for found in references(item)] if isinstance(node, list) else []


async def test_the_document_is_served_and_every_reference_leads_somewhere(client: httpx.AsyncClient) -> None:
    document = (await client.get("/asyncapi.json")).json()

    found = references(document)
    assert document["asyncapi"] == "3.0.0"
    assert len(found) > 20
    for reference in found:
        node = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
        assert node


def test_every_command_is_described(backend: FakeBackend) -> None:
    commands = Connection(Mock(scope={}), backend.tasks).commands

    assert FROM_CLIENT.keys() == {*commands, "subscribe_all", "authenticate", "ping"}
