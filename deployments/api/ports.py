"""What the HTTP layer needs of the rest: Protocols that Ray-backed classes and test fakes both satisfy."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol

from deployments.messages.jobs import Detection, DetectJob, Erased, EraseJob, ModelStatus
from deployments.messages.task import TaskRecord, TaskSummary


@dataclass(frozen=True, slots=True)
class ServiceHealth:
    """`healthy`: requests are answered, if need be by the fallback model (then `degraded`, and `reasons` say why)."""

    healthy: bool
    degraded: bool
    reasons: tuple[str, ...]
    diagnostics: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TaskOptions:
    """What a client asks of a task beside the job. `task_id` None: make one up. `client` is
    whose API key it was; "" without keys."""

    task_id: str | None = None
    enable_progress: bool = True
    progress_interval_s: float = 1.0
    callback_url: str | None = None
    client: str = ""


class Tasks(Protocol):
    """The asynchronous half. Every method may raise the errors named, all of models.errors."""

    async def submit(self, job: EraseJob, options: TaskOptions) -> TaskRecord:
        """Durable on return. The same id with the same job returns the existing record.

        Raises: TaskConflict, QueueFull, ShuttingDown.
        """
        ...

    async def get(self, task_id: str) -> TaskRecord:
        """Raises: UnknownTask."""
        ...

    async def cancel(self, task_id: str) -> TaskRecord:
        """Returns once the work has really stopped. Raises: UnknownTask, TaskFinished."""
        ...

    async def result(self, task_id: str) -> Erased:
        """Raises: UnknownTask, TaskNotFinished, ResultExpired."""
        ...

    async def summary(self, client: str | None = None) -> TaskSummary:
        """Of one client's tasks; None: of all."""
        ...

    def watch(self, task_id: str | None, after_seq: int | None = None) -> AsyncIterator[TaskRecord]:
        """The current state first (unless its seq <= after_seq and it is not final), then every change, newest wins
        for slow readers; for one task the iterator ends after the final record. `task_id` None follows every task:
        first every unfinished one's state, then changes, without end. Raises: UnknownTask.
        """
        ...


class Backend(Protocol):
    """Everything behind the routes."""

    @property
    def tasks(self) -> Tasks: ...

    async def erase(self, job: EraseJob) -> Erased:
        """Cancelling the call stops the work, and so does the job's deadline.

        Raises: DeadlineExceeded, QueueFull, any of models.errors.
        """
        ...

    async def detect(self, job: DetectJob) -> Detection:
        """As `erase`."""
        ...

    async def models(self) -> tuple[ModelStatus, ...]: ...

    async def health(self) -> ServiceHealth: ...

    async def metrics(self) -> bytes:
        """Prometheus text exposition of the whole service."""
        ...
