"""A batch: many pictures under one id. Its items are ordinary tasks; it only says which."""

import hashlib
import json
from dataclasses import dataclass

from deployments.messages.task import TaskRecord, TaskStatus

MAX_ITEMS = 1000
"""Of one batch: its tasks travel between processes in one message, of which 4 MiB are taken."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an item never became a task: `code` is a word for programs, `field` names what is wrong ("" if that is
    nothing in particular)."""

    code: str
    message: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class BatchItem:
    """One picture. `name` is a relative path, safe to write to; either `task_id` or `refusal` is set."""

    name: str
    task_id: str | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """What was submitted; it never changes. `created_at` is epoch seconds; `digest` hashes all items, so that the same
    id with the same body is the same batch. `client` is whose API key submitted it; "" where there are no keys."""

    batch_id: str
    digest: str
    created_at: float
    items: tuple[BatchItem, ...]
    client: str = ""

    @property
    def task_ids(self) -> tuple[str, ...]:
        return tuple(item.task_id for item in self.items if item.task_id is not None)


@dataclass(frozen=True, slots=True)
class BatchState:
    """A batch at one moment. `tasks` has one entry for each item, in order; None: it was refused, or its task has been
    forgotten since it ended."""

    batch: BatchRecord
    tasks: tuple[TaskRecord | None, ...]

    @property
    def ended(self) -> bool:
        return all(task is None or task.status.final for task in self.tasks)

    def count(self, *statuses: TaskStatus) -> int:
        return sum(task is not None and task.status in statuses for task in self.tasks)


def state_of(batch: BatchRecord, tasks: dict[str, TaskRecord]) -> BatchState:
    return BatchState(batch, tuple(tasks.get(item.task_id or "") for item in batch.items))


def item_id(batch_id: str, index: int) -> str:
    """The id of an item's task."""
    return f"{batch_id}.{index}"


def batch_digest(items: list[tuple[str, str]]) -> str:
    """SHA-256, hex, of names and of what each item asks for: the digest of its job, or why there is none."""
    return hashlib.sha256(json.dumps(items).encode()).hexdigest()
