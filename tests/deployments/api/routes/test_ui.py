"""The web page."""

import re

import httpx

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
