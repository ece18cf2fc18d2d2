"""What happens to the tasks one connection follows."""

import asyncio
import time
from collections.abc import AsyncIterator

from deployments.api.disconnect import stop
from deployments.api.live.throttle import Throttle
from deployments.api.ports import Tasks
from deployments.errors import UnknownTask
from deployments.messages.task import TaskRecord

ALL = None
"""Follows every task."""

WAIT_S = 30.0
"""How long a task is waited for that nobody has started yet: clients choose ids, and some listen before they ask."""

FIRST_LOOK_S = 0.1
LONGEST_LOOK_S = 1.0
"""After which pause it is looked for again, at first and later."""


class Subscription:
    """Paced records of the followed tasks, for one reader. `close` it, or its followers outlive the connection."""

    def __init__(self, tasks: Tasks) -> None:
        self.pace = Throttle()
        self._tasks = tasks
        self._followers: dict[str | None, asyncio.Task[None]] = {}
        self._all_heard = False
        self._muted: set[str] = set()
        self._wake = asyncio.Event()
        self._failure: Exception | None = None
        self._missing: list[UnknownTask] = []

    def __len__(self) -> int:
        """Tasks followed that have not ended."""
        return len(self._followers.keys() - {ALL})

    def follows(self, task_id: str | None) -> bool:
        return self._all_heard if task_id is ALL else task_id in self._followers

    def keep_watch(self) -> None:
        """Hear nothing of any task, but `wait` raises when the service goes away."""
        self._start(ALL, None)

    def follow(self, task_id: str | None, after_seq: int | None = None) -> None:
        """Its current state comes first, unless the reader has it."""
        self._muted.discard(task_id or "")
        if task_id is ALL:
            self._all_heard = True
        self._start(task_id, after_seq)

    def _start(self, task_id: str | None, after_seq: int | None) -> None:
        if task_id not in self._followers:
            follower = asyncio.create_task(self._run(task_id, after_seq))
            self._followers[task_id] = follower
            follower.add_done_callback(lambda _: self._forget(task_id, follower))

    async def follow_again(self, task_id: str | None) -> None:
        """As `follow`, with the current state once more, whatever was told before."""
        await self.unfollow(task_id)
        if follower := self._followers.pop(task_id, None):
            await stop(follower)
        self.pace.renew(task_id)
        self.follow(task_id)

    async def unfollow(self, task_id: str | None) -> None:
        """Nothing more is heard of it, be it followed itself or as one of all."""
        if task_id is ALL:
            self._all_heard = False
        elif follower := self._followers.pop(task_id, None):
            await stop(follower)
        self.pace.forget(task_id)
        if task_id is not None and self.follows(ALL):
            self._muted.add(task_id)

    def offer(self, record: TaskRecord) -> None:
        self.pace.offer(record)
        self._wake.set()

    async def wait(self, timeout_s: float | None = None) -> bool:
        """True once `take` has something; False after `timeout_s`.

        Raises: UnknownTask for a followed task that did not come into being, after which the others go on; whatever
        else ended a follower.
        """
        end = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            self._wake.clear()
            now = time.monotonic()
            pause_s = self.pace.wait_s(now)
            if pause_s == 0:
                return True
            if self._missing:
                raise self._missing.pop(0)
            if self._failure:
                failure, self._failure = self._failure, None
                try:
                    raise failure
                finally:
                    del failure  # it would hold this frame by its traceback
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
            async for record in self._records(task_id, after_seq):
                if task_id is ALL and not self._all_heard:
                    continue
                if record.task_id not in self._muted:
                    self.offer(record)
                elif record.status.final:
                    self._muted.discard(record.task_id)
        except UnknownTask as error:
            self._missing.append(error)
            self._wake.set()
        except Exception as error:
            self._failure = error
            self._wake.set()

    async def _records(self, task_id: str | None, after_seq: int | None) -> AsyncIterator[TaskRecord]:
        """As `watch`, of a task that may not be there yet. Raises: UnknownTask after WAIT_S."""
        until, pause_s = time.monotonic() + WAIT_S, FIRST_LOOK_S
        while True:
            try:
                async for record in self._tasks.watch(task_id, after_seq):
                    yield record
                return
            except UnknownTask:
                if time.monotonic() >= until:
                    raise
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_LOOK_S)

    def _forget(self, task_id: str | None, follower: "asyncio.Task[None]") -> None:
        """An ended task is followed no more, so that any number can be followed one after the other."""
        if self._followers.get(task_id) is follower:
            del self._followers[task_id]
