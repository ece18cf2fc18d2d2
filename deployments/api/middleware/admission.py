"""Who may come in: decided by the headers, before the body is read."""

from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deployments.api.admission.clients import Clients
from deployments.api.admission.desk import Desk
from deployments.api.admission.ledger import Place
from deployments.api.admission.visit import PLACE, Incoming, Outgoing
from deployments.api.errors import known_error_response, request_id_of
from models.errors import ImageTooLarge, TextRemovalError


class Admission:
    """Gives a request that brings work a place at the desk, and takes it back when its answer has gone out.

    `max_body_bytes`: what is longer is 413. `own_socket`: the process holds the client's connection itself, so answers
    are handed to it piece by piece. `dress` puts what belongs to every answer onto a refusal.

    Where Serve's own proxy holds the connection, it reads a body into memory as fast as it comes, and so does the
    replica behind it: only a place given in the proxy keeps bytes out (`deployments/gateway/front.py`).
    """

    def __init__(
        self,
        app: ASGIApp,
        desk: Desk,
        clients: Clients,
        max_body_bytes: int,
        *,
        own_socket: bool = False,
        dress: Callable[[Response], ASGIApp] = lambda response: response,
    ) -> None:
        self.app = app
        self.desk = desk
        self.clients = clients
        self.max_body_bytes = max_body_bytes
        self.own_socket = own_socket
        self.dress = dress

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        outgoing = Outgoing(send) if self.own_socket else send
        try:
            place = self._place(scope)
        except TextRemovalError as error:
            return await self._refuse(error, scope, receive, send)
        if place is None:
            return await self.app(scope, receive, outgoing)
        incoming = Incoming(receive, place, self.max_body_bytes)
        begun = False

        async def watched_send(message: Message) -> None:
            nonlocal begun
            if incoming.refusal is not None and not begun:
                return  # what the application says of the hang-up it was told
            begun = True
            if message["type"] == "http.response.start":
                place.answered()
            else:
                place.hold(len(message.get("body", b"")), force=True)
            await outgoing(message)

        token = PLACE.set(place)
        try:
            await self.app(scope, incoming, watched_send)
        finally:
            PLACE.reset(token)
            place.leave()
        if incoming.refusal is not None and not begun:
            await self._refuse(incoming.refusal, scope, receive, send)
        return None

    def _place(self, scope: Scope) -> Place | None:
        """Raises: ShuttingDown, Unauthorized, ImageTooLarge, QueueFull."""
        length = _length(Headers(scope=scope))
        ledger = self.desk.ledger_of(scope["method"], scope["path"], length)
        if ledger is None:
            return None
        client = self.clients.name_of(scope)
        if length is not None and length > self.max_body_bytes:
            raise ImageTooLarge(
                f"the body is over the limit of {self.max_body_bytes} bytes", limit_bytes=self.max_body_bytes
            )
        return ledger.enter(client, length or 0)

    async def _refuse(self, error: TextRemovalError, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["refused"] = True
        await self.dress(known_error_response(error, request_id_of(scope)))(scope, receive, send)


def _length(headers: Headers) -> int | None:
    """Bytes of the body as declared; 0 without one; None if it ends when it ends."""
    if "transfer-encoding" in headers:
        return None
    declared = headers.get("content-length", "0")
    return int(declared) if declared.isdecimal() else None
