"""All models over real HTTP on real Ray, each scaled to zero until it is asked for, with stand-ins for the weights."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import pytest
import yaml

from tests.pictures import Pixels, base64_of, decoded, encoded, outside, photo
from tests.service import Service, running
from tests.standins import make_all, make_diffusion

pytestmark = [pytest.mark.serve, pytest.mark.heavy, pytest.mark.timeout(600)]

NAMES = ["cv2", "lama", "anime-lama", "ldm", "zits", "mat", "fcf", "manga", "migan", "diffusion"]
REGIONS = [{"x": 60, "y": 40, "width": 50, "height": 20}]


@dataclass
class Gallery:
    """A running service and the name by which it serves each model; a diffusion model's is its folder."""

    service: Service
    diffusion: Path

    def served(self, name: str) -> str:
        return str(self.diffusion) if name == "diffusion" else name


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    folder = tmp_path_factory.mktemp("models")
    diffusion = make_diffusion(folder / "tiny-inpainting")
    environment = make_all(folder / "torch")
    names = [str(diffusion) if name == "diffusion" else name for name in NAMES]
    asleep = {"min_replicas": 0, "max_replicas": 1, "upscale_delay_s": 0, "downscale_delay_s": 3}
    args = {
        "model": "cv2",
        "detector": None,
        "models": [{"name": name, "scaling": {} if name == "cv2" else asleep} for name in names],
    }
    config = folder / "config.yaml"
    application = {"name": "text-removal", "import_path": "deployments.app:build", "args": args}
    config.write_text(yaml.safe_dump({"applications": [application]}))
    with running(folder, config=config, **environment) as service:
        yield Gallery(service, diffusion)


def test_every_model_is_listed_and_those_asleep_say_so(gallery: Gallery) -> None:
    gallery.service.wait_until_ready("cv2")
    with gallery.service.client() as client:
        models = {model["name"]: model["status"] for model in client.get("/api/v1/models").json()["models"]}

    assert models == {gallery.served(name): "ready" if name == "cv2" else "not_loaded" for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_model_wakes_up_answers_and_keeps_what_is_not_masked(gallery: Gallery, name: str) -> None:
    pixels = photo(200, 120)
    body = {"image": base64_of(encoded(pixels)), "model": gallery.served(name), "sd_steps": 2, "ldm_steps": 2}

    with gallery.service.client(timeout_s=300) as client:
        answer = client.post("/api/v1/inpaint-regions", json={**body, "regions": REGIONS})
        tiny = _answer_for(client, body, photo(17, 3), {"x": 5, "y": 1, "width": 1, "height": 1})
        strip = _answer_for(client, body, photo(1500, 40), {"x": 700, "y": 10, "width": 30, "height": 12})

    assert answer.status_code == 200, answer.text
    assert answer.headers["x-model"] == gallery.served(name)
    assert "x-model-fallback" not in answer.headers
    if name != "cv2":
        assert "load;dur=" in answer.headers["server-timing"]
    if name == "diffusion":
        assert int(answer.headers["x-seed"]) > 0
    result, keep = decoded(answer.content), outside(pixels.shape, REGIONS)
    assert result.shape == pixels.shape
    assert np.array_equal(result[keep], pixels[keep])
    assert not np.array_equal(result[~keep], pixels[~keep])
    for odd in (tiny, strip):
        assert odd.status_code in (200, 422), odd.text


def _answer_for(
    client: httpx.Client, body: dict[str, object], pixels: Pixels, region: dict[str, int]
) -> httpx.Response:
    image = base64_of(encoded(pixels))
    return client.post("/api/v1/inpaint-regions", json={**body, "image": image, "regions": [region]})
