"""Which web pages may open a WebSocket: browsers ask no CORS question for those, but they say who asks."""

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from deployments.api.errors import error_response, request_id_of


class WebSocketOrigins:
    """Refuses a WebSocket of a page that CORS_ORIGINS does not list and that is not the service's own.

    Clients that are no browsers send no Origin and pass.
    """

    def __init__(self, app: ASGIApp, allowed: Collection[str]) -> None:
        self.app = app
        self.allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket" or self._may(Headers(scope=scope)):
            return await self.app(scope, receive, send)
        if "websocket.http.response" not in scope.get("extensions", {}):
            return await send({"type": "websocket.close", "code": 4403, "reason": "origin not allowed"})
        message = "pages of this origin may not open a WebSocket here; CORS_ORIGINS lists those that may"
        return await error_response(403, "forbidden_origin", message, request_id_of(scope))(scope, receive, send)

    def _may(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        if origin is None or "*" in self.allowed or origin in self.allowed:
            return True
        return origin.partition("://")[2] == headers.get("host")
