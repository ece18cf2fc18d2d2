"""multipart/form-data as clients really write it."""

import json

import httpx
import pytest

from tests.deployments.api.asgi import assert_error
from tests.deployments.fakes import FakeBackend
from tests.pictures import base64_of, encoded, photo

PATH = "/api/v1/inpaint-regions"
PICTURE = encoded(photo(48, 32))
REGION = {"x": 1, "y": 1, "width": 9, "height": 9}

Part = tuple[str, bytes]


def form(*parts: Part) -> bytes:
    """Each part with its head, as written: `name="image"; filename="a.png"`."""
    return (
        b"".join(
            b"--cut\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n" + content + b"\r\n"
            for head, content in parts
        )
        + b"--cut--\r\n"
    )


IMAGE: Part = ('name="image"; filename="a.png"', PICTURE)
REGIONS: Part = ('name="regions"', json.dumps([REGION]).encode())


async def post(client: httpx.AsyncClient, *parts: Part, path: str = PATH) -> httpx.Response:
    return await client.post(path, content=form(*parts), headers={"Content-Type": "multipart/form-data; boundary=cut"})


@pytest.mark.parametrize(
    "head",
    ['name="image"', 'name="image"\r\nContent-Type: application/octet-stream', 'name="image"; filename=""'],
)
async def test_a_picture_needs_no_file_name(client: httpx.AsyncClient, backend: FakeBackend, head: str) -> None:
    answer = await post(client, (head, PICTURE), REGIONS)

    assert answer.status_code == 200, answer.text
    assert backend.jobs[0].image == PICTURE


async def test_a_field_may_be_a_file(client: httpx.AsyncClient) -> None:
    head = 'name="regions"; filename="regions.json"\r\nContent-Type: application/json'

    assert (await post(client, IMAGE, (head, REGIONS[1]))).status_code == 200


async def test_the_picture_may_be_base64_text(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    answer = await post(client, ('name="image"', base64_of(PICTURE).encode()), REGIONS)

    assert answer.status_code == 200, answer.text
    assert backend.jobs[0].image == PICTURE


async def test_parts_nobody_asked_for_are_passed_over_whatever_they_hold(client: httpx.AsyncClient) -> None:
    odd = ('name="thumbnail"', b"\xff\xfe\x00")

    assert (await post(client, odd, IMAGE, odd, REGIONS, odd)).status_code == 200


@pytest.mark.parametrize("twice", [IMAGE, REGIONS, ('name="model"', b"cv2")])
async def test_a_field_given_twice_is_refused_by_name(client: httpx.AsyncClient, twice: Part) -> None:
    body = assert_error(await post(client, IMAGE, REGIONS, twice, twice), 422, "invalid_request")

    assert body["details"]["field"] == twice[0].split('"')[1]


@pytest.mark.parametrize("nothing", [b"", b"null", b" "])
async def test_empty_and_null_fields_are_not_given(
    client: httpx.AsyncClient, backend: FakeBackend, nothing: bytes
) -> None:
    names = ("model", "sd_seed", "mask_mode", "verify", "output_format", "hd_strategy", "prompt", "zits_wireframe")

    answer = await post(client, IMAGE, REGIONS, *((f'name="{name}"', nothing) for name in names))

    assert answer.status_code == 200, answer.text
    assert backend.jobs[0].model == ""


@pytest.mark.parametrize("nothing", [b"", b"null"])
async def test_a_task_from_a_form_with_an_empty_mask_has_no_mask(
    client: httpx.AsyncClient, backend: FakeBackend, nothing: bytes
) -> None:
    answer = await post(
        client,
        IMAGE,
        REGIONS,
        ('name="mask"; filename=""' if not nothing else 'name="mask"', nothing),
        ('name="task_id"', nothing),
        ('name="callback_url"', nothing),
        path="/api/v1/inpaint-regions-async",
    )

    assert answer.status_code == 202, answer.text
    assert next(iter(backend.tasks.jobs.values())).mask is None


async def test_regions_may_come_one_by_one(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    one = ('name="regions"\r\nContent-Type: application/json', json.dumps(REGION).encode())

    answer = await post(client, IMAGE, one, one, one)

    assert answer.status_code == 200, answer.text
    assert len(backend.jobs[0].regions) == 3
