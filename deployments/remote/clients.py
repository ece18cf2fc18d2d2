"""The deployments as their callers see them: Serve handles behind our own ports."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from deployments.messages.jobs import Answer, Detection, ErasedInfo, EraseJob, Filled, Job, ModelStatus
from deployments.messages.status import TrackerStatus
from deployments.messages.task import TaskRecord
from deployments.remote.calls import DIRECT_BYTES, Handle, call, direct, everywhere, retried, stream
from models.types import Image, InpaintParameters, Mask, Progress, Region

Asked = ParamSpec("Asked")
Told = TypeVar("Told")

RAW_PIXEL_BYTES = 8
"""A pixel of the largest kind, 16-bit RGBA: no encoder makes more of it."""


class RemoteModel:
    """A model deployment (`ports.WindowModel`)."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._direct = direct(handle)
        self._steps = handle.options(stream=True)

    async def inpaint(
        self, job_id: str, image: Image, mask: Mask, parameters: InpaintParameters, deadline: float | None
    ) -> Filled:
        handle = self._direct if image.nbytes + mask.nbytes <= DIRECT_BYTES else self._handle
        filled: Filled = await retried(handle.inpaint, job_id, image, mask, parameters, deadline)
        return filled

    def inpaint_in_steps(
        self, job_id: str, image: Image, mask: Mask, parameters: InpaintParameters, deadline: float | None
    ) -> AsyncGenerator[Progress | Filled]:
        return stream(self._steps.inpaint_in_steps, job_id, image, mask, parameters, deadline)

    async def stop(self, job_id: str) -> None:
        await everywhere(self._handle, "stop", job_id)


class RemoteTextFinder:
    """The text detector deployment (`ports.TextFinder`)."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    async def detect(self, image: Image, min_confidence: float, deadline: float | None) -> Detection:
        detection: Detection = await retried(self._handle.detect, image, min_confidence, deadline)
        return detection

    async def readable(self, image: Image, regions: tuple[Region, ...], deadline: float | None) -> tuple[int, ...]:
        indices: tuple[int, ...] = await retried(self._handle.readable, image, regions, deadline)
        return indices


class RemoteEraser:
    """The pipeline deployment, as the gateway and the tracker use it."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._direct = direct(handle)
        self._stream = self._direct.options(stream=True)

    async def run(self, job: Job[Answer]) -> Answer:
        handle = self._direct if _is_small(job) else self._handle
        answer: Answer = await retried(handle.run, job)
        return answer

    def run_task(self, record: TaskRecord) -> AsyncGenerator[Progress | ErasedInfo]:
        """Run one attempt of a task. Closing the iterator stops it, and returns when it has stopped everywhere."""
        return stream(
            self._stream.run_task,
            record.task_id,
            record.digest,
            record.attempt,
            stopped=lambda: everywhere(self._handle, "task_ended", record.task_id, record.attempt),
        )


def _is_small(job: Job[Any]) -> bool:
    """Whether the job and its answer, which has the metadata of the input, are sure to stay below DIRECT_BYTES."""
    if not isinstance(job, EraseJob) or job.pixels == 0:
        return False
    return len(job.image) + len(job.mask or b"") + RAW_PIXEL_BYTES * job.pixels <= DIRECT_BYTES


class RemoteTracker:
    """The task tracker deployment."""

    def __init__(self, handle: Handle) -> None:
        self._handle = direct(handle)
        self._stream = self._handle.options(stream=True)

    async def ask(
        self, verb: Callable[Concatenate[Any, Asked], Awaitable[Told]], *arguments: Asked.args, **_: Asked.kwargs
    ) -> Told:
        """Call a method of `messages.ports.Tracker` that answers once, again if the replica dies under it."""
        told: Told = await retried(self._handle.ask, verb.__name__, *arguments)
        return told

    def watch(self, task_id: str | None, after_seq: int | None) -> AsyncGenerator[TaskRecord]:
        return stream(self._stream.watch, task_id, after_seq)

    async def status(self) -> TrackerStatus:
        status: TrackerStatus = await call(self._handle.status.remote())
        return status

    async def models(self) -> tuple[ModelStatus, ...]:
        statuses: tuple[ModelStatus, ...] = await call(self._handle.models.remote())
        return statuses


class RemoteReports:
    """Where a model replica says how it is (`ports.ModelReports`)."""

    def __init__(self, handle: Handle) -> None:
        self._handle = direct(handle)

    async def report_model(self, replica_id: str, status: ModelStatus) -> None:
        await call(self._handle.report_model.remote(replica_id, status))
