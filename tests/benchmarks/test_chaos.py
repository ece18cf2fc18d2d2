"""The ledger of `make chaos`: what it calls lost, doubled and wrong; and its faults that need no service."""

import asyncio
import json
from pathlib import Path

import pytest

from benchmarks import chaos
from benchmarks.chaos import FAULTS, SHORT, Ledger, Struck, report
from benchmarks.pictures import THUMBNAIL
from benchmarks.requests import request_for
from deployments.api.app import create_api
from deployments.errors import StoreUnavailable
from deployments.storage.blobs import input_key, open_blobs
from tests.deployments.api.conftest import SETTINGS
from tests.deployments.fakes import FakeBackend


def good() -> Ledger:
    ledger = Ledger()
    ledger.accepted = {"a", "b"}
    ledger.outcomes = {"a": "completed", "b": "completed"}
    ledger.ends["a"] += 1
    return ledger


def test_a_ledger_holds_if_all_that_was_promised_was_kept() -> None:
    assert good().holds
    assert not Ledger().holds


@pytest.mark.parametrize("fault", ["lost", "failed", "doubled", "wrong", "wrong answer"])
def test_a_ledger_does_not_hold_if_anything_is_amiss(fault: str) -> None:
    ledger = good()
    match fault:
        case "lost":
            del ledger.outcomes["a"]
        case "failed":
            ledger.outcomes["a"] = "error"
        case "doubled":
            ledger.ends["a"] += 1
        case "wrong":
            ledger.wrong.add("a")
        case "wrong answer":
            ledger.wrong_answers += 1
    assert not ledger.holds


def test_the_report_says_what_became_of_the_tasks() -> None:
    text = report(good(), [Struck("Eraser", 1.25)]).markdown()

    assert "2 tasks accepted: 2 completed, 0 failed, 0 lost, 0 wrong" in text
    assert "| Eraser | 1.2 |" in text
    assert set(SHORT) <= set(FAULTS)


async def test_blobs_that_are_taken_away_fail_and_are_all_there_again(tmp_path: Path) -> None:
    blobs = open_blobs(f"file://{tmp_path}/blobs")
    key = input_key("a", "0" * 64)
    await blobs.put(key, b"x")

    away = asyncio.create_task(asyncio.to_thread(chaos.take_blobs_away, tmp_path / "blobs", 1.0))
    while not (tmp_path / "blobs").is_file():  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    with pytest.raises(StoreUnavailable):
        await blobs.put(input_key("b", "0" * 64), b"y")
    await away

    assert await blobs.get(key) == b"x"


async def test_the_task_it_submits_is_one_the_service_takes() -> None:
    import httpx

    request = chaos._task_request(request_for(THUMBNAIL, "cv2"))
    backend = FakeBackend()
    transport = httpx.ASGITransport(create_api(backend, SETTINGS))
    async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as client:
        answer = await client.post(
            request.path,
            content=request.content.replace(b"TASK-ID", b"chaos-7"),
            headers={"Content-Type": request.content_type},
        )
    assert answer.status_code == 202, answer.text
    assert json.loads(answer.text)["task_id"] == "chaos-7"
