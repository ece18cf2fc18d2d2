"""A continuous batcher: whenever the device is free, the oldest waiting windows of one kind run together.

`@serve.batch` closes a batch a fixed time after its first item, whether the device is free or not, so under load its
batches stay small and a lone request pays the wait. Here nothing waits for company: a batch is what has gathered
while the previous one ran.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from deployments.errors import DeadlineExceeded, ShuttingDown
from models.errors import Cancelled

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")

STOPPED_OWNERS_KEPT = 1024
"""A call that was under way when its owner was stopped may still arrive; it is recognised this long."""


@dataclass(eq=False)
class Ticket(Generic[Item, Result]):
    """One waiting or running item. `cancelled` may be read from the inference thread."""

    item: Item
    kind: Hashable
    pixels: int
    owner: str
    deadline: float | None
    done: "asyncio.Future[Result]"
    started: bool = field(default=False)
    cancelled: bool = field(default=False)


class Batcher(Generic[Item, Result]):
    """Runs `run(tickets) -> results` in one thread of its own, never concurrently with itself.

    Items of one `kind` may share a batch, up to `max_pixels` and `max_items`; the oldest waiting item always runs
    next, even if it alone is over `max_pixels`. If a batch fails it is halved until the failing item stands alone, so
    that one item's error never becomes another's. Cancelled and expired items are never run.

    `max_pixels` may be set at any time, from any thread: it holds from the next batch on.

    It cannot interrupt a forward that has begun: `run` must look at `Ticket.cancelled` itself if it has steps.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Ticket[Item, Result]]], Sequence[Result]],
        *,
        max_pixels: int,
        max_items: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._run = run
        self.max_pixels = max_pixels
        self._max_items = max_items
        self._clock = clock
        self._waiting: list[Ticket[Item, Result]] = []
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="inference")
        self._worker: asyncio.Task[None] | None = None
        self._running: tuple[Ticket[Item, Result], ...] = ()
        self._stopped: dict[str, None] = {}
        self._closed = False

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def thread(self) -> ThreadPoolExecutor:
        """The inference thread, for work that must not run beside a forward (loading, warm-up)."""
        return self._thread

    async def submit(
        self, item: Item, *, kind: Hashable, pixels: int, owner: str = "", deadline: float | None = None
    ) -> Result:
        """Wait for the item's result. `deadline` is in the clock's seconds; `owner` is a name for `stop`.

        Cancelling the call drops an item that waits at once; if it already runs, the cancellation is delivered when
        the run has ended, so that a caller who sees it knows that the device is free of its work.

        Raises: DeadlineExceeded if it could not start in time, Cancelled if its owner was stopped, ShuttingDown, or
        what `run` raised for this item.
        """
        if self._closed:
            raise ShuttingDown("the model replica is shutting down")
        if owner in self._stopped:
            raise Cancelled("the work this window belongs to was cancelled")
        ticket = Ticket[Item, Result](item, kind, pixels, owner, deadline, asyncio.get_running_loop().create_future())
        self._waiting.append(ticket)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        try:
            return await asyncio.shield(ticket.done)
        except asyncio.CancelledError:
            ticket.cancelled = True
            if ticket.started:
                await asyncio.wait([ticket.done])
                if not ticket.done.cancelled():
                    ticket.done.exception()
            else:
                self._waiting = [other for other in self._waiting if other is not ticket]
                ticket.done.cancel()
            raise
        finally:
            del ticket  # its error would hold this frame by the traceback, and the frame the window, until gc comes

    async def stop(self, owner: str) -> None:
        """End all of an owner's items. Returns when none of them waits or runs; later ones are refused."""
        self._stopped[owner] = None
        while len(self._stopped) > STOPPED_OWNERS_KEPT:
            self._stopped.pop(next(iter(self._stopped)))
        for ticket in self._waiting:
            if ticket.owner == owner and not ticket.done.done():
                ticket.done.set_exception(Cancelled("the work this window belongs to was cancelled"))
        self._waiting = [ticket for ticket in self._waiting if ticket.owner != owner]
        running = [ticket for ticket in self._running if ticket.owner == owner]
        for ticket in running:
            ticket.cancelled = True
        if running:
            await asyncio.wait([ticket.done for ticket in running])

    async def close(self) -> None:
        """Refuse what waits, let the running batch end, free the thread."""
        self._closed = True
        for ticket in self._waiting:
            if not ticket.done.done():
                ticket.done.set_exception(ShuttingDown("the model replica is shutting down"))
        self._waiting.clear()
        if self._worker is not None:
            await asyncio.wait([self._worker])
        self._thread.shutdown(wait=False)

    async def _work(self) -> None:
        while batch := self._take():
            for ticket in batch:
                ticket.started = True
            self._running = tuple(batch)
            await self._run_isolated(batch)
            self._running = ()

    def _take(self) -> list[Ticket[Item, Result]]:
        """Remove and return the next batch: the oldest live item and those of its kind that fit beside it."""
        now = self._clock()
        batch: list[Ticket[Item, Result]] = []
        left: list[Ticket[Item, Result]] = []
        pixels = 0
        for ticket in self._waiting:
            if ticket.deadline is not None and ticket.deadline <= now:
                ticket.done.set_exception(DeadlineExceeded("the deadline passed while the window waited for the model"))
            elif not batch or (
                ticket.kind == batch[0].kind
                and len(batch) < self._max_items
                and pixels + ticket.pixels <= self.max_pixels
            ):
                batch.append(ticket)
                pixels += ticket.pixels
            else:
                left.append(ticket)
        self._waiting = left
        return batch

    async def _run_isolated(self, batch: list[Ticket[Item, Result]]) -> None:
        live = [ticket for ticket in batch if not ticket.cancelled]
        for ticket in batch:
            if ticket.cancelled:
                ticket.done.cancel()
        del (
            batch,
            ticket,
        )  # an error holds this frame by its traceback: it must not lead to a ticket, which holds the error
        if not live:
            return
        loop = asyncio.get_running_loop()
        try:
            results = await loop.run_in_executor(self._thread, self._run, live)
        except Exception as error:  # whatever a model raises belongs to the items that caused it
            if len(live) == 1:
                live.pop().done.set_exception(error)
                return
            log.warning("a batch of %d failed (%s); running its halves", len(live), error)
            middle = len(live) // 2
            await self._run_isolated(live[:middle])
            await self._run_isolated(live[middle:])
            return
        for ticket, result in zip(live, results, strict=True):
            ticket.done.set_result(result)
