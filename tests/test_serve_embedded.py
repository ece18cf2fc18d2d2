"""The embedded default: no weights, no network to any. What a stranger sees after `make serve`."""

import contextlib
import io
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.pictures import decoded
from tests.service import ROOT, Service, running
from tests.slow_lama import make_slow_lama

pytestmark = [pytest.mark.serve, pytest.mark.timeout(300)]

SAMPLE = ROOT / "docs" / "images" / "sample.jpg"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("embedded")


@pytest.fixture(scope="module")
def bare(folder: Path) -> Iterator[Service]:
    """The configuration as shipped; the address of the weights leads nowhere."""
    _, md5 = make_slow_lama(folder / "elsewhere")
    with running(folder, LAMA_MODEL_URL="http://127.0.0.1:9/big-lama.pt", LAMA_MODEL_MD5=md5) as service:
        service.wait_until_ready("lama", "mend")
        yield service


@pytest.fixture(scope="module")
def client(bare: Service) -> Iterator[httpx.Client]:
    with bare.client() as client:
        yield client


def test_the_fallback_answers_and_everything_says_so(client: httpx.Client, bare: Service) -> None:
    health = client.get("/api/v1/health")
    model = client.get("/api/v1/model").json()
    with SAMPLE.open("rb") as image:
        answer = client.post("/api/v1/remove-text", files={"image": image})

    assert health.status_code == 200
    assert (health.json()["status"], health.json()["degraded"]) == ("healthy", True)
    assert "big-lama.pt" in health.json()["reasons"][0]
    assert (model["name"], model["parameters"]["wanted"]) == ("mend", "lama")
    assert answer.status_code == 200, answer.text
    assert (answer.headers["x-model"], answer.headers["x-model-fallback"]) == ("mend", "lama")
    assert int(answer.headers["x-regions-count"]) == 3
    log = bare.log.read_text()
    assert all(fact in log for fact in ("big-lama.pt", "http://127.0.0.1:9/big-lama.pt", "checkpoints"))


def test_the_sample_comes_back_without_its_text(client: httpx.Client) -> None:
    with SAMPLE.open("rb") as image:
        answer = client.post("/api/v1/remove-text", files={"image": image})

    before, after = decoded(SAMPLE.read_bytes()), decoded(answer.content)
    changed = (before != after).any(axis=2)
    assert not changed[220:500].any()  # no text there
    assert changed[60:100, 60:670].mean() > 0.2  # the headline
    again = client.post("/api/v1/remove-text", files={"image": answer.content})
    assert int(again.headers["x-regions-count"]) == 0
    assert again.content == answer.content


def test_text_is_found_and_strokes_replace_less_than_boxes(client: httpx.Client) -> None:
    found = client.post("/api/v1/detect-text", files={"image": SAMPLE.read_bytes()}).json()
    regions = json.dumps([{"points": region["points"]} for region in found["regions"]])
    areas = {}
    for mode in ("box", "strokes"):
        answer = client.post(
            "/api/v1/inpaint-regions",
            files={"image": SAMPLE.read_bytes()},
            data={"regions": regions, "mask_mode": mode},
        )
        assert answer.status_code == 200, answer.text
        assert ("x-stroke-fallbacks" in answer.headers) == (mode == "strokes")
        areas[mode] = int(answer.headers["x-total-area"])

    assert found["image_dimensions"] == {"width": 960, "height": 640}
    assert len(found["regions"]) == 3
    assert all(region["confidence"] >= 0.6 and len(region["points"]) == 4 for region in found["regions"])
    assert areas["strokes"] < 0.7 * areas["box"]


def test_a_24_megapixel_photo_passes(client: httpx.Client) -> None:
    rng = np.random.default_rng(0)
    pixels = np.kron(rng.integers(0, 255, (40, 60, 3), np.uint8), np.ones((100, 100, 1), np.uint8))
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=90)

    answer = client.post(
        "/api/v1/inpaint-regions",
        files={"image": buffer.getvalue()},
        data={"regions": '[{"x": 3000, "y": 2000, "width": 400, "height": 60}]', "output_format": "jpeg"},
    )

    assert answer.status_code == 200, answer.text
    assert decoded(answer.content).shape == (4000, 6000, 3)


def test_ten_thousand_regions_pass(client: httpx.Client) -> None:
    regions = ",".join(f'{{"x":{x * 9},"y":{y * 6},"width":3,"height":2}}' for x in range(100) for y in range(100))

    with SAMPLE.open("rb") as image:
        answer = client.post("/api/v1/inpaint-regions", files={"image": image}, data={"regions": f"[{regions}]"})

    assert answer.status_code == 200, answer.text
    assert answer.headers["x-regions-count"] == "10000"


def test_weights_that_arrive_are_picked_up_without_a_restart(client: httpx.Client, bare: Service, folder: Path) -> None:
    checkpoints = folder / "torch" / "hub" / "checkpoints"
    checkpoints.mkdir(parents=True, exist_ok=True)
    shutil.copy(folder / "elsewhere" / "big-lama.pt", checkpoints / "arriving")
    (checkpoints / "arriving").rename(checkpoints / "big-lama.pt")

    def ready() -> bool:
        return bool(client.get("/api/v1/model").json()["name"] == "lama")

    deadline = time.monotonic() + 90
    while not ready():
        assert time.monotonic() < deadline, "lama was not picked up"
        time.sleep(1)
    with SAMPLE.open("rb") as image:
        answer = client.post("/api/v1/remove-text", files={"image": image})

    assert answer.headers["x-model"] == "lama"
    assert "x-model-fallback" not in answer.headers


def test_open_sockets_are_told_that_the_service_goes_away(bare: Service) -> None:
    with connect(f"{bare.ws_url}/ws/progress", proxy=None) as socket:
        assert json.loads(socket.recv(timeout=10))["type"] == "connection_established"

        bare.process.terminate()

        with contextlib.suppress(ConnectionClosed):
            while True:
                socket.recv(timeout=60)
        assert socket.close_code == 1012
