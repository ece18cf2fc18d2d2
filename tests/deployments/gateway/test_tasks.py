"""Submission through the gateway: what is stored, what is refused, and what is told about the time."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deployments.api.ports import TaskOptions
from deployments.config.settings import AppConfig, Environment, PlannerConfig, Settings, resolve
from deployments.errors import QueueFull, StoreUnavailable, TaskConflict
from deployments.gateway.estimate import expected_s
from deployments.gateway.tasks import GatewayTasks
from deployments.messages.jobs import EraseJob
from deployments.messages.task import TaskRecord
from deployments.storage.blobs import INPUTS, open_blobs
from models import registry
from models.masking.regions import rectangle


class Tracker:
    """Knows what was submitted; `refuses` is raised by `expect`, `refuses_late` by `submit`."""

    def __init__(self) -> None:
        self.records: dict[str, TaskRecord] = {}
        self.refuses: Exception | None = None
        self.refuses_late: Exception | None = None

    async def ask(self, verb: Callable[..., Any], *arguments: Any) -> Any:
        return await getattr(self, verb.__name__)(*arguments)

    async def expect(self, record: TaskRecord) -> TaskRecord | None:
        if self.refuses:
            raise self.refuses
        return self.records.get(record.task_id)

    async def submit(self, record: TaskRecord) -> TaskRecord:
        if self.refuses_late:
            raise self.refuses_late
        return self.records.setdefault(record.task_id, record)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("IOPAINT_DATA_DIR", str(tmp_path))
    return resolve(AppConfig(), Environment.read())


def job(pixels: int = 1_000_000) -> EraseJob:
    return EraseJob("r", b"image", pixels=pixels, regions=(rectangle(0, 0, 100, 50),))


OPTIONS = TaskOptions("t", True, 1.0, None)


async def test_a_duplicate_that_is_refused_leaves_the_accepted_input(settings: Settings) -> None:
    # Given: two submissions of one job, of which the second finds the queue full
    tracker = Tracker()
    tasks = GatewayTasks(settings, tracker)  # type: ignore[arg-type]
    await tasks.submit(job(), OPTIONS)
    tracker.records.clear()  # the answer to the second was on its way before the first was known
    tracker.refuses_late = QueueFull("full")
    # When
    with pytest.raises(QueueFull):
        await tasks.submit(job(), OPTIONS)
    # Then
    assert len(await open_blobs(settings.blob_store_url).list(INPUTS)) == 1


@pytest.mark.parametrize("refusal", [QueueFull("full"), TaskConflict("another job")])
async def test_what_is_refused_is_not_stored(settings: Settings, refusal: Exception) -> None:
    tracker = Tracker()
    tracker.refuses = refusal

    with pytest.raises(type(refusal)):
        await GatewayTasks(settings, tracker).submit(job(), OPTIONS)  # type: ignore[arg-type]

    assert await open_blobs(settings.blob_store_url).list(INPUTS) == ()


async def test_a_task_that_is_known_is_answered_and_not_stored_again(settings: Settings) -> None:
    tracker = Tracker()
    tasks = GatewayTasks(settings, tracker)  # type: ignore[arg-type]
    first = await tasks.submit(job(), OPTIONS)
    blobs = open_blobs(settings.blob_store_url)
    (blob,) = await blobs.list(INPUTS)
    await blobs.delete(blob.key)

    assert await tasks.submit(job(), OPTIONS) == first

    assert await blobs.list(INPUTS) == ()


async def test_a_full_disk_is_no_error_of_the_service(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    tracker = Tracker()

    with pytest.raises(StoreUnavailable, match="No space left"):
        await GatewayTasks(settings, tracker).submit(job(), OPTIONS)  # type: ignore[arg-type]

    assert tracker.records == {}


async def test_a_task_knows_how_many_bytes_wait_for_it(settings: Settings) -> None:
    record = await GatewayTasks(settings, Tracker()).submit(replace(job(), mask=b"mask"), OPTIONS)  # type: ignore[arg-type]

    assert record.input_bytes == len(b"image") + len(b"mask")


def test_the_expected_time_follows_the_regions_and_ends_at_the_image() -> None:
    facts, planner = registry.facts("lama"), PlannerConfig()

    one = expected_s(job(), facts, planner)
    small = expected_s(job(pixels=1000), facts, planner)

    assert one == pytest.approx(0.05 + (100 + 48) * (50 + 48) * 17e-6)
    assert small == pytest.approx(0.05 + 1000 * 17e-6)
    assert expected_s(EraseJob("r", b"", pixels=9, mask=b"m"), facts, planner) is None
