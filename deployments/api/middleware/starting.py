"""What Serve says while the application is not there."""

from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deployments.api.errors import known_error_response, request_id_of
from deployments.errors import Starting

STARTING = "the service is starting"


class NotYet:
    """For the process in front of the application: Serve's 404 for a path that no application has becomes a 503.

    Serve's proxy opens its port before any application is deployed, and answers 404 as plain text until then. Clients
    that poll a task take a 404 for its end. The application itself never answers an unknown path in plain text. `dress`
    puts what belongs to every answer onto the 503.
    """

    def __init__(self, app: ASGIApp, *, dress: Callable[[Response], ASGIApp] = lambda response: response) -> None:
        self.app = app
        self.dress = dress

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        replaced = False

        async def watched_send(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and _is_serves(message):
                replaced = True
            if not replaced:
                await send(message)

        await self.app(scope, receive, watched_send)
        if replaced:
            scope.setdefault("state", {})["refused"] = True
            answer = known_error_response(Starting(STARTING), request_id_of(scope))
            await self.dress(answer)(scope, receive, send)
        return None


def _is_serves(start: Message) -> bool:
    return start["status"] == 404 and Headers(raw=start["headers"]).get("content-type", "").startswith("text/plain")
