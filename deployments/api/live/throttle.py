"""Updates no more often than a task's interval; the newest wins, and the end is never held back."""

from deployments.messages.task import TaskRecord

MAX_REMEMBERED = 10_000
"""Ended tasks of which one connection remembers that it has told of them."""


class Throttle:
    """What one connection is still to be told, at most one record a task. Times are any monotonic seconds.

    A record at most as new as the last one taken is dropped, so progress never goes back; a final one is handed out
    at once, and once only.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, TaskRecord] = {}
        self._not_before: dict[str, float] = {}
        self._told: dict[str, int] = {}
        self._ended: dict[str, None] = {}

    def offer(self, record: TaskRecord) -> None:
        task_id = record.task_id
        if task_id in self._ended or (not record.status.final and record.seq <= self._told.get(task_id, -1)):
            return
        waiting = self._waiting.get(task_id)
        if waiting is None or record.seq >= waiting.seq:
            self._waiting[task_id] = record

    def take(self, now: float) -> TaskRecord | None:
        """The next record that may be told now, if any; it counts as told."""
        for record in self._waiting.values():
            if self._due(record, now) <= now:
                self._tell(record, now)
                return record
        return None

    def wait_s(self, now: float) -> float | None:
        """Seconds until `take` will hand out something; None: not before something is offered."""
        if not self._waiting:
            return None
        return max(0.0, min(self._due(record, now) for record in self._waiting.values()) - now)

    def told(self, record: TaskRecord) -> None:
        """The client was told this state by other means: nothing older need follow. Its end is still news."""
        task_id = record.task_id
        self._told[task_id] = max(record.seq, self._told.get(task_id, -1))
        waiting = self._waiting.get(task_id)
        if waiting and not waiting.status.final and waiting.seq <= record.seq:
            del self._waiting[task_id]

    def renew(self, task_id: str | None = None) -> None:
        """Whatever was told of the task, or of all, its state is told again."""
        for memory in (self._told, self._not_before, self._ended):
            if task_id is None:
                memory.clear()
            else:
                memory.pop(task_id, None)

    def forget(self, task_id: str | None = None) -> None:
        """Drop what waits for one task, or for all."""
        if task_id is None:
            self._waiting.clear()
        else:
            self._waiting.pop(task_id, None)

    def _due(self, record: TaskRecord, now: float) -> float:
        return now if record.status.final else self._not_before.get(record.task_id, now)

    def _tell(self, record: TaskRecord, now: float) -> None:
        task_id = record.task_id
        del self._waiting[task_id]
        if not record.status.final:
            self._told[task_id] = record.seq
            self._not_before[task_id] = now + record.progress_interval_s
            return
        self._told.pop(task_id, None)
        self._not_before.pop(task_id, None)
        self._ended[task_id] = None
        if len(self._ended) > MAX_REMEMBERED:
            del self._ended[next(iter(self._ended))]
