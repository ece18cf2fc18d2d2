"""The routes that answer with the result itself."""

import base64
import json
from dataclasses import replace

import httpx
import pytest

from deployments.api.schema.examples import CORNERS, IMAGE, MASK, POLYGON, RECTANGLE
from deployments.messages.jobs import OutputFormat, ResultKind
from models.masking.regions import corners, rectangle
from models.types import FillMode, HDStrategy, MaskMode
from tests.deployments.api.asgi import assert_error
from tests.deployments.fakes import INFO, FakeBackend
from tests.pictures import base64_of, encoded, photo

PNG = base64.b64decode(IMAGE)


async def test_a_mask_is_answered_with_the_image_and_its_facts(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    # When
    response = await client.post(
        "/api/v1/inpaint", json={"image": IMAGE, "mask": MASK}, headers={"X-Request-ID": "mine-1"}
    )
    # Then
    assert response.status_code == 200
    assert response.content == b"result"
    assert response.headers["content-type"] == "image/png"
    assert response.headers["X-Processing-Time"] == "0.250"
    assert response.headers["X-Regions-Count"] == "1"
    assert response.headers["X-Total-Area"] == "406"
    assert response.headers["X-Model"] == "cv2"
    assert response.headers["X-Request-ID"] == "mine-1"
    assert response.headers["X-Timestamp"].endswith("+00:00")
    assert response.headers["Server-Timing"] == "queue;dur=1.0, decode;dur=2.0, inpaint;dur=200.0, encode;dur=10.0"
    assert not {"x-model-fallback", "x-stroke-fallbacks", "x-fill", "x-seed"} & set(response.headers)
    (job,) = backend.jobs
    assert job.image == PNG
    assert job.mask == base64.b64decode(MASK)
    assert job.request_id == "mine-1"
    assert job.deadline is not None
    assert 29 < job.deadline - job.created_at <= 30


async def test_headers_that_are_not_always_there_appear_when_they_mean_something(
    client: httpx.AsyncClient, backend: FakeBackend
) -> None:
    # Given
    backend.info = replace(
        INFO, fallback_for="lama", stroke_fallbacks=0, seed=42, regions_count=20, fitted_count=17,
        timings_s={"verify": 0.3, "mask": 0.02, "fit": 0.01, "detect": 0.4},
    )  # fmt: skip
    # When
    response = await client.post("/api/v1/inpaint", json={"image": IMAGE, "mask": MASK})
    # Then
    assert response.headers["X-Model-Fallback"] == "lama"
    assert response.headers["X-Stroke-Fallbacks"] == "0"
    assert response.headers["X-Seed"] == "42"
    assert response.headers["X-Fill"] == "fitted=17, model=3"
    assert response.headers["Server-Timing"] == "detect;dur=400.0, mask;dur=20.0, fit;dur=10.0, verify;dur=300.0"


@pytest.mark.parametrize("form", [RECTANGLE, CORNERS, POLYGON])
@pytest.mark.parametrize("nested", [False, True])
async def test_every_form_of_a_region_arrives_and_extra_keys_are_ignored(
    client: httpx.AsyncClient, backend: FakeBackend, form: dict[str, object], nested: bool
) -> None:
    # Given
    extra = {"text": "Text", "id": 7, "confidence": 0.5}
    region = {"bounding_box": form | extra} if nested else form
    # When
    response = await client.post("/api/v1/inpaint-regions", json={"image": IMAGE, "regions": [region | extra]})
    # Then
    assert response.status_code == 200, response.text
    (region_got,) = backend.jobs[0].regions
    assert region_got.rectangle == (form is not POLYGON)
    assert region_got.points[0] == (6.0, 8.0)


async def test_every_parameter_reaches_the_job(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    # Given
    body = {
        "image": f"data:image/png;base64,{IMAGE}",
        "regions": [RECTANGLE],
        "model": "cv2",
        "hd_strategy": "CROP",
        "hd_strategy_crop_trigger_size": 700,
        "hd_strategy_crop_margin": 16,
        "hd_strategy_resize_limit": 512,
        "mask_mode": "Strokes",
        "verify": False,
        "dilation": 4,
        "fill": "MODEL",
        "result": "image",
        "sd_seed": 5,
        "sd_steps": 9,
        "sd_strength": 0.5,
        "sd_guidance_scale": 3,
        "sd_sampler": "uni_pc",
        "prompt": "sky",
        "negative_prompt": "sea",
        "ldm_steps": 11,
        "ldm_sampler": "DDIM",
        "zits_wireframe": False,
        "cv2_flag": "inpaint_telea",
        "cv2_radius": 6,
        "sd_scale": 0.5,
        "sd_mask_blur": 11,
        "sd_match_histograms": True,
        "sd_keep_unmasked_area": False,
        "use_croper": True,
        "croper_x": 3,
        "croper_y": 4,
        "croper_width": 50,
        "croper_height": 60,
        "powerpaint_task": "shape-guided",
        "fitting_degree": 0.5,
        "sd_lcm_lora": True,
        "output_format": "jpg",
        "output_quality": 71,
        "a_field_of_another_service": {"deep": [1]},
    }
    # When
    response = await client.post("/api/v1/inpaint-regions", json=body)
    # Then
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "image/jpeg"
    (job,) = backend.jobs
    assert (job.model, job.mask_mode, job.verify) == ("cv2", MaskMode.STROKES, False)
    assert (job.dilation_px, job.fill, job.result) == (4, FillMode.MODEL, ResultKind.IMAGE)
    assert (job.output_format, job.output_quality) == (OutputFormat.JPEG, 71)
    parameters = job.parameters
    assert parameters.hd_strategy is HDStrategy.CROP
    assert (parameters.sd_sampler, parameters.ldm_sampler, parameters.cv2_flag) == ("UniPC", "ddim", "INPAINT_TELEA")
    names = set(parameters.__dataclass_fields__) - {"hd_strategy", "sd_sampler", "ldm_sampler", "cv2_flag"}
    assert {name: getattr(parameters, name) for name in names} == {name: body[name] for name in names}


async def test_a_null_means_the_default(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    # When
    body = {"image": IMAGE, "regions": [RECTANGLE], "sd_seed": None, "verify": None, "mask": None, "prompt": None}
    response = await client.post("/api/v1/inpaint-regions", json=body)
    # Then
    assert response.status_code == 200
    assert backend.jobs[0].parameters.sd_seed == -1


async def test_a_form_says_the_same_as_json(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    # When
    response = await client.post(
        "/api/v1/inpaint-regions",
        files={"image": ("a.png", PNG, "image/png")},
        data={
            "regions": '[{"x": "6", "y": 8, "width": 28.5, "height": 14}]',
            "sd_steps": "9",
            "verify": "true",
            "zits_wireframe": "false",
            "cv2_radius": "",
            "prompt": "Straße",
        },
    )
    # Then
    assert response.status_code == 200, response.text
    (job,) = backend.jobs
    assert job.image == PNG
    assert job.regions[0].points[0] == (6.0, 8.0)
    assert (job.parameters.sd_steps, job.parameters.cv2_radius, job.parameters.prompt) == (9, 4, "Straße")
    assert (job.verify, job.parameters.zits_wireframe) == (True, False)


async def test_a_form_may_hold_both_files_or_their_base64_text(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    # When
    files = {"image": ("a", PNG), "mask": ("m.png", base64.b64decode(MASK))}
    as_files = await client.post("/api/v1/inpaint", files=files)
    as_text = await client.post("/api/v1/inpaint", files={"image": (None, IMAGE), "mask": (None, MASK)})
    # Then
    assert (as_files.status_code, as_text.status_code) == (200, 200), as_text.text
    assert backend.jobs[0].mask == backend.jobs[1].mask == base64.b64decode(MASK)


async def test_the_statistics_say_what_was_done(client: httpx.AsyncClient) -> None:
    # When
    body = {"image": IMAGE, "regions": [RECTANGLE]}
    plain = await client.post("/api/v1/inpaint-regions-json", json=body)
    full = await client.post("/api/v1/inpaint-regions-json?include_image=true", json=body)
    # Then
    assert list(plain.json()) == ["success", "message", "processing_stats", "timestamp"]
    assert plain.json()["success"] is True
    assert plain.json()["processing_stats"] == {
        "regions_processed": 1,
        "total_area": 406,
        "processing_time": 0.25,
        "image_dimensions": {"width": 48, "height": 32},
    }
    assert base64.b64decode(full.json()["image"]) == b"result"
    assert full.headers["X-Model"] == "cv2"


async def test_found_text_can_be_sent_back_as_regions(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    # When
    found = await client.post("/api/v1/detect-text", json={"image": IMAGE, "min_confidence": 0.3})
    # Then
    assert found.json() == {
        "regions": [
            {
                "points": [[6, 8], [34, 9], [34, 22], [6, 21]],
                "x": 6,
                "y": 8,
                "width": 28,
                "height": 14,
                "confidence": 0.9,
            }
        ],
        "image_dimensions": {"width": 48, "height": 32},
    }
    assert backend.detect_jobs[0].min_confidence == 0.3
    # When
    again = await client.post("/api/v1/inpaint-regions", json={"image": IMAGE, "regions": found.json()["regions"]})
    # Then
    assert again.status_code == 200
    assert len(backend.jobs[0].regions[0].points) == 4


async def test_remove_text_detects_and_takes_the_strokes_unless_told_otherwise(
    client: httpx.AsyncClient, backend: FakeBackend
) -> None:
    # When
    await client.post("/api/v1/remove-text", json={"image": IMAGE, "dilation": 3})
    await client.post("/api/v1/remove-text", json={"image": IMAGE, "mask_mode": "box"})
    # Then
    first, second = backend.jobs
    assert (first.detect, first.mask_mode, first.dilation_px, first.min_confidence) == (True, MaskMode.STROKES, 3, 0.6)
    assert second.mask_mode is MaskMode.BOX


async def test_regions_to_keep_and_to_look_in_reach_the_job(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    # Given
    keep, within = {"x": 1, "y": 2, "width": 3, "height": 4}, {"x1": 5, "y1": 6, "x2": 30, "y2": 20}

    # When
    body = {"image": IMAGE, "keep": [keep], "within": [within]}
    await client.post("/api/v1/remove-text", json=body)
    form = {"keep": json.dumps([keep]), "within": json.dumps([within])}
    await client.post("/api/v1/remove-text", files={"image": base64.b64decode(IMAGE)}, data=form)
    await client.post("/api/v1/detect-text", json={"image": IMAGE, "within": [within]})
    await client.post("/api/v1/inpaint", json={"image": IMAGE, "mask": MASK, "keep": [keep]})

    # Then
    by_json, by_form, by_mask = backend.jobs
    assert by_json.keep == by_form.keep == by_mask.keep == (rectangle(1, 2, 3, 4),)
    assert by_json.within == by_form.within == backend.detect_jobs[0].within == (corners(5, 6, 30, 20),)
    assert by_mask.within == ()


@pytest.mark.parametrize("path", ["/api/v1/remove-text", "/api/v1/detect-text"])
async def test_no_place_to_look_in_is_refused_and_so_is_one_outside(client: httpx.AsyncClient, path: str) -> None:
    nowhere = await client.post(path, json={"image": IMAGE, "within": []})
    outside = await client.post(path, json={"image": IMAGE, "within": [{"x": 90, "y": 0, "width": 9, "height": 9}]})

    assert nowhere.status_code == 422
    assert nowhere.json()["message"] == "within: at least one region is needed"
    assert outside.status_code == 422
    assert outside.json()["message"] == "within region 0 lies outside the image (48x32)"


async def test_accept_chooses_the_format_and_the_field_overrules_it(client: httpx.AsyncClient) -> None:
    # When
    body = {"image": IMAGE, "mask": MASK}
    accepted = await client.post("/api/v1/inpaint", json=body, headers={"Accept": "image/webp"})
    overruled = await client.post(
        "/api/v1/inpaint", json=body | {"output_format": "png"}, headers={"Accept": "image/webp"}
    )
    # Then
    assert accepted.headers["content-type"] == "image/webp"
    assert overruled.headers["content-type"] == "image/png"


@pytest.mark.parametrize(
    ("source", "asked", "expected", "like_input"),
    [
        ("JPEG", "same", "jpeg", True),
        ("WEBP", "same", "webp", True),
        ("AVIF", "SAME", "avif", True),
        ("PNG", "same", "png", True),
        ("BMP", "same", "png", True),
        ("GIF", "same", "png", True),
        ("JPEG", None, "png", False),
        ("JPEG", "avif", "avif", False),
    ],
)
async def test_the_format_of_the_input_can_be_asked_for(
    client: httpx.AsyncClient, backend: FakeBackend, source: str, asked: str | None, expected: str, like_input: bool
) -> None:
    body = {"image": base64_of(encoded(photo(48, 32), source)), "regions": [RECTANGLE], "output_format": asked}

    answer = await client.post("/api/v1/inpaint-regions", json=body)

    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == f"image/{expected}"
    assert backend.jobs[0].like_input == like_input


async def test_pages_are_told_if_there_are_more_than_one(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    body = {"image": base64_of(encoded(photo(48, 32))), "regions": [RECTANGLE]}

    one = await client.post("/api/v1/inpaint-regions", json=body)
    backend.info = replace(backend.info, pages=7)
    several = await client.post("/api/v1/inpaint-regions", json=body)
    beyond = await client.post("/api/v1/inpaint-regions", json=body | {"page": 1})

    assert "x-pages" not in one.headers
    assert several.headers["x-pages"] == "7"
    assert assert_error(beyond, 422, "invalid_request")["details"]["field"] == "page"
