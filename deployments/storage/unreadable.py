"""Records that this release cannot read: skipped, kept where they are, and counted. A rollback leaves such ones behind,
and the release that wrote them reads them again."""

import logging
from collections.abc import Iterable

from deployments.errors import StoreUnavailable
from deployments.messages.task import TaskRecord
from deployments.storage.codecs import load_record

log = logging.getLogger(__name__)


class UnreadableRecord(StoreUnavailable):
    """There is such a task, but another release has written its record. It is never overwritten."""


class Reader:
    """Reads the texts of one store; `unreadable` has the ids of those that were not understood when last read."""

    def __init__(self) -> None:
        self.unreadable: set[str] = set()

    def read(self, task_id: str, text: str) -> TaskRecord:
        """Raises: UnreadableRecord."""
        try:
            record = load_record(text)
        except (ValueError, LookupError, TypeError) as error:  # whatever stands there, it is not for us
            self._set_aside(task_id, error)
            raise UnreadableRecord(
                "the task was written by another release, which can read it", task_id=task_id
            ) from None
        self.unreadable.discard(task_id)
        return record

    def read_all(self, texts: Iterable[tuple[str, str]]) -> tuple[TaskRecord, ...]:
        """Of pairs of a task's id and its text, those that can be read."""
        records = []
        for task_id, text in texts:
            try:
                records.append(self.read(task_id, text))
            except UnreadableRecord:
                continue
        return tuple(records)

    def _set_aside(self, task_id: str, error: Exception) -> None:
        if task_id not in self.unreadable:
            first_line = str(error).partition("\n")[0]
            log.warning("task %s: its record cannot be read and is left as it is: %s", task_id, first_line)
        self.unreadable.add(task_id)
