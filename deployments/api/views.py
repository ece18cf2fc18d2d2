"""A task record as clients see it: in task-status, on a WebSocket and as a server-sent event."""

import time
from typing import Any

from deployments.api.clock import iso
from deployments.api.schema.responses import CallbackAnswer, TaskStatusAnswer
from deployments.messages.task import TaskRecord, TaskStatus

PREFIX = "/api/v1"


def status_path(task_id: str) -> str:
    return f"{PREFIX}/task-status/{task_id}"


def result_path(task_id: str) -> str:
    return f"{PREFIX}/task-result/{task_id}"


def elapsed_s(record: TaskRecord) -> float:
    """From the submission to the end, or to now: what the client has waited."""
    return round(max(0.0, (record.completed_at or time.time()) - record.created_at), 3)


def callback(record: TaskRecord) -> CallbackAnswer | None:
    """How its webhook stands; None if none was asked for."""
    told = record.callback
    return None if told is None else CallbackAnswer(state=told.state, reason=told.reason, attempts=told.attempts)


def task_status(record: TaskRecord, root_path: str) -> TaskStatusAnswer:
    fetchable = record.status is TaskStatus.COMPLETED and not record.result_expired
    return TaskStatusAnswer(
        task_id=record.task_id,
        status=record.status,
        stage=record.stage,
        overall_progress=record.overall_progress,
        stage_progress=record.stage_progress,
        current_region=record.current_region,
        total_regions=record.total_regions,
        message=record.message,
        elapsed_time=elapsed_s(record),
        estimated_remaining=record.estimated_remaining_s,
        **moments(record),
        queue_position=record.queue_position,
        attempt=record.attempt,
        result_url=root_path + result_path(record.task_id) if fetchable else None,
        callback=callback(record),
    )


def progress_update(record: TaskRecord) -> dict[str, Any]:
    """The state as a message, whatever the state."""
    return _envelope("progress_update", record) | {
        "status": record.status,
        "stage": record.stage,
        "progress": record.overall_progress,
        "overall_progress": record.overall_progress,
        "stage_progress": record.stage_progress,
        "current_region": record.current_region,
        "total_regions": record.total_regions,
        "message": record.message,
        "elapsed_time": elapsed_s(record),
        "estimated_remaining": record.estimated_remaining_s,
    }


def moments(record: TaskRecord) -> dict[str, Any]:
    """What an answer about the state says beside it; an event is about one moment only."""
    return {
        "created_at": iso(record.created_at),
        "started_at": None if record.started_at is None else iso(record.started_at),
        "completed_at": None if record.completed_at is None else iso(record.completed_at),
        "error_message": record.error_message,
    }


def task_event(record: TaskRecord, root_path: str) -> dict[str, Any]:
    """What a follower of the task is told in this state."""
    match record.status:
        case TaskStatus.COMPLETED:
            result_url = root_path + result_path(record.task_id)
            return _envelope("task_completed", record) | {
                "result": {
                    "processed_image_path": result_url,
                    "processing_time": record.result.processing_time_s if record.result else None,
                    "regions_processed": record.result.regions_count if record.result else record.total_regions,
                },
                "elapsed_time": elapsed_s(record),
                "total_regions": record.total_regions,
                "result_url": result_url,
            }
        case TaskStatus.ERROR:
            return _envelope("task_failed", record) | {
                "error": record.error,
                "error_message": record.error_message,
                "elapsed_time": elapsed_s(record),
            }
        case TaskStatus.CANCELLED:
            return _envelope("task_cancelled", record) | {"elapsed_time": elapsed_s(record)}
        case _:
            return progress_update(record)


def _envelope(kind: str, record: TaskRecord) -> dict[str, Any]:
    return {"type": kind, "timestamp": iso(), "task_id": record.task_id, "seq": record.seq, "session_id": None}
