"""Whom the service may call back: an allow-list of hosts, and the rule for the addresses behind them."""

import ipaddress
import logging
import socket
from collections.abc import Iterable, Sequence

import httpx

from deployments.messages.task import Callback, CallbackState
from models.errors import InvalidRequest

logger = logging.getLogger(__name__)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

MAX_URL_LENGTH = 2048
MAX_HOST_LENGTH, MAX_LABEL_LENGTH = 253, 63

_METADATA = frozenset(
    ipaddress.ip_address(address)
    for address in ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192")
)
"""Where clouds answer with credentials: AWS, GCP, OpenStack (first two), Alibaba, Azure, Oracle."""


class CallbackRefused(Exception):
    """The address behind an allowed host is one the service never calls; the text says why, for the task's owner."""


class CallbackPolicy:
    """`allowed_hosts` are names, `*.example.org` (any depth below, not the name itself) or address literals.

    A private address is fine if the host is allowed: calling back inside one's own network is the usual case. A
    loopback, link-local, multicast, unspecified, reserved or metadata address is refused, whatever name leads to it,
    unless the list holds that very address, or `localhost` for loopback.
    """

    def __init__(self, allowed_hosts: Iterable[str]) -> None:
        hosts = [_normal(host.strip()) for host in allowed_hosts if host.strip()]
        self._suffixes = tuple(host[1:] for host in hosts if host.startswith("*."))
        self._hosts = frozenset(host for host in hosts if not host.startswith("*."))

    def judge(self, url: str) -> Callback:
        """Before the task starts, by name only: pending, or refused with the reason.

        Raises: InvalidRequest when this is not an http(s) URL with a host.
        """
        host = host_of(parse(url))
        if self.allows(host):
            return Callback(url, CallbackState.PENDING)
        reason = not_allowed(host)
        logger.warning("callback refused: %s", reason)
        return Callback(url, CallbackState.REFUSED, reason=reason)

    def allows(self, host: str) -> bool:
        host = _normal(host)
        return host in self._hosts or host.endswith(self._suffixes)

    def permitted(self, host: str, addresses: Sequence[str]) -> list[str]:
        """Those of the `addresses` that `host` resolved to which may be called. Raises: CallbackRefused when none."""
        found = [address for address in addresses if self._permits(ipaddress.ip_address(address.partition("%")[0]))]
        if not found:
            raise CallbackRefused(f"the host {host} leads to a loopback, link-local or other internal address")
        return found

    def _permits(self, address: Address) -> bool:
        embedded = _embedded(address)
        if str(address) in self._hosts or str(embedded) in self._hosts:
            return True
        if embedded.is_loopback:
            return "localhost" in self._hosts
        internal = embedded.is_link_local or embedded.is_multicast or embedded.is_unspecified or embedded.is_reserved
        return not internal and embedded not in _METADATA


def not_allowed(host: str) -> str:
    """Why a host is refused, and what whoever runs the service can do about it."""
    return f"the host {host} is not in CALLBACK_ALLOWED_HOSTS; add it there to allow it: CALLBACK_ALLOWED_HOSTS={host}"


def parse(url: str) -> httpx.URL:
    """Raises: InvalidRequest."""
    try:
        parsed = httpx.URL(url)
        sound = parsed.scheme in ("http", "https") and _is_host(host_of(parsed)) and len(url) <= MAX_URL_LENGTH
    except (httpx.InvalidURL, UnicodeError):
        sound = False
    if not sound or any(character.isspace() for character in url):
        raise InvalidRequest("callback_url is not an http or https URL", field="callback_url")
    return parsed


def host_of(url: httpx.URL) -> str:
    """The host as DNS knows it: ASCII, lower case; an IPv6 literal without brackets."""
    return _normal(url.raw_host.decode("ascii"))


def resolve(host: str, port: int) -> list[str]:
    """Blocks; the system's resolver, each address once, in its order. Raises: OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def _is_host(host: str) -> bool:
    """By the lengths of RFC 1035: resolvers raise what they like for others."""
    return 0 < len(host) <= MAX_HOST_LENGTH and all(0 < len(label) <= MAX_LABEL_LENGTH for label in host.split("."))


def _normal(host: str) -> str:
    host = host.strip("[]").rstrip(".").lower()
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    if host.isascii():
        return host
    return str(host.encode("idna"), "ascii")


def _embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 one only wraps (mapped, 6to4 or Teredo), else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)
