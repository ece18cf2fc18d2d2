"""An id for every request and WebSocket."""

import re
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deployments.api.schema.headers import REQUEST_ID

WELL_FORMED_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


class RequestIds:
    """Gives each request an id: the client's `X-Request-ID` if that is 1-128 of A-Za-z0-9._-.

    `echo` puts it on the response. Serve's proxy does that by itself, and a second header would be wrong. `pass_on`
    makes it the request's own, for a process behind this one.
    """

    def __init__(self, app: ASGIApp, *, echo: bool = True, pass_on: bool = False) -> None:
        self.app = app
        self.echo = echo
        self.pass_on = pass_on

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        given = Headers(scope=scope).get(REQUEST_ID, "")
        request_id = given if WELL_FORMED_ID.fullmatch(given) else uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        if self.pass_on and given != request_id:
            MutableHeaders(scope=scope)[REQUEST_ID] = request_id

        async def send_with_id(message: Message) -> None:
            if self.echo and message["type"] in ("http.response.start", "websocket.http.response.start"):
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            await send(message)

        return await self.app(scope, receive, send_with_id)
