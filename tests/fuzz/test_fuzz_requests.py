"""Requests that nobody should send: every one is answered, in the one shape of errors, and none with a 5xx."""

import asyncio
import copy
import json
from typing import Any
from urllib.parse import quote

import httpx
from hypothesis import example, given
from hypothesis import strategies as st

from deployments.api.app import create_api
from deployments.api.schema.examples import IMAGE, RECTANGLE
from tests.deployments.api.conftest import SETTINGS
from tests.deployments.fakes import FakeBackend

APP = create_api(FakeBackend(), SETTINGS)
PATHS = sorted(APP.openapi()["paths"])
POSTS = [path for path, item in APP.openapi()["paths"].items() if "post" in item]

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from([IMAGE, IMAGE[:40], "data:image/png;base64,", "\x00", "../../etc/passwd", "1e999"]),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)
FIELDS = [
    "image", "mask", "regions", "detect", "task_id", "model", "keep", "within", "page", "fill", "result", "dilation",
    "output_format", "output_quality", "mask_mode", "verify", "hd_strategy", "sd_seed", "sd_steps", "callback_url",
    "progress_interval", "min_confidence", "on_bad_region", "cv2_radius", "items", "images",
]  # fmt: skip


def answered(method: str, path: str, **content: Any) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(APP, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as client:
            return await client.request(method, path, **content)

    return asyncio.run(ask())


def assert_fine(answer: httpx.Response) -> None:
    assert answer.status_code < 500, answer.text
    if (
        answer.content
        and answer.status_code >= 400
        and answer.headers.get("content-type", "").startswith("application/json")
    ):
        assert {"error", "message", "details", "request_id"} <= set(answer.json())


@given(st.sampled_from(POSTS), st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=6))
@example("/api/v1/inpaint-regions", {"regions": [{"x": 1e308, "y": -1e308, "width": 1e308, "height": 1e308}]})
@example("/api/v1/inpaint-regions-async", {"task_id": "."})
def test_fields_of_any_kind_are_understood_or_refused(path: str, fields: dict[str, Any]) -> None:
    body = {"image": IMAGE, "regions": [copy.deepcopy(RECTANGLE)]} | fields
    assert_fine(answered("POST", path, content=json.dumps(body), headers={"Content-Type": "application/json"}))


@given(
    st.sampled_from(POSTS),
    st.binary(max_size=400),
    st.sampled_from(
        ["application/json", "multipart/form-data; boundary=x", "multipart/form-data", "text/plain", "", "\x00"]
    ),
    st.sampled_from(["identity", "gzip", "br", "zstd", "gzip, br", "nonsense"]),
)
def test_bodies_of_any_bytes_are_refused_in_good_order(path: str, body: bytes, kind: str, coding: str) -> None:
    assert_fine(answered("POST", path, content=body, headers={"Content-Type": kind, "Content-Encoding": coding}))


@given(
    st.sampled_from(PATHS),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40),
    st.sampled_from(["GET", "HEAD", "POST", "DELETE", "OPTIONS"]),
    st.dictionaries(st.text("abcdefgh_", min_size=1, max_size=8), st.text(max_size=8), max_size=3),
)
def test_addresses_of_any_kind_are_answered(path: str, word: str, method: str, query: dict[str, str]) -> None:
    filled = path
    for part in ("{task_id}", "{batch_id}", "{name}"):
        filled = filled.replace(part, quote(word, safe=""))
    if filled.endswith("/events"):
        return  # a stream, which goes on

    assert_fine(answered(method, filled, params=query))
