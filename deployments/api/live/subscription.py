"""What happens to the tasks one connection follows."""

import asyncio
import time

from deployments.api.disconnect import stop
from deployments.api.live.throttle import Throttle
from deployments.api.ports import Tasks
from deployments.messages.task import TaskRecord

ALL = None
"""Follows every task."""


class Subscription:
    """Paced records of the followed tasks, for one reader. `close` it, or its followers outlive the connection."""

    def __init__(self, tasks: Tasks) -> None:
        self.pace = Throttle()
        self._tasks = tasks
        self._followers: dict[str | None, asyncio.Task[None]] = {}
        self._muted: set[str] = set()
        self._wake = asyncio.Event()
        self._failure: Exception | None = None

    def __len__(self) -> int:
        return len(self._followers)

    def follows(self, task_id: str | None) -> bool:
        return task_id in self._followers

    def follow(self, task_id: str | None, after_seq: int | None = None) -> None:
        """Its current state comes first, unless the reader has it. Following twice is following once."""
        self._muted.discard(task_id or "")
        if task_id not in self._followers:
            self._followers[task_id] = asyncio.create_task(self._run(task_id, after_seq))

    async def unfollow(self, task_id: str | None) -> None:
        """Nothing more is heard of it, be it followed itself or as one of all."""
        if follower := self._followers.pop(task_id, None):
            await stop(follower)
        self.pace.forget(task_id)
        if task_id is not None and self.follows(ALL):
            self._muted.add(task_id)

    def offer(self, record: TaskRecord) -> None:
        self.pace.offer(record)
        self._wake.set()

    async def wait(self, timeout_s: float | None = None) -> bool:
        """True once `take` has something; False after `timeout_s`. Raises what ended a follower."""
        end = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            self._wake.clear()
            now = time.monotonic()
            pause_s = self.pace.wait_s(now)
            if pause_s == 0:
                return True
            if self._failure:
                failure, self._failure = self._failure, None
                raise failure
            if end is not None and end <= now:
                return False
            pauses = [pause for pause in (pause_s, None if end is None else end - now) if pause is not None]
            try:
                async with asyncio.timeout(min(pauses, default=None)):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def take(self) -> TaskRecord | None:
        return self.pace.take(time.monotonic())

    async def close(self) -> None:
        await stop(*self._followers.values())

    async def _run(self, task_id: str | None, after_seq: int | None) -> None:
        try:
            async for record in self._tasks.watch(task_id, after_seq):
                if record.task_id not in self._muted:
                    self.offer(record)
        except Exception as error:
            self._failure = error
            self._wake.set()
