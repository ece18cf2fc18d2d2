"""What the HTTP layer needs of the rest: Protocols that Ray-backed classes and test fakes both satisfy."""

from dataclasses import dataclass
from typing import Any, Protocol

from deployments.api.admission.desk import Desk
from deployments.messages.jobs import Answer, Erased, EraseJob, Job, ModelStatus
from deployments.messages.ports import TaskVerbs
from deployments.messages.task import TaskRecord


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


class Tasks(TaskVerbs, Protocol):
    """The asynchronous half."""

    async def submit(self, job: EraseJob, options: TaskOptions) -> TaskRecord:
        """Durable on return. The same id with the same job returns the existing record.

        Raises: TaskConflict, QueueFull, ShuttingDown.
        """
        ...

    async def result(self, task_id: str) -> Erased:
        """Raises: UnknownTask, TaskNotFinished, ResultExpired."""
        ...


class Backend(Protocol):
    """Everything behind the routes."""

    @property
    def tasks(self) -> Tasks: ...

    @property
    def desk(self) -> Desk:
        """Who may come in."""
        ...

    async def run(self, job: Job[Answer]) -> Answer:
        """Cancelling the call stops the work, and so does the job's deadline.

        Raises: DeadlineExceeded, any of models.errors.
        """
        ...

    async def models(self) -> tuple[ModelStatus, ...]: ...

    async def health(self) -> ServiceHealth: ...

    async def metrics(self) -> bytes:
        """Prometheus text exposition of the whole service."""
        ...
