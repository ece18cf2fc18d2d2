"""The web page."""

import json
import re
import shutil
import subprocess

import httpx
import pytest

from deployments.api.key_ring import key_in_protocol
from deployments.api.routes.ui import PAGE


async def test_the_page_is_served_and_loads_nothing(client: httpx.AsyncClient) -> None:
    # When
    answer = await client.get("/ui")
    # Then
    assert answer.headers["content-type"].startswith("text/html")
    assert re.findall(r"""(?:src|href)=["']?([^"'>]*)""", answer.text) == ["data:,"]
    assert set(re.findall(r"https?://[^\"'\s]+", answer.text)) == {"http://www.w3.org/2000/svg"}


async def test_every_route_the_page_calls_is_there(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    called = {path.partition("$")[0] for path in re.findall(r"call\([\"`]([^\"`]+)", PAGE.read_text())}
    assert len(called) == 5
    for path in called:
        assert any(known.startswith(f"/api/v1{path}") for known in paths), path


def test_every_control_the_script_names_is_in_the_page() -> None:
    page = PAGE.read_text()
    named = set(re.findall(r'\$\("(\w+)"\)', page))
    assert len(named) >= 20
    assert named <= set(re.findall(r'id="(\w+)"', page))


async def test_browsers_get_an_icon_without_a_key(client: httpx.AsyncClient) -> None:
    answer = await client.get("/favicon.ico")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")


@pytest.mark.skipif(shutil.which("node") is None, reason="no Node here; CI has one")
def test_the_page_sends_its_key_as_a_subprotocol_the_service_reads() -> None:
    script = PAGE.read_text()
    start = script.index("function protocols(key)")
    function = script[start : script.index("\n}", start) + 2]
    key = "clé+/=? 𝄞"

    done = subprocess.run(
        ["node", "-e", f"{function}; console.log(JSON.stringify([protocols(''), protocols({json.dumps(key)})]))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    without, offered = json.loads(done.stdout)
    assert without == []
    assert offered[0] == "text-removal"
    assert key_in_protocol(offered[1]) == key
