"""Batches through the gateway: what is stored, what is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deployments.api.ports import BatchEntry, TaskOptions
from deployments.config.settings import AppConfig, Environment, Settings, resolve
from deployments.errors import QueueFull
from deployments.gateway.tasks import GatewayTasks
from deployments.messages.batch import BatchRecord, Refusal
from deployments.messages.jobs import EraseJob
from deployments.messages.task import TaskRecord
from deployments.storage.blobs import INPUTS, open_blobs
from models.masking.regions import rectangle

REFUSAL = Refusal("invalid_image", "not an image", "image")


class Tracker:
    def __init__(self) -> None:
        self.batches: dict[str, BatchRecord] = {}
        self.tasks: tuple[TaskRecord, ...] = ()
        self.refuses: Exception | None = None

    async def ask(self, verb: Callable[..., Any], *arguments: Any) -> Any:
        return await getattr(self, verb.__name__)(*arguments)

    async def expect_batch(self, batch: BatchRecord, records: tuple[TaskRecord, ...]) -> BatchRecord | None:
        if self.refuses:
            raise self.refuses
        return self.batches.get(batch.batch_id)

    async def submit_batch(self, batch: BatchRecord, records: tuple[TaskRecord, ...]) -> BatchRecord:
        self.tasks = records
        return self.batches.setdefault(batch.batch_id, batch)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("IOPAINT_DATA_DIR", str(tmp_path))
    return resolve(AppConfig(), Environment.read())


def entry(name: str, image: bytes = b"image") -> BatchEntry:
    job = EraseJob("r", image, pixels=100, regions=(rectangle(0, 0, 9, 9),))
    return BatchEntry(name, job, TaskOptions(callback_url="https://a.example.org/x"))


async def test_each_job_becomes_a_task_of_the_batch_and_a_refusal_stays_one(settings: Settings) -> None:
    # Given
    tracker = Tracker()
    tasks = GatewayTasks(settings, tracker)  # type: ignore[arg-type]
    entries = (entry("a"), BatchEntry("b", refusal=REFUSAL), entry("c", b"other"))
    # When
    batch = await tasks.submit_batch("mine", entries, "ann")
    # Then
    assert [(item.name, item.task_id, item.refusal) for item in batch.items] == [
        ("a", "mine.0", None),
        ("b", None, REFUSAL),
        ("c", "mine.2", None),
    ]
    assert [(task.task_id, task.client) for task in tracker.tasks] == [("mine.0", "ann"), ("mine.2", "ann")]
    assert {blob.task_id for blob in await open_blobs(settings.blob_store_url).list(INPUTS)} == {"mine.0", "mine.2"}


async def test_what_is_asked_of_a_batch_is_in_its_digest(settings: Settings) -> None:
    tasks = GatewayTasks(settings, Tracker())  # type: ignore[arg-type]
    variants = [
        (entry("a"),),
        (entry("a", b"other"),),
        (entry("b"),),
        (entry("a"), entry("b")),
        (BatchEntry("a", refusal=REFUSAL),),
    ]
    digests = [(await tasks.submit_batch(None, variant)).digest for variant in variants]

    assert len(set(digests)) == len(variants)
    assert (await tasks.submit_batch(None, variants[0])).digest == digests[0]


async def test_a_batch_that_is_refused_or_known_stores_nothing(settings: Settings) -> None:
    # Given
    tracker = Tracker()
    tasks = GatewayTasks(settings, tracker)  # type: ignore[arg-type]
    blobs = open_blobs(settings.blob_store_url)
    tracker.refuses = QueueFull("full")
    # When
    with pytest.raises(QueueFull):
        await tasks.submit_batch("mine", (entry("a"),))
    # Then
    assert await blobs.list(INPUTS) == ()
    # When
    tracker.refuses = None
    first = await tasks.submit_batch("mine", (entry("a"),))
    (blob,) = await blobs.list(INPUTS)
    await blobs.delete(blob.key)
    # Then
    assert await tasks.submit_batch("mine", (entry("a"),)) == first
    assert await blobs.list(INPUTS) == ()
