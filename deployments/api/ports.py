"""What the HTTP layer needs of the rest: Protocols that Ray-backed classes and test fakes both satisfy."""

from dataclasses import dataclass
from typing import Any, Protocol

from deployments.api.admission.desk import Desk
from deployments.messages.batch import BatchRecord, Refusal
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


@dataclass(frozen=True, slots=True)
class BatchEntry:
    """One picture of a new batch: either the job it became, or why it became none. The `task_id` of its options is not
    looked at: it follows from the batch's."""

    name: str
    job: EraseJob | None = None
    options: TaskOptions = TaskOptions()
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer that has gone out. `route` is one of the service's paths, its parameters in braces, or "other";
    `status` 499: the client had hung up. `model` answered, in the place of `fallback_for` if that is not "". `client`
    is the name of an API key, never the key. `seconds` from the request's head to the answer's end."""

    route: str
    status: int
    seconds: float
    model: str = ""
    fallback_for: str = ""
    client: str = ""
    task_id: str = ""
    request_id: str = ""


class Tasks(TaskVerbs, Protocol):
    """The asynchronous half."""

    async def submit(self, job: EraseJob, options: TaskOptions) -> TaskRecord:
        """Durable on return. The same id with the same job returns the existing record.

        Raises: TaskConflict, QueueFull, ShuttingDown.
        """
        ...

    async def submit_batch(
        self, batch_id: str | None, entries: tuple[BatchEntry, ...], client: str = ""
    ) -> BatchRecord:
        """As `submit`: all that became jobs, or none. `batch_id` None: make one up.

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

    def answered(self, answer: Answered) -> None:
        """Called once for every answer."""
        ...

    async def metrics(self) -> bytes:
        """Prometheus text exposition of the whole service."""
        ...
