"""The task record: states, stages, legal moves. Pure: no Ray, no clock of its own."""

import hashlib
import json
import re
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from deployments.messages.jobs import ErasedInfo, EraseJob
from models.errors import TextRemovalError


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
    """One task at one moment. A new moment is a new record with `seq` one higher; the last is the end of the task. What
    becomes of it later, `callback` and `result_expired`, is written into that one.

    Times are epoch seconds; `overall_progress` and `stage_progress` are 0-100. `digest` is a hash of the job, so that
    the same id with the same body is the same task. `progress_interval_s` is how far apart a watcher wants updates.
    `result` is set when completed, `result_expired` when its bytes have been cleaned up. `attempt` counts starts.
    `expected_s` is what the work should take by the model's price (None: that cannot be said). `started_at` is the
    first start. `queue_position` is 1 for the task that starts next; it and the `estimated_remaining_s` of a waiting
    task are computed when the record is read and never stored, because one start moves the whole queue. `client` is
    whose API key submitted it; "" where there are no keys. `input_bytes` is the size of the files it was submitted with
    (0: not known, an older record).
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
    expected_s: float | None = None
    estimated_remaining_s: float | None = None
    enable_progress: bool = True
    progress_interval_s: float = 1.0
    callback: Callback | None = None
    result: ErasedInfo | None = None
    result_expired: bool = False
    client: str = ""
    input_bytes: int = 0


@dataclass(frozen=True, slots=True)
class TaskSummary:
    """Counts over all tasks known: total = active + completed + error + cancelled.

    `active_task_ids` are those not yet ended, oldest first; `pending` counts those of them that are not running.
    """

    total: int
    active: int
    pending: int
    completed: int
    error: int
    cancelled: int
    active_task_ids: tuple[str, ...]


LEGAL_MOVES: dict[TaskStatus, frozenset[TaskStatus]] = {
    TaskStatus.PENDING: frozenset({TaskStatus.PREPARING, TaskStatus.ERROR, TaskStatus.CANCELLED}),
    TaskStatus.PREPARING: frozenset(set(TaskStatus) - {TaskStatus.PREPARING}),
    TaskStatus.PROCESSING: frozenset(set(TaskStatus) - {TaskStatus.PREPARING, TaskStatus.PROCESSING}),
    TaskStatus.COMPLETED: frozenset(),
    TaskStatus.ERROR: frozenset(),
    TaskStatus.CANCELLED: frozenset(),
}
"""Where a task may go from each state. Back to pending is another attempt; a final state stays final."""


class IllegalMove(Exception):
    """A task was moved along no edge of `LEGAL_MOVES`: a defect of the caller."""


def move(record: TaskRecord, status: TaskStatus, **changes: Any) -> TaskRecord:
    """The next moment of `record`, in another state. Raises: IllegalMove."""
    if status not in LEGAL_MOVES[record.status]:
        raise IllegalMove(f"{record.task_id}: {record.status} -> {status}")
    return replace(record, status=status, seq=record.seq + 1, **{"estimated_remaining_s": None, **changes})


def start(record: TaskRecord, now: float) -> TaskRecord:
    return move(
        record,
        TaskStatus.PREPARING,
        stage=TaskStage.PREPARING,
        stage_progress=0.0,
        attempt=record.attempt + 1,
        started_at=now if record.started_at is None else record.started_at,
        message="Preparing",
    )


def requeue(record: TaskRecord, reason: str, *, counted: bool = True) -> TaskRecord:
    """Back in line after an attempt that did not end. Not `counted`: the attempt was broken off by ourselves."""
    attempt = record.attempt if counted else max(0, record.attempt - 1)
    return move(record, TaskStatus.PENDING, attempt=attempt, stage_progress=0.0, message=reason)


def complete(record: TaskRecord, result: ErasedInfo, now: float) -> TaskRecord:
    regions = result.regions_count
    return move(
        record,
        TaskStatus.COMPLETED,
        stage=TaskStage.FINALIZING,
        overall_progress=100.0,
        stage_progress=100.0,
        current_region=regions,
        total_regions=regions,
        completed_at=now,
        result=result,
        message="Completed",
    )


def fail(record: TaskRecord, error: TextRemovalError, now: float) -> TaskRecord:
    return move(
        record,
        TaskStatus.ERROR,
        completed_at=now,
        error=error_code(type(error)),
        error_message=error.message,
        message=f"Failed: {error.message}",
    )


def cancel(record: TaskRecord, now: float) -> TaskRecord:
    return move(record, TaskStatus.CANCELLED, completed_at=now, message="Cancelled")


def error_code(error: type[TextRemovalError]) -> str:
    """`InvalidRegion` is "invalid_region" on the wire."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", error.__name__).lower()


_CIRCUMSTANCES = ("request_id", "created_at", "deadline")


def job_digest(job: EraseJob) -> str:
    """SHA-256, hex, of what the job asks for. Who asks, when, and until when do not count.

    Only fields that differ from their default go in, so that a field added to the job later leaves old digests valid.
    """
    asked: dict[str, Any] = {}
    for field in fields(job):
        value = getattr(job, field.name)
        if field.name in _CIRCUMSTANCES or value == field.default:
            continue
        asked[field.name] = hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else _plain(value)
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """`value` as JSON can write it; of a dataclass only what differs from the defaults."""
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        given = ((field, getattr(value, field.name)) for field in fields(value))
        return {field.name: _plain(item) for field, item in given if item != field.default}
    return value
