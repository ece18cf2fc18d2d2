"""The first words on a WebSocket: a subprotocol, and a key if one is still missing."""

import asyncio
import time
from contextlib import suppress

from fastapi import WebSocket, WebSocketDisconnect
from pydantic_core import from_json

from deployments.api.key_ring import KeyRing, key_in_protocol

AUTHENTICATE_S = 10.0
UNAUTHORIZED = 4401


async def accept(websocket: WebSocket, keys: KeyRing) -> bool:
    """Accept the connection; False if it has been closed again (4401), because keys are in use and none was brought.

    The client has AUTHENTICATE_S for a message `{"type": "authenticate", "api_key": ...}`, or `"ticket": ...`, unless
    it has brought one of them before. A client that offers subprotocols must be answered with one of them, or browsers
    give up: the first that is no key.
    """
    offered = websocket.scope.get("subprotocols", [])
    names = [protocol for protocol in offered if key_in_protocol(protocol) is None]
    await websocket.accept(subprotocol=next(iter((*names, *offered)), None))
    state = websocket.scope.setdefault("state", {})
    if not state.get("must_authenticate"):
        return True
    state["client"] = await _client(websocket, keys)
    if state["client"] is None:
        with suppress(WebSocketDisconnect, RuntimeError, OSError):
            await websocket.close(UNAUTHORIZED, "API key missing or unknown")
        return False
    return True


async def _client(websocket: WebSocket, keys: KeyRing) -> str | None:
    try:
        async with asyncio.timeout(AUTHENTICATE_S):
            message = from_json(await websocket.receive_text())
    except (TimeoutError, ValueError, KeyError, WebSocketDisconnect):
        return None
    if not isinstance(message, dict) or message.get("type") != "authenticate":
        return None
    key, ticket = message.get("api_key"), message.get("ticket")
    if isinstance(key, str):
        return keys.client_of(key)
    return keys.redeem(ticket, time.time()) if isinstance(ticket, str) else None
