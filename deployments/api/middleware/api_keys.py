"""Who may ask at all, and who it is."""

import time
from collections.abc import Iterable
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from deployments.api.errors import known_error_response, request_id_of
from deployments.api.key_ring import KeyRing, key_in_protocol
from deployments.errors import Unauthorized

KEY_NEEDED = "this service asks for an API key: send 'Authorization: Bearer <key>' or 'X-API-Key: <key>'"


class ApiKeys:
    """Lets only those pass who bring one of the keys, and notes the client of the key in the scope's state.

    A key comes as `Authorization: Bearer` or `X-API-Key`. Where a browser cannot set headers there are other ways, and
    none of them puts the key into an address: a WebSocket takes it as a subprotocol (`key.<base64url>`) or in its first
    message; there and for GET a ticket does, as `?ticket=`. `open_paths` and everything below them need no key.
    """

    def __init__(self, app: ASGIApp, keys: KeyRing, open_paths: Iterable[str]) -> None:
        self.app = app
        self.keys = keys
        self.open_paths = frozenset(open_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or self._open(_route_path(scope)):
            return await self.app(scope, receive, send)
        state = scope.setdefault("state", {})
        offered = offered_keys(scope)
        client = next((client for key in offered if (client := self.keys.client_of(key)) is not None), None)
        ticket = parse_qs(scope["query_string"].decode("latin-1")).get("ticket", [])
        if client is None and ticket and (scope["type"] == "websocket" or scope["method"] == "GET"):
            client = self.keys.redeem(ticket[0], time.time())
        if client is not None:
            state["client"] = client
            return await self.app(scope, receive, send)
        if scope["type"] == "websocket" and not offered and not ticket:
            state["must_authenticate"] = True
            return await self.app(scope, receive, send)
        if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
            return await send({"type": "websocket.close", "code": 4401, "reason": "API key missing or unknown"})
        error = Unauthorized(KEY_NEEDED)
        return await known_error_response(error, request_id_of(scope))(scope, receive, send)

    def _open(self, path: str) -> bool:
        return path in self.open_paths or any(path.startswith(f"{place}/") for place in self.open_paths if place != "/")


def offered_keys(scope: Scope) -> list[str]:
    """All that a request or WebSocket offers, wherever it stands."""
    headers = Headers(scope=scope)
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    offered = [headers.get("x-api-key", "")]
    if scheme.lower() == "bearer":
        offered.append(bearer.strip())
    offered += [key_in_protocol(protocol) or "" for protocol in scope.get("subprotocols", ())]
    return [key for key in offered if key]


def _route_path(scope: Scope) -> str:
    """The path below the prefix the application is mounted at."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", "")) or "/"
