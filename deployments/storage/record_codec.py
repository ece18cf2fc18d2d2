"""Task records as JSON text, and back: what both stores keep."""

import json
from dataclasses import asdict, fields
from typing import Any, TypeVar

from deployments.messages.jobs import ErasedInfo
from deployments.messages.task import Callback, CallbackState, TaskRecord, TaskStage, TaskStatus

VERSION = 1
"""Raised when a field changes its meaning; a new field with a default needs no new version."""

T = TypeVar("T", TaskRecord, Callback, ErasedInfo)


def dump_record(record: TaskRecord) -> str:
    """`queue_position` is left out: it holds only for the moment it was computed."""
    return json.dumps({"version": VERSION, **asdict(record), "queue_position": None}, separators=(",", ":"))


def load_record(text: str) -> TaskRecord:
    """Unknown fields are ignored, so that an older release reads what a newer one wrote.

    Raises: ValueError when the text is of a version this release cannot read.
    """
    data: dict[str, Any] = json.loads(text)
    if data["version"] != VERSION:
        raise ValueError(f"a task record of version {data['version']}; this release reads version {VERSION}")
    data["status"] = TaskStatus(data["status"])
    data["stage"] = TaskStage(data["stage"])
    if data["callback"] is not None:
        data["callback"]["state"] = CallbackState(data["callback"]["state"])
        data["callback"] = _known(Callback, data["callback"])
    if data["result"] is not None:
        data["result"] = _known(ErasedInfo, data["result"])
    return _known(TaskRecord, data)


def _known(cls: type[T], data: dict[str, Any]) -> T:
    return cls(**{field.name: data[field.name] for field in fields(cls) if field.name in data})
