import dataclasses
import json

import pytest

from deployments.messages.jobs import ErasedInfo, EraseJob, OutputFormat
from deployments.messages.task import Callback, CallbackState, TaskRecord, TaskStage, TaskStatus
from deployments.storage.codecs import dump_job, dump_record, load_job, load_record
from models.types import HDStrategy, InpaintParameters, MaskMode, Region

INFO = ErasedInfo("image/png", "cv2", 8, 6, 2, 12, seed=7, timings_s={"queue": 0.25, "inpaint": 1.5})

FULL = TaskRecord(
    task_id="Az09._-",
    digest="d",
    created_at=1767225600.123456,
    status=TaskStatus.COMPLETED,
    stage=TaskStage.FINALIZING,
    overall_progress=33.25,
    message="naïve “quotes” \N{SNOWMAN}\n",
    seq=2_000_007,
    attempt=2,
    started_at=1767225601.5,
    completed_at=1767225602.5,
    callback=Callback("https://hooks.example.org/x", CallbackState.PENDING, attempts=3, reason="HTTP 503"),
    result=INFO,
)
WAITING = TaskRecord("a", "d", 100.0)


def test_a_record_survives_its_text() -> None:
    assert load_record(dump_record(FULL)) == FULL
    assert load_record(dump_record(WAITING)) == WAITING


def test_the_queue_position_is_never_stored() -> None:
    assert load_record(dump_record(dataclasses.replace(WAITING, queue_position=4))).queue_position is None


def test_fields_a_newer_release_wrote_are_ignored_and_missing_ones_have_their_default() -> None:
    data = json.loads(dump_record(FULL))
    data["colour"] = data["callback"]["colour"] = data["result"]["colour"] = "green"
    del data["progress_interval_s"], data["result"]["seed"]

    record = load_record(json.dumps(data))

    assert record == dataclasses.replace(FULL, result=dataclasses.replace(INFO, seed=None))


def test_a_record_of_another_version_is_refused() -> None:
    text = json.dumps(json.loads(dump_record(FULL)) | {"version": 2})

    with pytest.raises(ValueError, match="version 2"):
        load_record(text)


RECORD_OF_1_0_0 = """{"version":1,"task_id":"a","digest":"d","created_at":1700000000.5,"status":"completed",
"stage":"finalizing","overall_progress":100.0,"stage_progress":100.0,"current_region":2,"total_regions":2,
"message":"Completed","seq":1000007,"attempt":1,"started_at":1700000001.0,"completed_at":1700000002.25,
"error_message":null,"error":null,"queue_position":null,"estimated_remaining_s":null,"enable_progress":true,
"progress_interval_s":0.5,"callback":{"url":"https://client.example.org/done","state":"delivered","attempts":2,
"reason":null},"result":{"media_type":"image/png","model":"cv2","width":800,"height":600,"regions_count":2,
"total_area_px":1234,"fallback_for":"lama","stroke_fallbacks":1,"seed":7,"processing_time_s":1.5,
"timings_s":{"queue":0.25,"decode":0.125}},"result_expired":false}"""


def test_a_record_written_by_1_0_0_is_read() -> None:
    assert load_record(RECORD_OF_1_0_0) == TaskRecord(
        task_id="a",
        digest="d",
        created_at=1700000000.5,
        status=TaskStatus.COMPLETED,
        stage=TaskStage.FINALIZING,
        overall_progress=100.0,
        stage_progress=100.0,
        current_region=2,
        total_regions=2,
        message="Completed",
        seq=1_000_007,
        attempt=1,
        started_at=1700000001.0,
        completed_at=1700000002.25,
        progress_interval_s=0.5,
        callback=Callback("https://client.example.org/done", CallbackState.DELIVERED, 2),
        result=ErasedInfo(
            "image/png", "cv2", 800, 600, 2, 1234, fallback_for="lama", stroke_fallbacks=1, seed=7,
            processing_time_s=1.5, timings_s={"queue": 0.25, "decode": 0.125},
        ),
    )  # fmt: skip


JOB_OF_1_0_0 = (
    b'{"request_id": "r", "image": 5, "pixels": 1536, "mask": null, "regions": [{"points": [[6, 8], [34.5, 8], '
    b'[34.5, 22], [6, 22]], "rectangle": true}, {"points": [[1, 2], [3, 4], [5, 0]], "rectangle": false}], "detect": '
    b'false, "model": "lama", "parameters": {"hd_strategy": "Crop", "hd_strategy_crop_trigger_size": 1280, '
    b'"hd_strategy_crop_margin": 32, "hd_strategy_resize_limit": 1280, "sd_seed": 5, "sd_steps": 25, "sd_strength": '
    b'1.0, "sd_guidance_scale": 7.5, "sd_sampler": "DDIM", "prompt": "", "negative_prompt": "", "ldm_steps": 20, '
    b'"ldm_sampler": "plms", "zits_wireframe": true, "cv2_flag": "INPAINT_NS", "cv2_radius": 4}, "mask_mode": '
    b'"strokes", "verify": false, "min_confidence": 0.3, "dilation_px": 2, "output_format": "webp", "output_quality": '
    b'90, "deadline": null, "created_at": 1700000000.5, "version": 1}\nIMAGE'
)


def test_a_job_written_by_1_0_0_is_read() -> None:
    assert load_job(JOB_OF_1_0_0) == EraseJob(
        request_id="r",
        image=b"IMAGE",
        pixels=1536,
        regions=(
            Region(((6, 8), (34.5, 8), (34.5, 22), (6, 22)), rectangle=True),
            Region(((1, 2), (3, 4), (5, 0))),
        ),
        model="lama",
        parameters=InpaintParameters(hd_strategy=HDStrategy.CROP, sd_seed=5),
        mask_mode=MaskMode.STROKES,
        verify=False,
        min_confidence=0.3,
        dilation_px=2,
        output_format=OutputFormat.WEBP,
        output_quality=90,
        created_at=1700000000.5,
    )


JOB = EraseJob(
    request_id="r",
    image=b"\x89PNG\n\x00\n",
    mask=b"mask\n",
    regions=(Region(((0.5, 1.0), (2.0, 1.0), (2.0, 3.25)), rectangle=True), Region(((0, 0), (1, 0), (1, 1)))),
    detect=True,
    model="mat",
    parameters=InpaintParameters(hd_strategy=HDStrategy.CROP, prompt="naïve “quotes”\n", sd_seed=5),
    mask_mode=MaskMode.STROKES,
    verify=False,
    output_format=OutputFormat.WEBP,
    deadline=12.5,
)


@pytest.mark.parametrize(
    "job",
    [
        JOB,
        EraseJob(request_id="r", image=b"x"),
        dataclasses.replace(JOB, mask=b""),
        dataclasses.replace(JOB, mask=None),
    ],
)
def test_a_job_survives_its_blob(job: EraseJob) -> None:
    loaded = load_job(dump_job(job))

    assert loaded == job
    assert isinstance(loaded.parameters.hd_strategy, HDStrategy)


def test_a_job_cut_short_is_refused() -> None:
    with pytest.raises(ValueError, match="not complete"):
        load_job(dump_job(JOB)[:-1])


def test_a_job_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version 2"):
        load_job(dump_job(JOB).replace(b'"version": 1', b'"version": 2'))


def test_parts_of_a_job_a_newer_release_wrote_are_ignored() -> None:
    blob = dump_job(JOB).replace(b'"detect"', b'"colour": 1, "detect"').replace(b'"prompt"', b'"tint": 1, "prompt"')

    assert load_job(blob) == JOB
