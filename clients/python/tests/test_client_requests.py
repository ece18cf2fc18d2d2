"""Requests that are answered at once: what is sent, what comes back, what is raised."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import text_removal
from clients.python.tests.conftest import QUICK
from clients.python.tests.cutting import wire_to
from clients.python.tests.serving import PictureBackend, Running, serving
from deployments.api.ports import ServiceHealth
from deployments.errors import QueueFull
from models.errors import WeightsUnavailable
from tests.pictures import base64_of, decoded, encoded, photo
from text_removal import AsyncClient, Client, Patience

PIXELS = photo(48, 32)
PNG = encoded(PIXELS)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "in.png"
    path.write_bytes(PNG)
    return path


@pytest.mark.parametrize(
    "given",
    [
        lambda path: path,
        str,
        lambda path: path.read_bytes(),
        lambda path: bytearray(path.read_bytes()),
        lambda path: io.BytesIO(path.read_bytes()),
        lambda path: Image.open(io.BytesIO(path.read_bytes())),
        lambda path: decoded(path.read_bytes()),
        lambda path: f"data:image/png;base64,{base64_of(path.read_bytes())}",
    ],
    ids=["path", "str", "bytes", "bytearray", "file", "PIL", "array", "data URL"],
)
def test_whatever_is_an_image_is_taken(client: Client, backend: PictureBackend, picture: Path, given: Any) -> None:
    result = client.remove_text(given(picture))

    assert np.array_equal(decoded(backend.seen[0]), PIXELS)
    assert np.array_equal(np.asarray(result.image), PIXELS)


def test_an_image_is_fetched_from_its_url_without_the_key(picture: Path) -> None:
    async def pictures(app: Any, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/in.png":
            assert b"authorization" not in dict(scope["headers"])
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": PNG})
        else:
            await app(scope, receive, send)

    with serving(api_keys=("secret",)) as running, Client(running.url, "secret") as client:
        running.through = pictures
        result = client.remove_text(f"{running.url}/in.png")

    assert np.array_equal(np.asarray(result.image), PIXELS)


def test_what_is_no_image_is_said_before_anything_is_sent(client: Client, running: Running, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="int is no image"):
        client.remove_text(5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="binary"):
        client.remove_text(io.StringIO("text"))  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        client.remove_text(tmp_path / "nothing.png")

    assert running.calls == []


def test_a_result_has_the_facts(client: Client, backend: PictureBackend) -> None:
    result = client.remove_text(PNG)

    assert (result.media_type, result.suffix, result.model) == ("image/png", ".png", "cv2")
    assert (result.regions, result.area_px, result.pages, result.seed) == (1, 406, 1, None)
    assert (result.fallback_for, result.fitted, result.stroke_fallbacks) == (None, None, None)
    assert result.processing_time == 0.25
    assert result.timing == {"queue": 0.001, "decode": 0.002, "inpaint": 0.2, "encode": 0.01}
    assert result.request_id == backend.jobs[0].request_id != ""


def test_a_result_is_saved_in_the_format_of_its_name(client: Client, tmp_path: Path) -> None:
    result = client.remove_text(PNG)

    for name, kind in (("a.png", "PNG"), ("deep/b.jpg", "JPEG"), ("c.tiff", "TIFF"), ("d.webp", "WEBP")):
        saved = result.save(tmp_path / name)
        assert Image.open(io.BytesIO(saved.read_bytes())).format == kind

    assert (tmp_path / "a.png").read_bytes() == result.content
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []


def test_regions_and_masks_reach_the_job(client: Client, backend: PictureBackend) -> None:
    mask = np.zeros((32, 48), bool)
    mask[4:9] = True

    client.erase(PNG, regions=[{"x": 1, "y": 2, "width": 8, "height": 9}, np.array([[3, 3], [9, 3], [9, 9]])])
    client.erase(PNG, mask=mask)

    by_regions, by_mask = backend.jobs
    assert [len(region.points) for region in by_regions.regions] == [4, 3]
    assert by_mask.mask is not None
    assert np.array_equal(decoded(by_mask.mask), mask * np.uint8(255))


def test_either_regions_or_a_mask_are_given(client: Client) -> None:
    with pytest.raises(ValueError, match="either"):
        client.erase(PNG)
    with pytest.raises(ValueError, match="either"):
        client.erase(PNG, regions=[[0, 0, 5, 5]], mask=PNG)
    with pytest.raises(ValueError, match="either"):
        client.submit(PNG, regions=[[0, 0, 5, 5]], mask=PNG)


def test_options_reach_the_job(client: Client, backend: PictureBackend) -> None:
    client.remove_text(
        PNG,
        mask_mode="box",
        verify=True,
        dilation=3,
        keep=[(0, 0, 5, 5)],
        within=[text_removal.Region.of_box(1, 1, 30, 20)],
        min_confidence=0.4,
        output_format="jpeg",
        output_quality=80,
        model="cv2",
        sd_seed=None,
    )

    (job,) = backend.jobs
    assert (job.mask_mode, job.verify, job.dilation_px, job.model) == ("box", True, 3, "cv2")
    assert (len(job.keep), len(job.within), job.min_confidence) == (1, 1, 0.4)
    assert (job.output_format, job.output_quality) == ("jpeg", 80)


def test_what_is_found_can_be_sent_back(client: Client, backend: PictureBackend) -> None:
    found = client.detect(PNG, min_confidence=0.3)
    client.erase(PNG, regions=found.regions)

    assert (found.width, found.height) == (48, 32)
    (text,) = found.regions
    assert (text.x, text.y, text.width, text.height, text.confidence) == (6, 8, 28, 14, 0.9)
    assert backend.jobs[0].regions[0].points == backend.texts[0].points


def test_the_service_says_what_it_is(client: Client) -> None:
    assert client.health().status == "healthy"
    assert client.models().default == "lama"
    assert [model.name for model in client.models().models] == ["lama", "cv2"]
    info = client.info()
    assert (info.version, info.model.name, info.limits.max_image_size) == ("1.2.3", "lama", 2048)
    assert "JPEG" in info.limits.supported_formats
    assert client.tasks().total_tasks == 0


def test_an_unhealthy_service_says_so_at_once(client: Client, running: Running, backend: PictureBackend) -> None:
    backend.state = ServiceHealth(False, True, ("no model answers",), {})

    health = client.health()

    assert (health.status, health.degraded, health.reasons) == ("unhealthy", True, ("no model answers",))
    assert len(running.calls) == 1


async def test_the_async_twin_does_the_same(running: Running, backend: PictureBackend, picture: Path) -> None:
    async with AsyncClient(running.url) as client:
        result = await client.remove_text(picture)
        await client.erase(picture, regions=[[0, 0, 5, 5]])
        found = await client.detect(picture)

    assert np.array_equal(np.asarray(result.image), PIXELS)
    assert len(backend.jobs) == 2
    assert len(found.regions) == 1


def test_url_and_key_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(api_keys=("secret",)) as running:
        monkeypatch.setenv("TEXT_REMOVAL_URL", f"{running.url}/api/v1/")
        monkeypatch.setenv("TEXT_REMOVAL_API_KEY", "secret")
        with Client() as client:
            assert client.models().default == "lama"


def test_what_is_no_url_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'service\.test' is not the http"):
        Client("service.test")


def test_a_wrong_key_is_told_with_the_id_of_the_request() -> None:
    with (
        serving(api_keys=("secret",)) as running,
        Client(running.url, "wrong") as client,
        pytest.raises(text_removal.Unauthorized) as told,
    ):
        client.remove_text(PNG)

    assert (told.value.status, told.value.error) == (401, "unauthorized")
    assert told.value.request_id
    assert running.calls == ["/api/v1/remove-text"]


def test_errors_name_what_is_wrong(client: Client) -> None:
    with pytest.raises(text_removal.InvalidRegion) as region:
        client.erase(PNG, regions=[[0, 0, 5, 5], [900, 0, 950, 9]])
    with pytest.raises(text_removal.InvalidRequest) as request:
        client.remove_text(PNG, dilation=-1)
    with pytest.raises(text_removal.InvalidImage):
        client.remove_text(b"no image")
    with pytest.raises(text_removal.UnknownModel):
        client.remove_text(PNG, model="nope")

    assert region.value.index == 1
    assert request.value.field == "dilation"
    assert request.value.request_id is not None
    assert request.value.request_id in str(request.value)


def test_a_storm_of_429_is_waited_out(
    client: Client, running: Running, backend: PictureBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    pauses: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", pauses.append)
    backend.failures = [QueueFull("the queue is full", retry_after_s=2) for _ in range(4)]
    # When
    result = client.remove_text(PNG)
    # Then
    assert result.regions == 1
    assert len(running.calls) == 5
    assert [2 <= pause <= 2.5 for pause in pauses] == [True] * 4
    assert len(set(pauses)) > 1, "all clients would come back at once"


def test_patience_ends(running: Running, backend: PictureBackend) -> None:
    backend.failures = [QueueFull("the queue is full", retry_after_s=60) for _ in range(9)]

    with Client(running.url, patience=Patience(total_s=30)) as client, pytest.raises(text_removal.QueueFull) as told:
        client.remove_text(PNG)

    assert told.value.retry_after_s == 60
    assert len(running.calls) == 1


def test_what_waiting_does_not_help_is_not_tried_again(
    client: Client, running: Running, backend: PictureBackend
) -> None:
    backend.failures = [WeightsUnavailable("no network")]

    with pytest.raises(text_removal.WeightsUnavailable):
        client.remove_text(PNG)

    assert len(running.calls) == 1


def test_a_dropped_connection_is_made_again(running: Running) -> None:
    with wire_to(running.url) as wire, Client(wire.url, patience=QUICK) as client:
        wire.break_next(3)
        result = client.remove_text(PNG)

    assert result.regions == 1
    assert wire.connections == 4


def test_nobody_there_is_told_when_patience_ends(running: Running) -> None:
    with wire_to(running.url) as wire, Client(wire.url, patience=QUICK) as client:
        wire.break_next(100)
        with pytest.raises(text_removal.ConnectionFailed, match="cannot be reached") as told:
            client.remove_text(PNG)

    assert wire.connections == 6
    assert told.value.request_id


def test_a_proxys_page_is_an_error_of_its_own(running: Running) -> None:
    async def away(app: Any, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 502, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": b"<h1>Bad gateway</h1>"})

    running.through = away
    with Client(running.url, patience=QUICK) as client, pytest.raises(text_removal.Unavailable) as told:
        client.remove_text(PNG)

    assert told.value.status == 502
    assert len(running.calls) == 6


def test_an_answer_that_does_not_come_is_told(running: Running, backend: PictureBackend) -> None:
    async def silent(app: Any, scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    running.through = silent
    with Client(running.url, timeout=0.2) as client, pytest.raises(text_removal.RequestTimedOut):
        client.remove_text(PNG)

    assert len(running.calls) == 1, "the work would take as long again"


def test_a_huge_picture_is_refused_and_not_sent_again(client: Client, running: Running) -> None:
    pixels = np.zeros((2100, 2000, 3), np.uint8)
    noise = np.random.default_rng(0).integers(0, 256, (3000, 3000, 3), np.uint8)

    with pytest.raises(text_removal.TooLarge, match="pixels"):
        client.remove_text(pixels)
    with pytest.raises(text_removal.TooLarge, match="bytes"):
        client.remove_text(noise)

    assert len(running.calls) == 2
