"""The ways a client may write a region, and what it is told if it writes it another way."""

from typing import Any

import httpx
import pytest

from deployments.api.schema.examples import IMAGE, RECTANGLE
from models.types import Region
from tests.deployments.api.asgi import assert_error
from tests.deployments.fakes import FakeBackend

PATH = "/api/v1/inpaint-regions"
BOX = ((4.0, 6.0), (24.0, 6.0), (24.0, 16.0), (4.0, 16.0))
QUAD = [[4, 6], [24, 7], [24, 16], [4, 15]]
RECTANGULAR: list[Any] = [
    {"x": 4, "y": 6, "width": 20, "height": 10},
    {"x1": 24, "y1": 16, "x2": 4, "y2": 6},
    {"left": 4, "top": 6, "right": 24, "bottom": 16},
    {"left": 4, "top": 6, "width": 20, "height": 10},
    {"bbox": [4, 6, 20, 10], "category_id": 3},
    {"bounding_box": [4, 6, 20, 10]},
    {"bounding_box": {"x1": 4, "y1": 6, "x2": 24, "y2": 16}},
    [4, 6, 24, 16],
]
POLYGONAL: list[Any] = [
    {"points": QUAD},
    {"polygon": QUAD},
    {"box": QUAD, "text": "HELLO", "score": 0.9},
    {"bbox": QUAD},
    {"bounding_box": QUAD},
    QUAD,
    [QUAD, ["HELLO", 0.98]],  # PaddleOCR
    [QUAD, "HELLO", 0.98],  # EasyOCR and RapidOCR
]


async def post(client: httpx.AsyncClient, region: Any, **more: Any) -> httpx.Response:
    return await client.post(PATH, json={"image": IMAGE, "regions": [RECTANGLE, region]} | more)


@pytest.mark.parametrize("region", RECTANGULAR)
async def test_a_rectangle_is_understood(client: httpx.AsyncClient, backend: FakeBackend, region: Any) -> None:
    answer = await post(client, region)

    assert answer.status_code == 200, answer.text
    assert backend.jobs[0].regions[1] == Region(BOX, rectangle=True)


@pytest.mark.parametrize("region", POLYGONAL)
async def test_a_polygon_is_understood(client: httpx.AsyncClient, backend: FakeBackend, region: Any) -> None:
    answer = await post(client, region)

    assert answer.status_code == 200, answer.text
    assert backend.jobs[0].regions[1].points == tuple((float(x), float(y)) for x, y in QUAD)


@pytest.mark.parametrize(
    "region", ["rubbish", 5, True, {}, [], [1, 2], [1, 2, 3, 4, 5], {"left": 1, "top": 2}, {"bbox": 5}, {"bbox": []}]
)
async def test_anything_else_is_answered_with_the_forms_there_are(client: httpx.AsyncClient, region: Any) -> None:
    body = assert_error(await post(client, region), 422, "invalid_request")

    assert body["message"].startswith("regions[1]: is no region this service knows; send one of {x, y, width, height}")
    assert body["details"]["field"] == "regions[1]"


@pytest.mark.parametrize(
    ("regions", "message"),
    [
        ([{"x": 1, "y": 1, "width": 3}], "regions[0].height: this field is required"),
        ([{"x": 1, "y": "a", "width": 3, "height": 3}], "regions[0].y: should be a number"),
        ([[1, 2, 3, "a"]], "regions[0].y2: should be a number"),
        ([{"points": [[1, 2], 3, [4, 5]]}], "regions[0].points[1]: should be a list"),
        ("all", "regions: should be a list"),
        ({"x": 1, "y": 1, "width": 3, "height": 3}, "regions: should be a list"),
    ],
)
async def test_errors_speak_of_lists_and_numbers_and_of_nothing_inside(
    client: httpx.AsyncClient, regions: Any, message: str
) -> None:
    body = assert_error(await client.post(PATH, json={"image": IMAGE, "regions": regions}), 422, "invalid_request")

    assert body["message"] == message


OUTSIDE, EMPTY = {"x": 900, "y": 5, "width": 9, "height": 9}, {"x": 10, "y": 10, "width": 0, "height": 5}
TOUCHING = {"x": 48, "y": 0, "width": 10, "height": 10}


@pytest.mark.parametrize("bad", [OUTSIDE, EMPTY, TOUCHING])
@pytest.mark.parametrize("path", [PATH, "/api/v1/inpaint-regions-async"])
async def test_a_bad_region_is_an_error_unless_told_otherwise(client: httpx.AsyncClient, bad: Any, path: str) -> None:
    answer = await client.post(path, json={"image": IMAGE, "regions": [RECTANGLE, bad]})

    assert assert_error(answer, 422, "invalid_region")["details"]["index"] == 1


async def test_bad_regions_can_be_left_out(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    some = await client.post(
        PATH, json={"image": IMAGE, "regions": [OUTSIDE, RECTANGLE, EMPTY], "on_bad_region": "skip"}
    )
    none = await client.post(PATH, json={"image": IMAGE, "regions": [OUTSIDE], "on_bad_region": "skip"})

    assert (some.status_code, none.status_code) == (200, 200)
    assert [len(job.regions) for job in backend.jobs] == [1, 0]


async def test_bad_regions_can_be_clipped_to_the_nearest_pixels(
    client: httpx.AsyncClient, backend: FakeBackend
) -> None:
    # The example image is 48x32.
    answer = await client.post(
        PATH, json={"image": IMAGE, "regions": [OUTSIDE, EMPTY, TOUCHING], "on_bad_region": "Clip"}
    )

    assert answer.status_code == 200, answer.text
    corners = [(region.points[0], region.points[2]) for region in backend.jobs[0].regions]
    assert corners == [((47, 5), (48, 14)), ((10, 10), (11, 15)), ((47, 0), (48, 10))]


async def test_a_region_that_is_wrong_in_itself_is_an_error_all_the_same(client: httpx.AsyncClient) -> None:
    for choice in ("skip", "clip"):
        regions = [{"points": [[1, 1], [2, 2]]}]
        answer = await client.post(PATH, json={"image": IMAGE, "regions": regions, "on_bad_region": choice})
        assert_error(answer, 422, "invalid_region")
