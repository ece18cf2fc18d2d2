"""Work in threads that a cancel or a deadline reaches."""

import asyncio
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from deployments.errors import DeadlineExceeded
from models import stopping
from models.errors import Cancelled

T = TypeVar("T")

_POOL = ThreadPoolExecutor(thread_name_prefix="work")


BEHIND = 5
"""Of nice: a third of the processor's time beside a process that wants as much (sched(7))."""


def step_back() -> None:
    """The calling thread and all it starts from now on do the heavy work: where processors are short, the processes
    that speak with clients go first. On one full machine a refusal else waits for seconds."""
    os.nice(BEHIND)


async def in_thread(work: Callable[[], T], *, deadline: float | None = None, pool: Executor = _POOL) -> T:
    """What `work` returns, run in a thread. `deadline` is epoch seconds.

    A cancelled call drops work that has not begun; else it ends the work where that next calls `stopping.go_on`, and is
    over only when the thread is: so whoever counts calls counts work, and its memory.

    Raises: DeadlineExceeded; what the work raises.
    """
    stopped = threading.Event()

    def check() -> None:
        if stopped.is_set():
            raise Cancelled("the work was cancelled")
        if deadline is not None and time.time() >= deadline:
            raise DeadlineExceeded("the deadline passed while the request was worked on")

    def run() -> T:
        stopping.under(check)
        stopping.go_on()
        return work()

    running = pool.submit(copy_context().run, run)
    ended = asyncio.wrap_future(running)
    try:
        return await asyncio.shield(ended)
    except asyncio.CancelledError:
        stopped.set()
        if not running.cancel():
            await _end_of(ended)
        raise
    finally:
        del running, ended  # their error would hold this frame by its traceback, until gc comes


async def _end_of(work: "asyncio.Future[T]") -> None:
    """Waits however often it is cancelled; whatever comes out of the work, nobody wants it."""
    while not work.done():
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError:
            continue
    if not work.cancelled():
        work.exception()
