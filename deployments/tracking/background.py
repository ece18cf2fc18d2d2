"""Work in the background that nobody waits for, and that is over when its owner stops."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

logger = logging.getLogger(__name__)


class BackgroundTasks:
    """A failure is logged and ends nothing else."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def every(self, pause_s: float, work: Callable[[], Awaitable[None]]) -> None:
        self.spawn(self._repeat(pause_s, work))

    async def finish(self) -> None:
        """Wait until all that is under way has ended by itself."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def stop(self) -> None:
        """Cancel all that is under way and wait for its end."""
        for task in self._tasks:
            task.cancel()
        await self.finish()

    async def _repeat(self, pause_s: float, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(pause_s)
            try:
                await work()
            except Exception:
                logger.exception("a background task failed; it will be repeated in %g s", pause_s)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a background task failed and is not repeated", exc_info=error)
