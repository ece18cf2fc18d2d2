"""The asynchronous half of the API over the tracker: bytes go to the blob store here, metadata to the tracker."""

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from deployments import metrics
from deployments.api.ports import BatchEntry, TaskOptions
from deployments.callbacks.policy import CallbackPolicy
from deployments.config.settings import Settings
from deployments.errors import ReplicaLost, ResultExpired, ShuttingDown, TaskNotFinished
from deployments.gateway.estimate import expected_s
from deployments.messages.batch import BatchItem, BatchRecord, BatchState, batch_digest, item_id
from deployments.messages.jobs import Erased, EraseJob
from deployments.messages.ports import Tracker
from deployments.messages.task import TaskRecord, TaskStatus, TaskSummary, job_digest
from deployments.remote.clients import RemoteTracker
from deployments.storage.blobs import input_key, open_blobs, result_key
from deployments.storage.codecs import dump_job
from deployments.threads import in_thread

WRITES_AT_ONCE = 4
"""Inputs of one batch that are stored at the same time: each is a copy in memory, and a disk syncs them in turn."""

WATCH_RETRIES = 3
WATCH_PAUSE_S = 0.5
"""A tracker that died is waited for by the call itself; one that is going away without a successor is given up."""


class GatewayTasks:
    """`api.ports.Tasks` as the gateway offers it."""

    def __init__(self, settings: Settings, tracker: RemoteTracker) -> None:
        self._tracker = tracker
        self._blobs = open_blobs(settings.blob_store_url, metrics.failures("blobs"))
        self._facts = {model.name: model.model_facts for model in settings.app.models}
        self._default = settings.default_model
        self._planner = settings.app.planner
        self._policy = CallbackPolicy(settings.callback_allowed_hosts)

    async def submit(self, job: EraseJob, options: TaskOptions) -> TaskRecord:
        """The input is stored before the task is known, and the task is durable before the client hears of it. What
        would be refused is not stored at all."""
        record = self._record(options.task_id or uuid.uuid4().hex, job, options)
        known = await self._tracker.ask(Tracker.expect, record)
        if known is not None:
            return known
        await self._store_input(record, job)
        return await self._tracker.ask(Tracker.submit, record)

    async def submit_batch(
        self, batch_id: str | None, entries: tuple[BatchEntry, ...], client: str = ""
    ) -> BatchRecord:
        """As `submit`."""
        batch_id = batch_id or uuid.uuid4().hex

        def draft(index: int, entry: BatchEntry) -> TaskRecord | None:
            if entry.job is None:
                return None
            return self._record(item_id(batch_id, index), entry.job, replace(entry.options, client=client))

        drafts = await in_thread(lambda: [draft(index, entry) for index, entry in enumerate(entries)])
        batch = batch_of(batch_id, entries, drafts, client)
        records = tuple(record for record in drafts if record is not None)
        known = await self._tracker.ask(Tracker.expect_batch, batch, records)
        if known is not None:
            return known
        writing = asyncio.Semaphore(WRITES_AT_ONCE)

        async def store(record: TaskRecord, job: EraseJob) -> None:
            async with writing:
                await self._store_input(record, job)

        jobs = [entry.job for entry in entries if entry.job is not None]
        await asyncio.gather(*(store(record, job) for record, job in zip(records, jobs, strict=True)))
        return await self._tracker.ask(Tracker.submit_batch, batch, records)

    def _record(self, task_id: str, job: EraseJob, options: TaskOptions) -> TaskRecord:
        return TaskRecord(
            task_id=task_id,
            digest=job_digest(job),
            created_at=time.time(),
            total_regions=len(job.regions),
            message="Waiting for its turn",
            enable_progress=options.enable_progress,
            progress_interval_s=options.progress_interval_s,
            client=options.client,
            input_bytes=len(job.image) + len(job.mask or b""),
            callback=self._policy.judge(options.callback_url) if options.callback_url else None,
            expected_s=expected_s(job, self._facts[job.model or self._default], self._planner),
        )

    async def _store_input(self, record: TaskRecord, job: EraseJob) -> None:
        """Never deleted here: another submission of the same job may own it by now. What nobody owns is collected."""
        await self._blobs.put(input_key(record.task_id, record.digest), await in_thread(partial(dump_job, job)))

    async def get(self, task_id: str) -> TaskRecord:
        return await self._tracker.ask(Tracker.get, task_id)

    async def cancel(self, task_id: str) -> TaskRecord:
        return await self._tracker.ask(Tracker.cancel, task_id)

    async def batch(self, batch_id: str) -> BatchState:
        return await self._tracker.ask(Tracker.batch, batch_id)

    async def cancel_batch(self, batch_id: str) -> BatchState:
        return await self._tracker.ask(Tracker.cancel_batch, batch_id)

    async def summary(self, client: str | None = None) -> TaskSummary:
        return await self._tracker.ask(Tracker.summary, client)

    async def result(self, task_id: str) -> Erased:
        record = await self.get(task_id)
        if record.status is not TaskStatus.COMPLETED or record.result is None:
            reason = f": {record.error_message}" if record.error_message else ""
            raise TaskNotFinished(f"task {task_id} is {record.status.value}{reason}", status=record.status.value)
        if record.result_expired:
            raise ResultExpired(f"the result of task {task_id} has expired")
        try:
            image = await self._blobs.get(result_key(task_id, record.digest, record.attempt))
        except FileNotFoundError:
            raise ResultExpired(f"the result of task {task_id} has expired") from None
        return Erased(image, record.result)

    async def watch(self, task_id: str | None, after_seq: int | None = None) -> AsyncGenerator[TaskRecord]:
        """Survives the tracker: if that dies or is replaced, the stream is taken up again where it stopped. Progress
        that was told but not yet stored when it died is not taken back.

        Raises: ShuttingDown if no tracker comes back; UnknownTask.
        """
        told: dict[str, float] = {}
        failures = 0
        while True:
            try:
                async with aclosing(self._tracker.watch(task_id, after_seq)) as records:
                    async for record in records:
                        failures = 0
                        progress = max(record.overall_progress, told.get(record.task_id, 0.0))
                        if record.status.final:
                            told.pop(record.task_id, None)
                        else:
                            told[record.task_id] = progress
                        yield replace(record, overall_progress=progress)
                        if task_id is not None:
                            after_seq = record.seq
                return
            except (ReplicaLost, ShuttingDown) as error:
                failures += 1
                if failures > WATCH_RETRIES:
                    raise ShuttingDown("the task tracker has gone away") from error
                await asyncio.sleep(WATCH_PAUSE_S)


def batch_of(
    batch_id: str, entries: Sequence[BatchEntry], records: Sequence[TaskRecord | None], client: str
) -> BatchRecord:
    """`records` has one for each entry; None for those that became no job."""
    pairs = list(zip(entries, records, strict=True))
    asked = [
        (entry.name, record.digest if record else str(entry.refusal and entry.refusal.code)) for entry, record in pairs
    ]
    items = tuple(BatchItem(entry.name, record.task_id if record else None, entry.refusal) for entry, record in pairs)
    return BatchRecord(batch_id, batch_digest(asked), time.time(), items, client)
