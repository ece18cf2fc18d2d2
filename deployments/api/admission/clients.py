"""Who asks, for those who share fairly: the name of the API key, else the address."""

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address, ip_network

from starlette.datastructures import Headers
from starlette.types import Scope

from deployments.api.key_ring import KeyRing
from deployments.api.middleware.api_keys import KEY_NEEDED, offered_keys
from deployments.api.middleware.forwarded import EVERYBODY, is_in
from deployments.errors import Unauthorized

ONE_SITE_BITS = 64
"""An IPv6 client has at least so large a network to choose its addresses from (RFC 6177)."""


class Clients:
    """`trusted` are the proxies whose X-Forwarded-For is believed, as for `Forwarded`."""

    def __init__(self, keys: KeyRing, trusted: Iterable[str]) -> None:
        words = tuple(trusted)
        self._keys = keys
        self._everybody = EVERYBODY in words
        self._networks = [ip_network(word, strict=False) for word in words if word != EVERYBODY]

    def name_of(self, scope: Scope) -> str:
        """Raises: Unauthorized if keys are configured and none of them comes with the request."""
        known = scope.get("state", {}).get("client")
        if known is not None:
            return f"key {known}"
        if not self._keys:
            return self._address(scope)
        names = [name for key in offered_keys(scope) if (name := self._keys.client_of(key)) is not None]
        if not names:
            raise Unauthorized(KEY_NEEDED)
        return f"key {names[0]}"

    def _address(self, scope: Scope) -> str:
        """The nearest address that is no proxy's. uvicorn has put what loopback proxies say into the scope already."""
        client = scope.get("client")
        hops = [hop.strip() for hop in Headers(scope=scope).get("x-forwarded-for", "").split(",") if hop.strip()]
        if client is not None:
            hops.append(client[0])
        for hop in reversed(hops):
            if not self._everybody and not is_in(hop, self._networks):
                return _site(hop)
        return _site(hops[0]) if hops else ""


def _site(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ip_network((parsed, ONE_SITE_BITS), strict=False))
    return str(parsed)
