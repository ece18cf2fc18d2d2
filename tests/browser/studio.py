"""A service whose pictures can be told apart, without Ray and without models: what a page is tried against quickly."""

import asyncio
import io
from dataclasses import replace
from typing import Any, cast

import numpy as np
from PIL import Image

from deployments.api.ports import TaskOptions
from deployments.messages.jobs import Answer, DetectedText, Detection, DetectJob, Erased, EraseJob, Job
from deployments.messages.task import TaskRecord, TaskStage, TaskStatus
from deployments.pipeline.results import untouched
from models.codec import images
from models.masking import masks
from models.types import Region
from tests.deployments.fakes import INFO, FakeBackend, FakeTasks

TEXTS = ((0.1, 0.1, 0.5, 0.2, 0.98), (0.2, 0.6, 0.8, 0.75, 0.71))
"""Where each picture has text, as shares of its size: left, top, right, bottom; and how sure that is."""


def texts(width: int, height: int) -> tuple[DetectedText, ...]:
    return tuple(
        DetectedText(
            ((left * width, top * height), (right * width, top * height),
             (right * width, bottom * height), (left * width, bottom * height)),
            sure,
        )
        for left, top, right, bottom, sure in TEXTS
    )  # fmt: skip


def erased(job: EraseJob) -> Erased:
    """The picture with what is marked in the complement of its own first pixel's colour: whose result it is can be
    seen."""
    decoded = images.decode(job.image, max_pixels=10**8, page=job.page)
    height, width = decoded.rgb.shape[:2]
    regions = tuple(Region(text.points) for text in texts(width, height)) if job.detect else job.regions
    if job.mask is None and not regions:
        kind, file = untouched(decoded, job)
        size = {"width": width, "height": height, "pages": decoded.pages}
        return Erased(file, replace(INFO, media_type=kind, model="none", regions_count=0, **size))
    if job.mask is None:
        mask = masks.rasterise(regions, width, height) > 0
    else:
        mask = np.asarray(Image.open(io.BytesIO(job.mask)).convert("L")) > 127
    pixels = decoded.rgb.copy()
    kept = masks.rasterise(job.keep, width, height) if job.keep else np.zeros((height, width), np.uint8)
    pixels[mask & (kept == 0)] = 255 - pixels[0, 0]
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "PNG", compress_level=1)
    info = replace(INFO, width=width, height=height, regions_count=max(1, len(regions)), fitted_count=1)
    return Erased(written.getvalue(), info)


class StudioTasks(FakeTasks):
    """Tasks that run by themselves in `steps` of `pace_s` each; `hold`, if set, keeps them where they are."""

    def __init__(self) -> None:
        super().__init__()
        self.steps, self.pace_s = 4, 0.03
        self.hold: asyncio.Event | None = None
        self._results: dict[str, Erased] = {}
        self._runs: set[asyncio.Task[None]] = set()

    async def submit(self, job: EraseJob, options: TaskOptions) -> TaskRecord:
        known = options.task_id in self.records
        record = await super().submit(job, options)
        if not known:
            run = asyncio.create_task(self._run(record.task_id, job))
            self._runs.add(run)
            run.add_done_callback(self._runs.discard)
        return record

    async def result(self, task_id: str) -> Erased:
        await super().result(task_id)
        return self._results[task_id]

    def finish(self, task_id: str, job: EraseJob) -> None:
        """As if it had gone on where nobody saw it."""
        self._results[task_id] = erased(job)
        record = self.records[task_id]
        self.records[task_id] = replace(
            record, seq=record.seq + 1, status=TaskStatus.COMPLETED, result=self._results[task_id].info
        )

    async def _run(self, task_id: str, job: EraseJob) -> None:
        for step in range(self.steps):
            await asyncio.sleep(self.pace_s)
            if self.hold and step:
                await self.hold.wait()
            if self.records[task_id].status.final:
                return
            done = 100.0 * (step + 1) / self.steps
            moving: dict[str, Any] = {"status": TaskStatus.PROCESSING, "stage": TaskStage.INPAINTING}
            await self.change(task_id, overall_progress=done, stage_progress=done, **moving)
        self._results[task_id] = await asyncio.to_thread(erased, job)
        if not self.records[task_id].status.final:
            await self.change(
                task_id, status=TaskStatus.COMPLETED, completed_at=1_700_000_003.0, result=self._results[task_id].info
            )


class Studio(FakeBackend):
    def __init__(self) -> None:
        super().__init__()
        self.tasks: StudioTasks = StudioTasks()

    async def run(self, job: Job[Answer]) -> Answer:
        answer: Any
        if isinstance(job, DetectJob):
            self.detect_jobs.append(job)
            size = Image.open(io.BytesIO(job.image)).size
            answer = Detection(texts(*size), *size)
        else:
            assert isinstance(job, EraseJob)
            self.jobs.append(job)
            answer = await asyncio.to_thread(erased, job)
        await self._work()
        return cast(Answer, answer)
