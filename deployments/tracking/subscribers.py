"""Who looks at which task, and what they have not seen yet."""

import asyncio
from collections import defaultdict

from deployments.errors import ShuttingDown
from deployments.messages.task import TaskRecord


class Subscriber:
    """One reader. It has one slot per task: a newer record replaces an unread older one, so a slow reader skips
    moments but never the last. Memory is bounded by the number of tasks that changed since it last read.
    """

    def __init__(self) -> None:
        self._unread: dict[str, TaskRecord] = {}
        self._news = asyncio.Event()
        self._closed = False

    def show(self, record: TaskRecord) -> None:
        unread = self._unread.get(record.task_id)
        if unread is None or unread.seq < record.seq:
            self._unread[record.task_id] = record
            self._news.set()

    def close(self) -> None:
        self._closed = True
        self._news.set()

    async def next(self) -> TaskRecord:
        """Of the unread tasks the one unread longest. Raises: ShuttingDown once closed and nothing is left unread."""
        while not self._unread:
            if self._closed:
                raise ShuttingDown("the task tracker is going away; watch again")
            self._news.clear()
            await self._news.wait()
        return self._unread.pop(next(iter(self._unread)))


class Subscribers:
    def __init__(self) -> None:
        self._of: defaultdict[str | None, set[Subscriber]] = defaultdict(set)

    def enter(self, task_id: str | None) -> Subscriber:
        """A new subscriber of one task, or of all (None)."""
        subscriber = Subscriber()
        self._of[task_id].add(subscriber)
        return subscriber

    def leave(self, task_id: str | None, subscriber: Subscriber) -> None:
        self._of[task_id].discard(subscriber)
        if not self._of[task_id]:
            del self._of[task_id]

    def announce(self, record: TaskRecord) -> None:
        for task_id in (record.task_id, None):
            for subscriber in self._of.get(task_id, ()):
                subscriber.show(record)

    def close(self) -> None:
        for subscribers in self._of.values():
            for subscriber in subscribers:
                subscriber.close()

    def __len__(self) -> int:
        return sum(len(subscribers) for subscribers in self._of.values())
