"""Serve handles as our own ports: errors come out as ours, a cancel reaches the work, a dead replica is tried anew."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from ray.exceptions import ActorDiedError, ActorUnavailableError, RayTaskError, TaskCancelledError, WorkerCrashedError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError, RequestCancelledError
from ray.serve.handle import DeploymentHandle
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from deployments.errors import ReplicaLost, ShuttingDown
from deployments.messages.jobs import Detection, DetectJob, Erased, ErasedInfo, EraseJob, Filled, ModelStatus
from deployments.messages.task import TaskRecord, TaskSummary
from models.errors import TextRemovalError
from models.types import Image, InpaintParameters, Mask, Progress, Region

Handle = DeploymentHandle[Any]

log = logging.getLogger(__name__)

LOST = (ActorDiedError, ActorUnavailableError, WorkerCrashedError)


DIRECT_BYTES = 3 * 2**20
"""What goes straight from process to process: gRPC takes 4 MiB by default. More is handed over through Ray's shared
memory, which copies less and costs a millisecond or two."""

RAW_PIXEL_BYTES = 8
"""A pixel of the largest kind, 16-bit RGBA: no encoder makes more of it."""


def direct(handle: Handle) -> Handle:
    """The same handle for messages of up to DIRECT_BYTES, answers included: half the time of a call by reference."""
    return handle.options(_by_reference=False)


def retrying() -> AsyncRetrying:
    """Three attempts while replicas die under the work, which is safe because erasing has no side effects."""
    return AsyncRetrying(
        retry=retry_if_exception_type(ReplicaLost),
        stop=stop_after_attempt(3),
        wait=wait_exponential_jitter(multiplier=0.2, max=3),
        reraise=True,
    )


def translated(error: BaseException) -> BaseException:
    """Our own error behind what Ray raised, or the error itself if there is none."""
    if isinstance(error, RayTaskError):
        cause = error.cause
        return cause if isinstance(cause, TextRemovalError) else translated(cause) if cause is not error else error
    if isinstance(error, LOST):
        return ReplicaLost("the process that worked on this request died")
    if isinstance(error, DeploymentUnavailableError):
        return ShuttingDown("a part of the service has no process to run in")
    if isinstance(error, BackPressureError):
        return ReplicaLost("the deployment takes no more work at the moment")
    if isinstance(error, RequestCancelledError | TaskCancelledError):
        return asyncio.CancelledError()
    return error


async def call(response: Any) -> Any:
    """Await one result. Cancelling the await asks the remote work to stop; it does not wait for its end."""
    try:
        return await response
    except asyncio.CancelledError:
        response.cancel()
        raise
    except Exception as error:
        raise translated(error) from error


async def retried(method: Any, *arguments: Any) -> Any:
    """`call` a handle's method, again if its replica dies under it."""
    async for attempt in retrying():
        with attempt:
            return await call(method.remote(*arguments))
    raise AssertionError("retrying() re-raises the last error")


async def stream(responses: Any) -> AsyncGenerator[Any]:
    """Yield the items of a remote generator; closing this one cancels it."""
    finished = False
    try:
        async for item in responses:
            yield item
        finished = True
    except Exception as error:
        finished = True
        raise translated(error) from error
    finally:
        if not finished:
            responses.cancel()


async def everywhere(handle: Handle, method: str, *arguments: Any) -> None:
    """Call a method of every live replica and wait for all. Replicas that are gone have nothing left to do."""
    try:
        answers = await handle.broadcast(method, *arguments).results_async(return_exceptions=True)
    except DeploymentUnavailableError:
        return
    for answer in answers:
        if isinstance(answer, Exception):
            log.debug("%s on a replica: %s", method, answer)


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

    async def inpaint_in_steps(
        self, job_id: str, image: Image, mask: Mask, parameters: InpaintParameters, deadline: float | None
    ) -> AsyncGenerator[Progress | Filled]:
        items = stream(self._steps.inpaint_in_steps.remote(job_id, image, mask, parameters, deadline))
        async with aclosing(items):
            async for item in items:
                yield item

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

    async def erase(self, job: EraseJob) -> Erased:
        handle = self._direct if _is_small(job) else self._handle
        erased: Erased = await retried(handle.erase, job)
        return erased

    async def run_task(self, record: TaskRecord) -> AsyncGenerator[Progress | ErasedInfo]:
        """Run one attempt of a task. Closing the iterator stops it, and returns when it has stopped everywhere."""
        finished = False
        items: Any = self._stream.run_task.remote(record.task_id, record.digest, record.attempt)
        try:
            async for item in items:
                yield item
            finished = True
        except Exception as error:
            finished = True
            raise translated(error) from error
        finally:
            if not finished:
                items.cancel()
                await everywhere(self._handle, "task_ended", record.task_id, record.attempt)

    async def detect(self, job: DetectJob) -> Detection:
        detection: Detection = await retried(self._handle.detect, job)
        return detection


def _is_small(job: EraseJob) -> bool:
    """Whether the job and its answer, which has the metadata of the input, are sure to stay below DIRECT_BYTES."""
    most = len(job.image) + len(job.mask or b"") + RAW_PIXEL_BYTES * job.pixels
    return job.pixels > 0 and most <= DIRECT_BYTES


class RemoteTracker:
    """The task tracker deployment."""

    def __init__(self, handle: Handle) -> None:
        self._handle = direct(handle)
        self._stream = self._handle.options(stream=True)

    async def submit(self, record: TaskRecord) -> TaskRecord:
        return await self._call("submit", record)

    async def get(self, task_id: str) -> TaskRecord:
        return await self._call("get", task_id)

    async def cancel(self, task_id: str) -> TaskRecord:
        return await self._call("cancel", task_id)

    async def summary(self) -> TaskSummary:
        summary: TaskSummary = await retried(self._handle.summary)
        return summary

    async def watch(self, task_id: str | None, after_seq: int | None) -> AsyncGenerator[TaskRecord]:
        async with aclosing(stream(self._stream.watch.remote(task_id, after_seq))) as records:
            async for record in records:
                yield record

    async def _call(self, method: str, argument: Any) -> TaskRecord:
        """Every method of the tracker may be called again: the second call finds what the first has done."""
        record: TaskRecord = await retried(getattr(self._handle, method), argument)
        return record

    async def models(self) -> tuple[ModelStatus, ...]:
        statuses: tuple[ModelStatus, ...] = await call(self._handle.models.remote())
        return statuses


class RemoteReports:
    """Where a model replica says how it is (`ports.ModelReports`)."""

    def __init__(self, handle: Handle) -> None:
        self._handle = direct(handle)

    async def report_model(self, replica_id: str, status: ModelStatus) -> None:
        await call(self._handle.report_model.remote(replica_id, status))
