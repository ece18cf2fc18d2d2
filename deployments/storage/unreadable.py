"""Records that this release cannot read: skipped, kept where they are, and counted. A rollback leaves such ones behind,
and the release that wrote them reads them again."""

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from deployments.errors import StoreUnavailable
from deployments.messages.batch import BatchRecord
from deployments.messages.task import TaskRecord
from deployments.storage.codecs import load_batch, load_record

log = logging.getLogger(__name__)

Record = TypeVar("Record")


class UnreadableRecord(StoreUnavailable):
    """There is such a task, but another release has written its record. It is never overwritten."""


class Reader:
    """Reads the texts of one store; `unreadable` has the ids of those that were not understood when last read."""

    def __init__(self) -> None:
        self.unreadable: set[str] = set()

    def read(self, task_id: str, text: str) -> TaskRecord:
        """Raises: UnreadableRecord."""
        return self._read(load_record, task_id, text)

    def read_batch(self, batch_id: str, text: str) -> BatchRecord:
        """Raises: UnreadableRecord."""
        return self._read(load_batch, batch_id, text)

    def read_all(self, texts: Iterable[tuple[str, str]]) -> tuple[TaskRecord, ...]:
        """Of pairs of a task's id and its text, those that can be read."""
        return self._those(load_record, texts)

    def read_batches(self, texts: Iterable[tuple[str, str]]) -> tuple[BatchRecord, ...]:
        """Of pairs of a batch's id and its text, those that can be read."""
        return self._those(load_batch, texts)

    def _those(self, load: Callable[[str], Record], texts: Iterable[tuple[str, str]]) -> tuple[Record, ...]:
        records = []
        for key, text in texts:
            try:
                records.append(self._read(load, key, text))
            except UnreadableRecord:
                continue
        return tuple(records)

    def _read(self, load: Callable[[str], Record], key: str, text: str) -> Record:
        try:
            record = load(text)
        except (ValueError, LookupError, TypeError) as error:  # whatever stands there, it is not for us
            self._set_aside(key, error)
            raise UnreadableRecord("the task was written by another release, which can read it", task_id=key) from None
        self.unreadable.discard(key)
        return record

    def _set_aside(self, task_id: str, error: Exception) -> None:
        if task_id not in self.unreadable:
            first_line = str(error).partition("\n")[0]
            log.warning("task %s: its record cannot be read and is left as it is: %s", task_id, first_line)
        self.unreadable.add(task_id)
