"""What the deployments need of each other, as Protocols: Ray-backed handles and test fakes both satisfy them."""

from collections.abc import AsyncGenerator
from typing import Protocol

from deployments.messages.batch import BatchRecord, BatchState
from deployments.messages.jobs import Detection, Filled, ModelStatus
from deployments.messages.task import TaskRecord, TaskSummary
from models.types import Image, InpaintParameters, Mask, Progress, Region


class TaskVerbs(Protocol):
    """What is asked of the task tracker, and of all that stand in front of it. Each may be asked again after a failure:
    it finds what the first call has done. Raises what is named, ShuttingDown, StoreUnavailable."""

    async def get(self, task_id: str) -> TaskRecord:
        """Raises: UnknownTask."""
        ...

    async def cancel(self, task_id: str) -> TaskRecord:
        """Returns once the work has really stopped. Raises: UnknownTask, TaskFinished."""
        ...

    async def summary(self, client: str | None = None) -> TaskSummary:
        """Of one client's tasks; None: of all."""
        ...

    def watch(self, task_id: str | None, after_seq: int | None = None) -> AsyncGenerator[TaskRecord]:
        """The current state first (unless its seq <= after_seq and it is not final), then every change, newest wins
        for slow readers; for one task the iterator ends after the final record. `task_id` None follows every task:
        first every unfinished one's state, then changes, without end. Raises: UnknownTask.
        """
        ...

    async def batch(self, batch_id: str) -> BatchState:
        """Raises: UnknownTask."""
        ...

    async def cancel_batch(self, batch_id: str) -> BatchState:
        """Cancels what has not ended; returns once that work has really stopped. Raises: UnknownTask, TaskFinished if
        all had ended."""
        ...


class Tracker(TaskVerbs, Protocol):
    """The task tracker deployment: `tracking.tracker.TaskTracker` is one."""

    async def expect(self, record: TaskRecord) -> TaskRecord | None:
        """Before the input of a submission is stored: the task there is with its id and digest, or None if it would be
        admitted now. Raises: as `submit`."""
        ...

    async def submit(self, record: TaskRecord) -> TaskRecord:
        """Durable on return; the same id with the same digest returns the task there is.

        Raises: TaskConflict, QueueFull.
        """
        ...

    async def expect_batch(self, batch: BatchRecord, records: tuple[TaskRecord, ...]) -> BatchRecord | None:
        """As `expect`, for a batch."""
        ...

    async def submit_batch(self, batch: BatchRecord, records: tuple[TaskRecord, ...]) -> BatchRecord:
        """All of its tasks or none; durable on return. The same id with the same digest returns the batch there is.

        Raises: TaskConflict, also if one of the tasks' ids is taken; QueueFull if not all have room.
        """
        ...


class ModelReports(Protocol):
    """Where model replicas say how they are."""

    async def report_model(self, replica_id: str, status: ModelStatus) -> None: ...


class WindowModel(Protocol):
    """A model deployment as the pipeline sees it. Cancelling a call asks its work to stop; `stop` makes sure."""

    async def inpaint(
        self, job_id: str, image: Image, mask: Mask, parameters: InpaintParameters, deadline: float | None
    ) -> Filled: ...

    def inpaint_in_steps(
        self, job_id: str, image: Image, mask: Mask, parameters: InpaintParameters, deadline: float | None
    ) -> AsyncGenerator[Progress | Filled]: ...

    async def stop(self, job_id: str) -> None:
        """End all windows of one job, on every replica; returns when no device works on them any more."""
        ...


class TextFinder(Protocol):
    """The text detector deployment as the pipeline sees it."""

    async def detect(self, image: Image, min_confidence: float, deadline: float | None) -> Detection: ...

    async def readable(self, image: Image, regions: tuple[Region, ...], deadline: float | None) -> tuple[int, ...]:
        """Indices of the regions in which text can still be read."""
        ...
