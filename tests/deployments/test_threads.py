"""A cancel and a deadline reach work in threads, and a cancelled call is over only when its work is."""

import asyncio
import os
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from deployments.errors import DeadlineExceeded
from deployments.threads import BEHIND, in_thread, step_back
from models.stopping import go_on


class Loop:
    """Work of many rounds, each of which asks whether it shall go on."""

    def __init__(self) -> None:
        self.rounds = 0
        self.begun = threading.Event()
        self.over = False

    def __call__(self) -> None:
        try:
            while True:
                go_on()
                self.rounds += 1
                self.begun.set()
                time.sleep(0.001)
        finally:
            self.over = True


async def test_a_cancelled_call_ends_its_work_and_waits_for_that() -> None:
    # Given
    work = Loop()
    call = asyncio.create_task(in_thread(work))
    await asyncio.to_thread(work.begun.wait, 10)
    # When: cancelled twice, as by a hang-up during a shutdown
    call.cancel()
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    # Then
    assert work.over


async def test_work_ends_at_its_deadline() -> None:
    work = Loop()

    with pytest.raises(DeadlineExceeded):
        await in_thread(work, deadline=time.time() + 0.05)

    assert work.over


async def test_work_that_has_not_begun_never_does() -> None:
    # Given: a pool of one, which is busy
    free = threading.Event()
    late, dropped = Loop(), Loop()
    with ThreadPoolExecutor(1) as pool:
        busy = asyncio.create_task(in_thread(lambda: free.wait(10), pool=pool))
        waiting = asyncio.create_task(in_thread(dropped, pool=pool))
        expired = asyncio.create_task(in_thread(late, deadline=time.time() - 1, pool=pool))
        await asyncio.sleep(0)
        # When
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        free.set()
        await busy
        # Then
        with pytest.raises(DeadlineExceeded):
            await expired
    assert (late.rounds, dropped.rounds) == (0, 0)


async def test_what_the_work_raises_or_returns_comes_out() -> None:
    assert await in_thread(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await in_thread(lambda: 1 // 0)


async def test_work_does_not_see_the_check_of_other_work_in_its_thread() -> None:
    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(DeadlineExceeded):
            await in_thread(lambda: None, deadline=time.time() - 1, pool=pool)
        await in_thread(go_on, pool=pool)
        await asyncio.get_running_loop().run_in_executor(pool, go_on)


async def test_what_failed_work_held_is_not_kept_alive_until_the_garbage_is_collected(
    no_garbage_collection: None,
) -> None:
    class Image:
        pass

    def fail(image: Image) -> None:
        raise ValueError("no")

    alive: list[weakref.ref[Image]] = []
    for _ in range(5):
        image = Image()
        alive.append(weakref.ref(image))
        with pytest.raises(ValueError, match="no"):
            await in_thread(partial(fail, image))
        del image

    await in_thread(go_on)  # the thread lets go of its last work when it takes the next
    assert len([image() for image in alive if image() is not None]) == 0


def test_who_steps_back_does_so_with_the_threads_it_starts_and_no_others() -> None:
    # Given
    def priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    def behind() -> int:
        step_back()
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(priority).result()

    before = priority()
    # When
    with ThreadPoolExecutor(1) as pool:
        after = pool.submit(behind).result()
    # Then
    assert (after, priority()) == (min(19, before + BEHIND), before)
