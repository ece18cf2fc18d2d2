"""API keys: whose they are, and tickets that stand in for them for a moment."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable

TICKET_S = 60
"""How long a ticket opens a stream or a socket. What is open then stays open."""


class KeyRing:
    """The keys of the service: `key`, or `name:key`.

    The name says whose tasks are whose; two keys of one name are one client. A key without a name is named after its
    hash, so that nothing that is stored tells the key.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._keys: list[tuple[str, bytes]] = []
        for word in words:
            name, colon, key = word.partition(":")
            if not colon:
                name, key = hashlib.sha256(word.encode()).hexdigest()[:12], word
            self._keys.append((name, key.encode()))

    def __bool__(self) -> bool:
        return bool(self._keys)

    def client_of(self, key: str) -> str | None:
        """Every key is compared: the time taken tells nothing about which came near."""
        clients = [name for name, known in self._keys if hmac.compare_digest(known, key.encode())]
        return clients[0] if clients else None

    def ticket(self, client: str, now: float) -> str:
        """Good for TICKET_S from `now` (epoch seconds), on every replica, and of no use to find out the key."""
        key = next(key for name, key in self._keys if name == client)
        claim = f"{int(now) + TICKET_S}.{client}"
        return f"{_text(claim.encode())}.{_text(_sign(key, claim))}"

    def redeem(self, ticket: str, now: float) -> str | None:
        """The client, unless the ticket is too old or not one of ours."""
        try:
            claim, signature = (_bytes(part) for part in ticket.split("."))
            until, _, client = claim.decode().partition(".")
            late = int(until) < now
        except (ValueError, binascii.Error):
            return None
        signed = [
            hmac.compare_digest(_sign(key, claim.decode()), signature) for name, key in self._keys if name == client
        ]
        return client if any(signed) and not late else None


def key_in_protocol(protocol: str) -> str | None:
    """The key a browser sends as a WebSocket subprotocol: `key.` and the key in base64url without padding, because a
    subprotocol may not hold every character."""
    if not protocol.startswith("key."):
        return None
    try:
        return _bytes(protocol.removeprefix("key.")).decode()
    except (ValueError, binascii.Error):
        return None


def _sign(key: bytes, claim: str) -> bytes:
    return hmac.new(key, b"ticket:" + claim.encode(), hashlib.sha256).digest()


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
