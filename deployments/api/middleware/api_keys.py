"""Who may ask at all."""

from collections.abc import Iterable
from hmac import compare_digest
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from deployments.api.errors import known_error_response, request_id_of
from deployments.errors import Unauthorized


class ApiKeys:
    """Lets only those pass who bring one of the keys, as `Authorization: Bearer` or `X-API-Key`.

    A WebSocket may bring it as `?api_key=` too, since browsers cannot set headers there; it then stands in access
    logs. `open_paths` and everything below them need no key.
    """

    def __init__(self, app: ASGIApp, keys: Iterable[str], open_paths: Iterable[str]) -> None:
        self.app = app
        self.keys = tuple(key.encode() for key in keys)
        self.open_paths = frozenset(open_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or self._open(_route_path(scope)) or self._admits(scope):
            return await self.app(scope, receive, send)
        if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
            return await send({"type": "websocket.close", "code": 4401, "reason": "API key missing or unknown"})
        error = Unauthorized(
            "this service asks for an API key: send 'Authorization: Bearer <key>' or 'X-API-Key: <key>'"
        )
        return await known_error_response(error, request_id_of(scope))(scope, receive, send)

    def _open(self, path: str) -> bool:
        return path in self.open_paths or any(path.startswith(f"{place}/") for place in self.open_paths if place != "/")

    def _admits(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        offered = [headers.get("x-api-key", "")]
        if scheme.lower() == "bearer":
            offered.append(bearer.strip())
        if scope["type"] == "websocket":
            offered += parse_qs(scope["query_string"].decode("latin-1")).get("api_key", [])
        # Every pair is compared: the time taken tells nothing about which key came near.
        matches = [compare_digest(key, offer.encode()) for key in self.keys for offer in offered if offer]
        return any(matches)


def _route_path(scope: Scope) -> str:
    """The path below the prefix the application is mounted at."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", "")) or "/"
