"""Takes one task from the queue to its end, in as many attempts as it needs."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass

from deployments.errors import ReplicaLost, ShuttingDown, StoreUnavailable
from deployments.messages.jobs import ErasedInfo
from deployments.messages.progress import advance
from deployments.messages.task import TaskRecord, TaskStage, TaskStatus, cancel, complete, fail, requeue, start
from deployments.tracking.admission import Admission
from deployments.tracking.journal import Journal
from deployments.tracking.live_task import Interrupted, LiveTask
from models.errors import Cancelled, InferenceFailed, TextRemovalError
from models.types import Progress

logger = logging.getLogger(__name__)

Runner = Callable[[TaskRecord], AsyncGenerator[Progress | ErasedInfo, None]]
"""Runs a task's work: yields progress, then the result's facts, whose bytes it has put into the blob store under
`result_key(task_id, digest, attempt)`. Closing or cancelling it stops the work and returns when it has stopped.
Raises: ReplicaLost or ShuttingDown when what ran the work died or goes away: another attempt is worth it.
StoreUnavailable when the blobs cannot be read or written: that passes, so the attempt does not count. Any other
TextRemovalError ends the task with that error.
"""


@dataclass(frozen=True, slots=True)
class TrackerLimits:
    """`max_queued` tasks may wait besides the `max_running` that run, and the inputs of all may take `max_queued_bytes`
    (None: any number). Times are seconds; `retry_pause_s` doubles with
    every attempt, up to `longest_pause_s`. `lease_check_s` bounds how long a replaced tracker goes on running tasks."""

    max_running: int = 4
    max_queued: int = 1000
    max_queued_bytes: int | None = None
    max_attempts: int = 3
    ttl_s: float = 86400.0
    retry_pause_s: float = 1.0
    longest_pause_s: float = 30.0
    lease_check_s: float = 2.0
    sweep_s: float = 60.0
    collect_s: float = 3600.0


class Driver:
    """The only writer of a task's record while the task is alive."""

    def __init__(
        self, journal: Journal, admission: Admission, runner: Runner, limits: TrackerLimits, clock: Callable[[], float]
    ) -> None:
        self._journal = journal
        self._admission = admission
        self._runner = runner
        self._limits = limits
        self._clock = clock
        self.average_run_s: float | None = None
        self._pace = 1.0

    async def drive(self, live: LiveTask) -> None:
        """Returns when the task has ended, or when it was interrupted without a cancel: then it waits in the store,
        and the attempt broken off does not count. Raises: LeaseLost.
        """
        try:
            while not live.record.status.final:
                await live.until(live.turn)
                live.go_on()
                await self._attempt(live)
        except Interrupted:
            if live.cancel_requested:
                await self._journal.move(live, lambda record: cancel(record, self._clock()))
            elif live.record.status is not TaskStatus.PENDING:
                reason = "The service was restarted; waiting again"
                await self._journal.move(live, lambda record: requeue(record, reason, counted=False))
        finally:
            self._admission.leave(live.record.task_id)

    async def _attempt(self, live: LiveTask) -> None:
        await self._journal.move(live, lambda record: start(record, self._clock()))
        started_at = self._clock()
        try:
            info = await live.until(self._work(live))
        except (ReplicaLost, ShuttingDown, Cancelled) as error:  # cancelled by others, or we would be interrupted
            await self._try_again(live, str(error))
        except StoreUnavailable as error:
            await self._wait_for_storage(live, error)
        except TextRemovalError as error:
            await self._fail(live, error)
        except Interrupted:
            raise
        except Exception:
            logger.exception("task %s: its work broke", live.record.task_id)
            await self._fail(live, InferenceFailed("the task failed inside the service"))
        else:
            self._learn(self._clock() - started_at, live.record.expected_s)
            await self._journal.move(live, lambda record: complete(record, info, self._clock()))

    async def _work(self, live: LiveTask) -> ErasedInfo:
        result: ErasedInfo | None = None
        live.inpainting_since = self._clock()
        async with aclosing(self._runner(live.record)) as events:
            async for event in events:
                if isinstance(event, ErasedInfo):
                    result = event
                else:
                    await self._advance(live, event)
        if result is None:
            raise InferenceFailed("the work ended without a result")
        return result

    async def _advance(self, live: LiveTask, progress: Progress) -> None:
        now = self._clock()
        if progress.stage != TaskStage.INPAINTING or progress.done == 0:
            live.inpainting_since = now
        await self._journal.progress(live, lambda record: advance(record, progress, live.inpainting_since, now))

    async def _try_again(self, live: LiveTask, reason: str) -> None:
        """At the end of the line and after a pause, so that a poisoned task holds nobody up."""
        attempt = live.record.attempt
        logger.warning("task %s: attempt %d died: %s", live.record.task_id, attempt, reason)
        if attempt >= self._limits.max_attempts:
            return await self._fail(live, gave_up(attempt, reason))
        await self._journal.move(live, lambda record: requeue(record, f"Attempt {attempt} failed; waiting again"))
        await self._stand_back(live, attempt - 1)
        return None

    async def _wait_for_storage(self, live: LiveTask, error: StoreUnavailable) -> None:
        """However long it takes: nothing is wrong with the task."""
        logger.warning("task %s: waits for storage: %s", live.record.task_id, error.message)
        reason = f"Waiting for storage: {error.message}"
        await self._journal.move(live, lambda record: requeue(record, reason, counted=False))
        await self._stand_back(live, live.store_faults)
        live.store_faults += 1

    async def _stand_back(self, live: LiveTask, doublings: int) -> None:
        """Give the place up for a while, then join the line at its end."""
        self._admission.leave(live.record.task_id)
        pause_s = self._limits.retry_pause_s * 2 ** min(doublings, 16)
        await live.until(asyncio.sleep(min(pause_s, self._limits.longest_pause_s)))
        live.turn = self._admission.join(live.record.task_id)

    async def _fail(self, live: LiveTask, error: TextRemovalError) -> None:
        await self._journal.move(live, lambda record: fail(record, error, self._clock()))

    def estimate_s(self, record: TaskRecord, position: int | None) -> float | None:
        """Until a task that has not begun ends, seconds: what those before it take in their places, and its own work.
        None before anything is known."""
        own_s = self.average_run_s if record.expected_s is None else record.expected_s * self._pace
        if own_s is None:
            return None
        return own_s + (position or 0) * (self.average_run_s or own_s) / self._limits.max_running

    def _learn(self, run_s: float, expected_s: float | None) -> None:
        self.average_run_s = run_s if self.average_run_s is None else 0.8 * self.average_run_s + 0.2 * run_s
        if expected_s:
            self._pace += 0.2 * (run_s / expected_s - self._pace)


def gave_up(attempts: int, reason: str) -> InferenceFailed:
    return InferenceFailed(f"gave up after {attempts} attempts: {reason}")
