"""The task record: states, stages, legal moves, progress arithmetic. Pure: no Ray, no clock of its own."""

from dataclasses import dataclass
from enum import StrEnum

from deployments.jobs import ErasedInfo


class TaskStatus(StrEnum):
    PENDING = "pending"
    PREPARING = "preparing"
    PROCESSING = "processing"
    COMPLETED = "completed"
    ERROR = "error"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        return self in (TaskStatus.COMPLETED, TaskStatus.ERROR, TaskStatus.CANCELLED)


class TaskStage(StrEnum):
    PREPARING = "preparing"
    MASKING = "masking"
    INPAINTING = "inpainting"
    FINALIZING = "finalizing"


class CallbackState(StrEnum):
    REFUSED = "refused"
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Callback:
    """A webhook and how its delivery stands; `reason` says why it was refused or failed."""

    url: str
    state: CallbackState
    attempts: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """One task at one moment. A new moment is a new record with `seq` one higher.

    Times are epoch seconds; `overall_progress` and `stage_progress` are 0-100. `digest` is a hash of the job, so that
    the same id with the same body is the same task. `progress_interval_s` is how far apart a watcher wants updates.
    `result` is set when completed, `result_expired` when its bytes have been cleaned up.
    """

    task_id: str
    digest: str
    created_at: float
    status: TaskStatus = TaskStatus.PENDING
    stage: TaskStage = TaskStage.PREPARING
    overall_progress: float = 0.0
    stage_progress: float = 0.0
    current_region: int = 0
    total_regions: int = 0
    message: str = ""
    seq: int = 0
    attempt: int = 0
    started_at: float | None = None
    completed_at: float | None = None
    error_message: str | None = None
    error: str | None = None
    queue_position: int | None = None
    estimated_remaining_s: float | None = None
    enable_progress: bool = True
    progress_interval_s: float = 1.0
    callback: Callback | None = None
    result: ErasedInfo | None = None
    result_expired: bool = False


@dataclass(frozen=True, slots=True)
class TaskSummary:
    """Counts over all tasks known; `active_task_ids` are those not yet ended."""

    total: int
    active: int
    pending: int
    completed: int
    error: int
    cancelled: int
    active_task_ids: tuple[str, ...]
