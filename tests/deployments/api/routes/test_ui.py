"""The web page: how it is served, and what it may do."""

import gzip
import json
import re
import shutil
import subprocess
from dataclasses import replace

import httpx
import pytest

from deployments.api.app import create_api
from deployments.api.key_ring import key_in_protocol
from deployments.api.routes.ui import FOLDER, TYPES
from tests.deployments.api.conftest import SETTINGS
from tests.deployments.fakes import FakeBackend
from tests.service import ROOT

PARTS = sorted(path.name for path in FOLDER.iterdir() if path.name != "index.html")
SCRIPTS_MAX_BYTES = 200_000


async def test_the_page_is_served_with_all_it_names(client: httpx.AsyncClient) -> None:
    # When
    answer = await client.get("/ui")
    # Then
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    named = re.findall(r'(?:src|href)="([^"]*)"', answer.text)
    assert "/ui/app.js" in named
    for path in named:
        assert (await client.get(path)).status_code == 200, path


@pytest.mark.parametrize("name", PARTS)
async def test_each_part_has_its_type_and_is_sent_once(client: httpx.AsyncClient, name: str) -> None:
    # When
    answer = await client.get(f"/ui/{name}")
    again = await client.get(f"/ui/{name}", headers={"If-None-Match": answer.headers["etag"]})
    # Then
    assert answer.content == (FOLDER / name).read_bytes()
    assert answer.headers["content-type"] == TYPES[name[name.rindex(".") :]]
    assert (again.status_code, again.content) == (304, b"")


async def test_scripts_run_only_from_here(client: httpx.AsyncClient) -> None:
    answer = await client.get("/ui")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert re.findall(r"<script(?![^>]*src=)", answer.text) == []
    assert re.findall(r"\son\w+=", answer.text) == []


async def test_a_proxy_may_put_the_page_below_a_prefix() -> None:
    app = create_api(FakeBackend(), replace(SETTINGS, root_path="/text"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service.test") as client:
        page = (await client.get("/text/ui/")).text
        assert re.findall(r'src="([^"]*)"', page) == ["/text/ui/app.js"]
        assert (await client.get("/text/ui/app.js")).status_code == 200


async def test_the_page_needs_no_key_but_what_is_below_the_api_does() -> None:
    app = create_api(FakeBackend(), replace(SETTINGS, api_keys=("secret",)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service.test") as client:
        assert (await client.get("/ui")).status_code == 200
        assert (await client.get("/ui/app.js")).status_code == 200
        assert (await client.get("/api/v1/info")).status_code == 401


async def test_what_is_not_there_is_not_found(client: httpx.AsyncClient) -> None:
    for name in ("no.js", "index.html", "..%2Fui.py"):
        answer = await client.get(f"/ui/{name}")
        assert answer.status_code == 404
        assert answer.json()["error"] == "not_found"


async def test_the_scripts_are_small(client: httpx.AsyncClient) -> None:
    answer = await client.get("/ui/app.js", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    packed = sum(len(gzip.compress(path.read_bytes())) for path in FOLDER.glob("*.js"))
    assert packed < SCRIPTS_MAX_BYTES


async def test_browsers_get_an_icon_without_a_key(client: httpx.AsyncClient) -> None:
    answer = await client.get("/favicon.ico")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")


async def test_every_route_the_page_calls_is_there(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    sources = "".join(path.read_text() for path in (ROOT / "ui/src/api").glob("*.ts"))
    called = {path.partition("$")[0] for path in re.findall(r'["`](/[a-z][^"`]*)["`]', sources)}
    assert len(called) >= 8
    for path in called:
        assert any(known.startswith(f"/api/v1{path}") for known in paths), path


@pytest.mark.skipif(shutil.which("node") is None, reason="no Node here; CI has one")
def test_the_page_sends_its_key_as_a_subprotocol_the_service_reads() -> None:
    source = (ROOT / "ui/src/api/http.ts").read_text()
    start = source.index("export function protocols")
    function = source[start : source.index("\n}", start) + 2].removeprefix("export ")
    script = re.sub(r"\(key: string\): string\[\]", "(key)", function)
    key = "clé+/=? 𝄞"

    done = subprocess.run(
        ["node", "-e", f"{script}; console.log(JSON.stringify([protocols(''), protocols({json.dumps(key)})]))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    without, offered = json.loads(done.stdout)
    assert without == []
    assert offered[0] == "text-removal"
    assert key_in_protocol(offered[1]) == key
