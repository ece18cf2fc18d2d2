"""A backend without Ray or models: it answers what a test tells it to and remembers what it was asked."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any, cast

from deployments.api.admission.desk import Desk
from deployments.api.ports import Answered, BatchEntry, ServiceHealth, TaskOptions
from deployments.config.api_settings import AdmissionSettings
from deployments.errors import ResultExpired, TaskConflict, TaskFinished, TaskNotFinished, UnknownTask
from deployments.messages.batch import BatchItem, BatchRecord, BatchState, item_id, state_of
from deployments.messages.jobs import (
    Answer,
    DetectedText,
    Detection,
    DetectJob,
    Erased,
    ErasedInfo,
    EraseJob,
    Job,
    ModelState,
    ModelStatus,
)
from deployments.messages.task import Callback, CallbackState, TaskRecord, TaskStatus, TaskSummary

INFO = ErasedInfo(
    media_type="image/png",
    model="cv2",
    width=48,
    height=32,
    regions_count=1,
    total_area_px=406,
    processing_time_s=0.25,
    timings_s={"queue": 0.001, "decode": 0.002, "inpaint": 0.2, "encode": 0.01},
)

ADMISSION = AdmissionSettings(max_waiting=8, max_held_bytes=2**22, client_share=1.0)


class FakeTasks:
    """`change` moves a task; `fail_watches` ends every watch with an error; `watchers` counts those open and
    `watched` is set when one has taken a state."""

    def __init__(self) -> None:
        self.records: dict[str, TaskRecord] = {}
        self.jobs: dict[str, EraseJob] = {}
        self.options: dict[str, TaskOptions] = {}
        self.batches: dict[str, BatchRecord] = {}
        self.watchers = 0
        self.watched = asyncio.Event()
        self.error: Exception | None = None
        self._failure: Exception | None = None
        self._changed = asyncio.Condition()

    async def submit(self, job: EraseJob, options: TaskOptions) -> TaskRecord:
        self._raise()
        task_id = options.task_id or f"task-{len(self.records)}"
        content = replace(job, request_id="", created_at=0.0)
        if task_id in self.records:
            if self.jobs[task_id] != content:
                raise TaskConflict(f"task {task_id} is another job", task_id=task_id)
            return self.records[task_id]
        self.jobs[task_id] = content
        self.options[task_id] = options
        url = options.callback_url
        record = TaskRecord(
            task_id=task_id,
            digest="d",
            created_at=1_700_000_000.0,
            enable_progress=options.enable_progress,
            progress_interval_s=options.progress_interval_s,
            client=options.client,
            callback=Callback(url, CallbackState.REFUSED, 0, "the host is not allowed") if url else None,
        )
        self.records[task_id] = record
        return record

    async def submit_batch(
        self, batch_id: str | None, entries: tuple[BatchEntry, ...], client: str = ""
    ) -> BatchRecord:
        self._raise()
        batch_id = batch_id or f"batch-{len(self.batches)}"
        items = []
        for index, entry in enumerate(entries):
            task_id = None if entry.job is None else item_id(batch_id, index)
            if entry.job is not None:
                await self.submit(entry.job, replace(entry.options, task_id=task_id, client=client))
            items.append(BatchItem(entry.name, task_id, entry.refusal))
        record = BatchRecord(batch_id, "d", 1_700_000_000.0, tuple(items), client)
        return self.batches.setdefault(batch_id, record)

    async def batch(self, batch_id: str) -> BatchState:
        self._raise()
        if batch_id not in self.batches:
            raise UnknownTask(f"no batch has the id {batch_id}", batch_id=batch_id)
        return state_of(self.batches[batch_id], self.records)

    async def cancel_batch(self, batch_id: str) -> BatchState:
        state = await self.batch(batch_id)
        if state.ended:
            raise TaskFinished("the batch has already ended", batch_id=batch_id)
        for task in state.tasks:
            if task is not None and not task.status.final:
                await self.cancel(task.task_id)
        return await self.batch(batch_id)

    async def get(self, task_id: str) -> TaskRecord:
        self._raise()
        if task_id not in self.records:
            raise UnknownTask(f"no task {task_id} is known", task_id=task_id)
        return self.records[task_id]

    async def cancel(self, task_id: str) -> TaskRecord:
        record = await self.get(task_id)
        if record.status.final:
            raise TaskFinished(f"task {task_id} has ended", task_id=task_id)
        return await self.change(task_id, status=TaskStatus.CANCELLED, completed_at=1_700_000_002.0)

    async def result(self, task_id: str) -> Erased:
        record = await self.get(task_id)
        if record.result_expired:
            raise ResultExpired(f"the result of {task_id} has expired", task_id=task_id)
        if record.result is None:
            raise TaskNotFinished(f"task {task_id} has no result", task_id=task_id, status=record.status)
        return Erased(b"result", record.result)

    async def summary(self, client: str | None = None) -> TaskSummary:
        seen = [record for record in self.records.values() if client is None or record.client == client]
        statuses = [record.status for record in seen]
        active = tuple(record.task_id for record in seen if not record.status.final)
        return TaskSummary(
            total=len(statuses),
            active=len(active),
            pending=statuses.count(TaskStatus.PENDING),
            completed=statuses.count(TaskStatus.COMPLETED),
            error=statuses.count(TaskStatus.ERROR),
            cancelled=statuses.count(TaskStatus.CANCELLED),
            active_task_ids=active,
        )

    async def watch(self, task_id: str | None, after_seq: int | None = None) -> AsyncGenerator[TaskRecord]:
        if task_id is not None:
            await self.get(task_id)
        seen = {} if task_id is None or after_seq is None else {task_id: after_seq}
        if task_id is None:
            seen = {key: record.seq for key, record in self.records.items() if record.status.final}
        self.watchers += 1
        try:
            while True:
                if self._failure:
                    raise self._failure
                for record in [self.records[task_id]] if task_id else list(self.records.values()):
                    ended = task_id is not None and record.status.final
                    if ended or record.seq > seen.get(record.task_id, -1):
                        seen[record.task_id] = record.seq
                        yield record
                        self.watched.set()
                    if ended:
                        return
                async with self._changed:
                    await self._changed.wait()
        finally:
            self.watchers -= 1

    def add(self, task_id: str, **fields: object) -> TaskRecord:
        record = TaskRecord(task_id=task_id, digest="d", created_at=1_700_000_000.0, progress_interval_s=0.0)
        self.records[task_id] = replace(record, **fields)  # type: ignore[arg-type]
        return self.records[task_id]

    async def change(self, task_id: str, **fields: object) -> TaskRecord:
        """One legal move: the seq counts up and every watcher sees it."""
        record = self.records[task_id]
        record = replace(record, seq=record.seq + 1, **fields)  # type: ignore[arg-type]
        self.records[task_id] = record
        await self._announce()
        return record

    async def complete(self, task_id: str) -> TaskRecord:
        return await self.change(
            task_id,
            status=TaskStatus.COMPLETED,
            overall_progress=100.0,
            total_regions=1,
            completed_at=1_700_000_003.0,
            result=INFO,
        )

    async def fail_watches(self, error: Exception) -> None:
        self._failure = error
        await self._announce()

    async def _announce(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _raise(self) -> None:
        if self.error:
            raise self.error


class FakeBackend:
    """`error`, if set, is raised by every call; `gate`, if set, holds the work back until it is set;
    `working` is set once there is any."""

    def __init__(self, admission: AdmissionSettings = ADMISSION) -> None:
        self.desk = Desk(admission)
        self.tasks = FakeTasks()
        self.jobs: list[EraseJob] = []
        self.answers: list[Answered] = []
        self.detect_jobs: list[DetectJob] = []
        self.started = 0
        self.cancelled = 0
        self.error: Exception | None = None
        self.gate: asyncio.Event | None = None
        self.working = asyncio.Event()
        self.info = INFO
        self.statuses: tuple[ModelStatus, ...] = (
            ModelStatus("lama", ModelState.READY, "cpu", replicas=1),
            ModelStatus("cv2", ModelState.READY, "cpu", replicas=1),
        )
        self.state = ServiceHealth(True, False, (), {"models": {}})
        self.texts: tuple[DetectedText, ...] = (DetectedText(((6, 8), (34, 9), (34, 22), (6, 21)), 0.9),)

    async def run(self, job: Job[Answer]) -> Answer:
        answer: Any
        if isinstance(job, EraseJob):
            self.jobs.append(job)
            answer = Erased(b"result", replace(self.info, media_type=job.output_format.media_type))
        else:
            assert isinstance(job, DetectJob)
            self.detect_jobs.append(job)
            answer = Detection(self.texts, 48, 32)
        await self._work()
        return cast(Answer, answer)

    async def models(self) -> tuple[ModelStatus, ...]:
        self._raise()
        return self.statuses

    async def health(self) -> ServiceHealth:
        self._raise()
        return self.state

    def answered(self, answer: Answered) -> None:
        self.answers.append(answer)

    async def metrics(self) -> bytes:
        self._raise()
        return b"# TYPE up gauge\nup 1\n"

    async def _work(self) -> None:
        self._raise()
        self.started += 1
        self.working.set()
        try:
            if self.gate:
                await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise

    def _raise(self) -> None:
        if self.error:
            raise self.error
