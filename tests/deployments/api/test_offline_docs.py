"""The documentation pages need nothing but the service itself."""

import re
from dataclasses import replace

import httpx
import pytest

from deployments.api.app import create_api
from deployments.config.api_settings import ApiSettings
from tests.deployments.fakes import FakeBackend

LOADED = re.compile(r"""(?:src|href|url|spec-url)["']?\s*[=:]\s*["']([^"']+)["']""")
"""What the page, or the script in it, names as an address to load."""


@pytest.mark.parametrize(("root_path", "keys"), [("", ()), ("", ("secret",)), ("/erase", ())])
@pytest.mark.parametrize("page", ["/docs", "/redoc"])
async def test_a_page_loads_only_what_the_service_itself_serves_without_a_key(
    backend: FakeBackend, settings: ApiSettings, page: str, root_path: str, keys: tuple[str, ...]
) -> None:
    # Given
    transport = httpx.ASGITransport(create_api(backend, replace(settings, api_keys=keys)), root_path=root_path)
    async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as client:
        # When
        addresses = LOADED.findall((await client.get(root_path + page)).text)
        # Then
        assert f"{root_path}/openapi.json" in addresses
        assert len(addresses) >= 3
        for address in addresses:
            assert address.startswith(f"{root_path}/")
            assert (await client.get(address)).status_code == 200, address
