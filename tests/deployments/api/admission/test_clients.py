"""Under which name a request shares the room."""

import pytest

from deployments.api.admission.clients import Clients
from deployments.api.key_ring import KeyRing
from deployments.errors import Unauthorized

PROXIES = ("127.0.0.0/8", "10.0.0.0/8")


def name(client: str | None, keys: str = "", trusted: tuple[str, ...] = PROXIES, **headers: str) -> str:
    scope = {
        "type": "http",
        "client": None if client is None else (client, 5),
        "headers": [(key.replace("_", "-").encode(), value.encode()) for key, value in headers.items()],
    }
    return Clients(KeyRing(keys.split(",") if keys else ()), trusted).name_of(scope)


def test_without_keys_it_is_the_address() -> None:
    assert name("203.0.113.7") == "203.0.113.7"
    assert name("203.0.113.7", x_forwarded_for="198.51.100.1") == "203.0.113.7"
    assert name(None) == ""


def test_behind_proxies_it_is_the_nearest_address_that_is_none_of_them() -> None:
    assert name("10.0.0.2", x_forwarded_for="8.8.8.8, 203.0.113.7, 10.0.0.9") == "203.0.113.7"
    assert name("10.0.0.2", x_forwarded_for="10.0.0.7") == "10.0.0.7"
    assert name("198.51.100.1", trusted=("*",), x_forwarded_for="203.0.113.7, 8.8.8.8") == "203.0.113.7"
    assert name("10.0.0.2", x_forwarded_for="unknown") == "unknown"


def test_an_ipv6_client_has_a_network_of_addresses() -> None:
    assert name("2001:db8:1:2:3::4") == name("2001:db8:1:2:ffff::1") != name("2001:db8:1:3::4")
    assert name("::ffff:203.0.113.7") == "203.0.113.7"


def test_with_keys_it_is_the_name_of_the_key() -> None:
    assert name("203.0.113.7", "shop:secret", authorization="Bearer secret") == "key shop"
    with pytest.raises(Unauthorized):
        name("203.0.113.7", "shop:secret", x_api_key="wrong")
