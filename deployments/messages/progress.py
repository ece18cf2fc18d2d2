"""Turns work really done into percentages and a remaining time. Pure; the clock is passed in."""

from dataclasses import replace
from typing import Any

from deployments.messages.task import TaskRecord, TaskStage, TaskStatus, move
from models.types import Progress

SHARE: dict[TaskStage, tuple[float, float]] = {
    TaskStage.PREPARING: (0.0, 5.0),
    TaskStage.MASKING: (5.0, 10.0),
    TaskStage.INPAINTING: (10.0, 95.0),
    TaskStage.FINALIZING: (95.0, 100.0),
}
"""Which part of `overall_progress` each stage fills, from-to in percent. Inpainting is where the time goes."""

_WORDS = {
    TaskStage.PREPARING: "Preparing",
    TaskStage.MASKING: "Building the mask",
    TaskStage.INPAINTING: "Inpainting",
    TaskStage.FINALIZING: "Encoding the result",
}


def advance(record: TaskRecord, progress: Progress, inpainting_since: float, now: float) -> TaskRecord:
    """The next moment of a running task.

    `inpainting_since` is when inpainting began in this attempt (epoch seconds, like `now`); it counts only in that
    stage. `overall_progress` and `current_region` never go back, not even in another attempt; `stage_progress` not
    within a stage. The status follows the stage: preparing while preparing and masking, then processing, never back.
    """
    stage = TaskStage(progress.stage)
    done, total = (min(progress.done, progress.total), progress.total) if progress.total > 0 else (1, 1)
    percent = 100.0 * done / total
    low, high = SHARE[stage]
    inpainting = stage is TaskStage.INPAINTING
    changes: dict[str, Any] = {
        "stage": stage,
        "stage_progress": max(percent, record.stage_progress) if stage is record.stage else percent,
        "overall_progress": max(record.overall_progress, low + (high - low) * done / total),
        "current_region": max(record.current_region, progress.regions_done),
        "total_regions": max(record.total_regions, progress.regions),
        "message": f"{_WORDS[stage]}: {done} of {total}" if inpainting else _WORDS[stage],
        "estimated_remaining_s": remaining_s(progress, now - inpainting_since) if inpainting else None,
    }
    if stage in (TaskStage.INPAINTING, TaskStage.FINALIZING) and record.status is TaskStatus.PREPARING:
        return move(record, TaskStatus.PROCESSING, **changes)
    return replace(record, seq=record.seq + 1, **changes)


def remaining_s(progress: Progress, elapsed_s: float) -> float | None:
    """What is left at the pace so far; None before the first piece of work is done."""
    if progress.done <= 0:
        return None
    return max(0.0, elapsed_s) / progress.done * max(0, progress.total - progress.done)
