"""Where clients see the service: behind a proxy that is another scheme, host and path than it sees itself."""

import re
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send

PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)+")
HOST = re.compile(r"[A-Za-z0-9._-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
SCHEMES = {"http": ("http", "ws"), "ws": ("http", "ws"), "https": ("https", "wss"), "wss": ("https", "wss")}

EVERYBODY = "*"


class Forwarded:
    """Takes scheme, host and prefix from X-Forwarded-Proto, -Host and -Prefix if a trusted proxy sends them.

    `trusted` lists addresses and networks, or `*`. Without a prefix from a proxy it is `root_path`. The prefix is put
    before `root_path` and `path` of the scope, as ASGI wants it, whether the proxy has stripped it or not; all links
    follow from there. A value that cannot be one is passed over.
    """

    def __init__(self, app: ASGIApp, *, trusted: Iterable[str], root_path: str = "") -> None:
        self.app = app
        self.everybody = EVERYBODY in trusted
        self.networks = [ip_network(word, strict=False) for word in trusted if word != EVERYBODY]
        self.root_path = root_path.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        scope = dict(scope)
        prefix = self.root_path
        if self.everybody or is_in(_peer(scope), self.networks):
            headers = Headers(scope=scope)
            if schemes := SCHEMES.get(_first(headers, "x-forwarded-proto").lower()):
                scope["scheme"] = schemes[scope["type"] == "websocket"]
            if HOST.fullmatch(host := _first(headers, "x-forwarded-host")):
                scope["headers"] = list(scope["headers"])
                MutableHeaders(scope=scope)["host"] = host
            if PREFIX.fullmatch(given := _first(headers, "x-forwarded-prefix").rstrip("/")):
                prefix = given
        if prefix:
            _put_below(scope, prefix)
        return await self.app(scope, receive, send)


def _put_below(scope: Scope, prefix: str) -> None:
    root, path, raw = scope.get("root_path", ""), scope["path"], scope.get("raw_path") or b""
    scope["root_path"] = prefix + root
    if path != prefix and not path.startswith(f"{prefix}/"):
        scope["path"], scope["raw_path"] = prefix + path, prefix.encode() + raw


def _first(headers: Headers, name: str) -> str:
    """The value the proxy nearest to the client has set."""
    return headers.get(name, "").partition(",")[0].strip()


def _peer(scope: Scope) -> str:
    """Who is at the other end of the connection.

    uvicorn trusts the loopback addresses and puts the client they name in their place, with port 0.
    """
    client = scope.get("client")
    if client is None or not client[1]:
        return "127.0.0.1"
    return str(client[0])


def is_in(address: str, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None) or parsed
    return any(mapped in network for network in networks)
