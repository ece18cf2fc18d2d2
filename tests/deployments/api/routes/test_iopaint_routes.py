"""Requests as clients of IOPaint 1.6 and of lama-cleaner send them."""

import base64

import httpx
import pytest

from deployments.api.schema.examples import IMAGE, MASK
from models.types import HDStrategy
from tests.deployments.api.asgi import assert_error
from tests.deployments.fakes import FakeBackend

IOPAINT = {
    "image": f"data:image/png;base64,{IMAGE}",
    "mask": f"data:image/png;base64,{MASK}",
    "ldm_steps": 30,
    "ldm_sampler": "ddim",
    "zits_wireframe": True,
    "hd_strategy": "Crop",
    "hd_strategy_crop_trigger_size": 640,
    "hd_strategy_crop_margin": 128,
    "hd_strategy_resize_limit": 2048,
    "prompt": "",
    "negative_prompt": "",
    "use_croper": False,
    "croper_x": 0,
    "use_extender": False,
    "extender_x": -32,
    "extender_width": 1920,
    "sd_mask_blur": 12,
    "sd_strength": 1.0,
    "sd_steps": 50,
    "sd_guidance_scale": 7.5,
    "sd_sampler": "DPM++ 2M",
    "sd_seed": -1,
    "sd_match_histograms": False,
    "sd_lcm_lora": False,
    "paint_by_example_example_image": None,
    "p2p_image_guidance_scale": 1.5,
    "enable_controlnet": False,
    "controlnet_method": "",
    "enable_brushnet": False,
    "powerpaint_task": "text-guided",
    "cv2_flag": "INPAINT_NS",
    "cv2_radius": 5,
}
LAMA_CLEANER = {
    "ldmSteps": "25",
    "ldmSampler": "plms",
    "zitsWireframe": "true",
    "hdStrategy": "Resize",
    "hdStrategyCropMargin": "196",
    "hdStrategyCropTrigerSize": "800",
    "hdStrategyResizeLimit": "2048",
    "prompt": "",
    "negativePrompt": "",
    "useCroper": "false",
    "croperX": "-91",
    "croperY": "12",
    "croperHeight": "512",
    "croperWidth": "512",
    "sizeLimit": "1080",
    "sdMaskBlur": "5",
    "sdMatchHistograms": "false",
    "sdScale": "1",
    "sdStrength": "0.75",
    "sdSteps": "50",
    "sdGuidanceScale": "7.5",
    "sdSampler": "uni_pc",
    "sdSeed": "-1",
    "cv2Flag": "INPAINT_NS",
    "cv2Radius": "5",
    "paintByExampleSteps": "50",
    "paintByExampleGuidanceScale": "7.5",
    "paintByExampleSeed": "-1",
    "paintByExampleMaskBlur": "5",
    "paintByExampleMatchHistograms": "false",
    "p2pSteps": "50",
    "p2pImageGuidanceScale": "1.5",
    "p2pGuidanceScale": "7.5",
    "controlnet_conditioning_scale": "0.4",
    "controlnet_method": "control_v11p_sd15_canny",
}
"""All that its page sends, with its defaults."""


async def test_iopaints_own_client_is_served(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    answer = await client.post("/api/v1/inpaint", json=IOPAINT)

    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    parameters = backend.jobs[0].parameters
    assert (parameters.hd_strategy, parameters.hd_strategy_crop_trigger_size) == (HDStrategy.CROP, 640)
    assert (parameters.ldm_steps, parameters.sd_sampler, parameters.cv2_radius) == (30, "DPM++ 2M", 5)


async def test_a_client_that_sends_but_the_pictures_is_served(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/inpaint", json={"image": IMAGE, "mask": MASK})

    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("file_name", ["blob", "page 1.jpg"])
async def test_a_client_of_lama_cleaner_is_served(
    client: httpx.AsyncClient, backend: FakeBackend, file_name: str
) -> None:
    files = {
        "image": (file_name, base64.b64decode(IMAGE), "application/octet-stream"),
        "mask": (file_name, base64.b64decode(MASK), "application/octet-stream"),
    }

    answer = await client.post("/inpaint", files=files, data=LAMA_CLEANER)

    assert answer.status_code == 200, answer.text
    parameters = backend.jobs[0].parameters
    assert (parameters.hd_strategy, parameters.hd_strategy_resize_limit) == (HDStrategy.RESIZE, 2048)
    assert (parameters.hd_strategy_crop_trigger_size, parameters.hd_strategy_crop_margin) == (800, 196)
    assert (parameters.ldm_sampler, parameters.sd_sampler, parameters.sd_strength) == ("plms", "UniPC", 0.75)


FILES = {"image": base64.b64decode(IMAGE), "mask": base64.b64decode(MASK)}


async def test_what_lama_cleaners_form_asks_of_a_diffusion_model_reaches_it(
    client: httpx.AsyncClient, backend: FakeBackend
) -> None:
    asked = {"useCroper": "true", "sdMaskBlur": "11", "sdMatchHistograms": "true", "sdScale": "0.5"}

    answer = await client.post("/inpaint", files=FILES, data=LAMA_CLEANER | asked)

    assert answer.status_code == 200, answer.text
    parameters = backend.jobs[0].parameters
    assert (parameters.use_croper, parameters.croper_x, parameters.croper_y) == (True, -91, 12)
    assert (parameters.sd_mask_blur, parameters.sd_match_histograms, parameters.sd_scale) == (11, True, 0.5)


@pytest.mark.parametrize("name", ["use_extender", "enable_controlnet", "enable_brushnet", "enable_powerpaint_v2"])
async def test_what_a_form_asks_in_vain_is_refused_by_name(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.post("/inpaint", files=FILES, data=LAMA_CLEANER | {name: "true"})

    assert answer.status_code == 422, answer.text
    assert [(error["field"], error["type"]) for error in answer.json()["details"]["errors"]] == [(name, "not_served")]


@pytest.mark.parametrize("name", ["paintByExampleImage", "paint_by_example_example_image"])
@pytest.mark.parametrize("picture", [b"\x89PNG\xff", b"text"])
async def test_an_example_to_paint_by_is_refused_by_name(client: httpx.AsyncClient, name: str, picture: bytes) -> None:
    answer = await client.post("/inpaint", files=FILES | {name: picture}, data=LAMA_CLEANER)

    assert answer.status_code == 422, answer.text
    assert answer.json()["details"]["field"] == "paint_by_example_example_image"


async def test_the_models_are_told_in_iopaints_words(client: httpx.AsyncClient) -> None:
    config = (await client.get("/api/v1/server-config")).json()

    assert [(model["name"], model["model_type"]) for model in config["modelInfos"]] == [
        ("lama", "inpaint"),
        ("cv2", "inpaint"),
    ]
    assert config["disableModelSwitch"] is True
    assert "UniPC" in config["samplers"]
    assert (await client.get("/api/v1/samplers")).json() == config["samplers"]
    assert (await client.get("/api/v1/model")).json()["name"] == "lama"


@pytest.mark.parametrize("switch", ["use_extender", "enable_controlnet", "enable_brushnet", "enable_powerpaint_v2"])
async def test_what_is_switched_on_and_not_served_is_refused_by_name(client: httpx.AsyncClient, switch: str) -> None:
    body = assert_error(await client.post("/api/v1/inpaint", json=IOPAINT | {switch: True}), 422, "invalid_request")

    assert body["details"]["field"] == switch
