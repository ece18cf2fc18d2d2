"""A task that has not ended, in the memory of the tracker that drives it."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from deployments.errors import ReplicaLost, StoreUnavailable
from deployments.messages.task import TaskRecord

T = TypeVar("T")


class Interrupted(Exception):
    """The step was broken off, because the task was cancelled or its tracker stops."""


class LiveTask:
    """`turn` is done when the task has a place to run. `lock` orders the moments: hold it to make the next one.

    `inpainting_since` is when inpainting began in this attempt, epoch seconds. `store_faults` counts attempts
    that were broken off because its blobs could not be read or written.
    """

    def __init__(self, record: TaskRecord, turn: asyncio.Future[None]) -> None:
        self.record = record
        self.turn = turn
        self.lock = asyncio.Lock()
        self.ended = asyncio.Event()
        self.cancel_requested = False
        self.inpainting_since = 0.0
        self.store_faults = 0
        self._interrupted = False
        self._step: asyncio.Future[Any] | None = None

    def interrupt(self) -> None:
        """Break off the step under way, and let no other begin. A second call changes nothing: the first one's
        clean-up must not be cancelled."""
        if not self._interrupted:
            self._interrupted = True
            if self._step is not None:
                self._step.cancel()

    def go_on(self) -> None:
        """Raises: Interrupted."""
        if self._interrupted:
            raise Interrupted

    async def until(self, step: Awaitable[T]) -> T:
        """Wait for `step`; an interruption cancels it and waits for its end. A step that ends well in spite of an
        interruption counts. Raises: Interrupted, what the step raises, ReplicaLost when it was cancelled by others.
        """
        future = asyncio.ensure_future(step)
        if self._interrupted:
            future.cancel()
        self._step = future
        await asyncio.wait([future])
        self._step = None
        if self._interrupted and (future.cancelled() or future.exception() is not None):
            raise Interrupted
        if future.cancelled():
            raise ReplicaLost("the work was stopped from outside")
        return future.result()

    async def until_ended(self, stalled: asyncio.Event) -> None:
        """Wait for the end that a cancel asked for. Raises: StoreUnavailable if the journal has stalled before."""
        waits = [asyncio.ensure_future(event.wait()) for event in (self.ended, stalled)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if not self.ended.is_set():
            raise StoreUnavailable("the cancel is noted and is carried out when the task store can be written again")
