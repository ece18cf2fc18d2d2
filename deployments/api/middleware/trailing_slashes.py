"""A path with a slash too many at its end."""

from starlette.types import ASGIApp, Receive, Scope, Send


class TrailingSlashes:
    """Serves `/path/` as `/path`, HTTP and WebSocket alike.

    Starlette would redirect to an absolute URL, which loses https behind a proxy, and a WebSocket to nowhere.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            root, path = scope.get("root_path", ""), scope["path"]
            if path.endswith("/") and path not in ("/", f"{root}/"):
                raw = scope.get("raw_path") or b""
                scope = {**scope, "path": path.rstrip("/") or "/", "raw_path": raw.rstrip(b"/")}
        return await self.app(scope, receive, send)
