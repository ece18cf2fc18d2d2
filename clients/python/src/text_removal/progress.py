"""How tasks stand, and their news. Fields have the wire's names; a test holds them against openapi.json."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from text_removal.wire import from_wire

Status: TypeAlias = Literal["pending", "preparing", "processing", "completed", "error", "cancelled"]
Stage: TypeAlias = Literal["preparing", "masking", "inpainting", "finalizing"]
CallbackState: TypeAlias = Literal["refused", "pending", "delivered", "failed"]
EventType: TypeAlias = Literal["progress_update", "task_completed", "task_failed", "task_cancelled"]

FINAL = frozenset({"completed", "error", "cancelled"})


@dataclass(frozen=True)
class CallbackStatus:
    """How a callback stands; `reason` says why it was refused or failed."""

    state: CallbackState
    reason: str | None
    attempts: int


@dataclass(frozen=True)
class TaskStatus:
    """A task at one moment. Progress is 0-100 and never goes back; times are seconds, moments ISO 8601."""

    task_id: str
    status: Status
    stage: Stage
    overall_progress: float
    stage_progress: float
    current_region: int
    total_regions: int
    message: str
    elapsed_time: float
    estimated_remaining: float | None
    created_at: str
    started_at: str | None
    completed_at: str | None
    error_message: str | None
    queue_position: int | None
    attempt: int
    result_url: str | None
    callback: CallbackStatus | None = None

    @property
    def final(self) -> bool:
        return self.status in FINAL

    @classmethod
    def from_wire(cls, answer: Mapping[str, Any]) -> "TaskStatus":
        told = answer.get("callback")
        callback = None if told is None else from_wire(CallbackStatus, told)
        return from_wire(cls, {**answer, "callback": callback})


@dataclass(frozen=True)
class Event:
    """News of a task. `seq` counts its changes. Of an update `stage` to `estimated_remaining` are set, of an end those
    of its kind."""

    type: EventType
    task_id: str
    seq: int
    timestamp: str
    elapsed_time: float
    status: Status
    overall_progress: float = 0.0
    stage: Stage | None = None
    stage_progress: float | None = None
    current_region: int | None = None
    total_regions: int | None = None
    message: str = ""
    estimated_remaining: float | None = None
    result_url: str | None = None
    error: str | None = None
    error_message: str | None = None

    @property
    def final(self) -> bool:
        return self.status in FINAL


ENDS: Mapping[str, Status] = {"task_completed": "completed", "task_failed": "error", "task_cancelled": "cancelled"}


def event_of(message: Mapping[str, Any]) -> Event | None:
    """None for messages that tell nothing of a task's state."""
    kind = str(message.get("type"))
    if kind == "progress_update":
        return from_wire(Event, message)
    if kind in ENDS:
        progress = {"overall_progress": 100.0} if kind == "task_completed" else {}
        return from_wire(Event, {**message, **progress, "status": ENDS[kind]})
    return None


def event_of_status(status: TaskStatus, seq: int) -> Event:
    """The same news where only the state can be asked for."""
    kinds: dict[str, EventType] = {
        "completed": "task_completed", "error": "task_failed", "cancelled": "task_cancelled",
    }  # fmt: skip
    return Event(
        type=kinds.get(status.status, "progress_update"),
        task_id=status.task_id,
        seq=seq,
        timestamp="",
        elapsed_time=status.elapsed_time,
        status=status.status,
        overall_progress=status.overall_progress,
        stage=status.stage,
        stage_progress=status.stage_progress,
        current_region=status.current_region,
        total_regions=status.total_regions,
        message=status.message,
        estimated_remaining=status.estimated_remaining,
        result_url=status.result_url,
        error_message=status.error_message,
    )


@dataclass(frozen=True)
class TaskCounts:
    """`active_task_ids` are those not yet ended; with API keys all are the key's own."""

    total_tasks: int
    active_tasks: int
    pending_tasks: int
    completed_tasks: int
    error_tasks: int
    cancelled_tasks: int
    active_task_ids: tuple[str, ...]
