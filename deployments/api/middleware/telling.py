"""Tells of every answer once it has gone out: to be counted and logged."""

import re
import time
from collections.abc import Callable, Iterable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deployments.api.errors import CLIENT_CLOSED_REQUEST, request_id_of
from deployments.api.ports import Answered

OTHER = "other"
"""The route of what is none of the service's paths: anybody can make up as many as they like."""


class RouteNames:
    """Finds the path, as OpenAPI writes it, that an address belongs to. `root_path` may stand in front of it."""

    def __init__(self, paths: Iterable[str], root_path: str = "") -> None:
        self._plain = frozenset(path for path in paths if "{" not in path)
        self._patterns = [(re.compile(_pattern(path)), path) for path in paths if "{" in path]
        self._root_path = root_path

    def name(self, path: str) -> tuple[str, dict[str, str]]:
        """The route and its parameters."""
        for tried in (path, path.removeprefix(self._root_path)):
            if (plain := tried.rstrip("/") or "/") in self._plain:
                return plain, {}
            for pattern, route in self._patterns:
                if found := pattern.fullmatch(plain):
                    return route, found.groupdict()
        return OTHER, {}


def _pattern(path: str) -> str:
    return re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path))


class Telling:
    """Calls `tell` when an answer has gone out or its client has hung up; a WebSocket is none. `only_refused`: of those
    answers that a middleware before the application has given (`refused` in the scope's state)."""

    def __init__(
        self,
        app: ASGIApp,
        tell: Callable[[Answered], None],
        routes: Callable[[], RouteNames],
        *,
        only_refused: bool = False,
    ) -> None:
        self.app = app
        self.tell = tell
        self.routes = routes
        self.only_refused = only_refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started = time.monotonic()
        state = scope.setdefault("state", {})
        status = CLIENT_CLOSED_REQUEST
        headers = Headers()

        async def watched_send(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], Headers(raw=message["headers"])
            await send(message)

        try:
            await self.app(scope, receive, watched_send)
        finally:
            if not self.only_refused or state.get("refused"):
                route, parameters = self.routes().name(scope["path"])
                self.tell(
                    Answered(
                        route,
                        status,
                        time.monotonic() - started,
                        headers.get("x-model", ""),
                        headers.get("x-model-fallback", ""),
                        state.get("client", ""),
                        parameters.get("task_id", state.get("task_id", "")),
                        request_id_of(scope),
                    )
                )
