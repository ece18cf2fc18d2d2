"""Compressed bodies."""

import gzip
import json
import tracemalloc
from collections.abc import Callable

import brotli
import httpx
import pytest
from backports import zstd

from tests.deployments.api.asgi import assert_error
from tests.deployments.api.routes.test_task_routes import BODY
from tests.deployments.fakes import FakeBackend

PATH = "/api/v1/inpaint-regions"
PLAIN = json.dumps(BODY).encode()
Encode = Callable[[bytes], bytes]


def in_two(encode: Encode) -> Encode:
    """Two members or frames, one after the other, with an empty one between."""
    return lambda content: encode(content[:100]) + encode(b"") + encode(content[100:])


ENCODERS: dict[str, Encode] = {
    "gzip": gzip.compress,
    "br": lambda content: brotli.compress(content, quality=3),
    "zstd": zstd.compress,
}
CASES: list[tuple[str, Encode]] = [
    *ENCODERS.items(),
    ("X-GZIP", gzip.compress),
    ("identity", bytes),
    ("", bytes),
    ("gzip", in_two(gzip.compress)),
    ("zstd", in_two(zstd.compress)),
    ("br, gzip", lambda content: gzip.compress(brotli.compress(content))),
]


async def post(client: httpx.AsyncClient, coding: str, content: bytes) -> httpx.Response:
    return await client.post(
        PATH, content=content, headers={"Content-Type": "application/json", "Content-Encoding": coding}
    )


@pytest.mark.parametrize(("coding", "encode"), CASES)
async def test_a_compressed_body_is_understood(
    client: httpx.AsyncClient, backend: FakeBackend, coding: str, encode: Encode
) -> None:
    answer = await post(client, coding, encode(PLAIN))

    assert answer.status_code == 200, answer.text
    assert len(backend.jobs[0].regions) == len(BODY["regions"])


async def test_a_compressed_form_is_understood(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    request = client.build_request("POST", PATH, data={"regions": json.dumps(BODY["regions"])}, files={"image": b""})
    content = (
        request.read()
        .replace(b'filename="upload"', b"")
        .replace(b"Content-Type: application/octet-stream\r\n\r\n", b"\r\n" + str(BODY["image"]).encode())
    )

    answer = await client.post(
        PATH,
        content=gzip.compress(content),
        headers={"Content-Type": request.headers["content-type"], "Content-Encoding": "gzip"},
    )

    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("coding", ["deflate", "compress", "gzip, nonsense", ", ".join(["gzip"] * 5)])
async def test_another_coding_is_refused_with_those_that_are_understood(client: httpx.AsyncClient, coding: str) -> None:
    answer = await post(client, coding, PLAIN)

    assert_error(answer, 415, "unsupported_content_coding")
    assert answer.headers["accept-encoding"] == "gzip, br, zstd"


@pytest.mark.parametrize(("coding", "encode"), ENCODERS.items())
@pytest.mark.parametrize(
    "damage", [lambda body: body[:-3], lambda body: b"", lambda body: body + b"x", lambda body: PLAIN]
)
async def test_a_damaged_body_is_refused(
    client: httpx.AsyncClient, coding: str, encode: Encode, damage: Encode
) -> None:
    assert_error(await post(client, coding, damage(encode(PLAIN))), 400, "malformed_body")


@pytest.mark.parametrize(("coding", "encode"), ENCODERS.items())
async def test_a_bomb_is_noticed_at_the_limit_and_not_in_memory(
    client: httpx.AsyncClient, coding: str, encode: Encode
) -> None:
    bomb = encode(bytes(40 * 2**20))
    tracemalloc.start()
    try:
        answer = await post(client, coding, bomb)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert_error(answer, 413, "too_large")
    assert peak < 30 * 2**20
