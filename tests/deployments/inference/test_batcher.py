import asyncio
import threading
import weakref
from collections.abc import Sequence

import pytest

from deployments.errors import DeadlineExceeded, ShuttingDown
from deployments.inference.batcher import Batcher, Ticket
from models.errors import Cancelled


class Device:
    """A stand-in for a network: notes what it ran, and can be held to let items gather."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.free = threading.Event()
        self.free.set()
        self.begun = threading.Event()

    def run(self, tickets: Sequence[Ticket[str, str]]) -> list[str]:
        items = [ticket.item for ticket in tickets]
        self.batches.append(items)
        self.begun.set()
        assert self.free.wait(10)
        if "bad" in items:
            raise ValueError("bad item")
        return [item.upper() for item in items]

    def batcher(self, max_pixels: int = 100, max_items: int = 8) -> Batcher[str, str]:
        return Batcher(self.run, max_pixels=max_pixels, max_items=max_items)


async def until_begun(device: Device) -> None:
    while not device.begun.is_set():  # noqa: ASYNC110 - set by another thread
        await asyncio.sleep(0.001)


async def test_a_lone_item_runs_at_once_and_alone() -> None:
    device = Device()
    batcher = device.batcher()

    assert await batcher.submit("a", kind="k", pixels=10) == "A"

    assert device.batches == [["a"]]
    await batcher.close()


async def test_items_that_gather_while_the_device_is_busy_run_together() -> None:
    device = Device()
    device.free.clear()
    batcher = device.batcher()

    first = asyncio.create_task(batcher.submit("a", kind="k", pixels=10))
    await until_begun(device)
    rest = [asyncio.create_task(batcher.submit(item, kind="k", pixels=10)) for item in "bcd"]
    await asyncio.sleep(0)
    device.free.set()

    assert await asyncio.gather(first, *rest) == ["A", "B", "C", "D"]
    assert device.batches == [["a"], ["b", "c", "d"]]
    await batcher.close()


async def test_only_items_of_one_kind_share_a_batch_and_the_oldest_goes_first() -> None:
    device = Device()
    device.free.clear()
    batcher = device.batcher()

    tasks = [asyncio.create_task(batcher.submit("first", kind="x", pixels=1))]
    await until_begun(device)
    for item, kind in (("b1", "b"), ("c1", "c"), ("b2", "b"), ("c2", "c")):
        tasks.append(asyncio.create_task(batcher.submit(item, kind=kind, pixels=1)))
        await asyncio.sleep(0)
    device.free.set()
    await asyncio.gather(*tasks)

    assert device.batches == [["first"], ["b1", "b2"], ["c1", "c2"]]
    await batcher.close()


async def test_a_batch_stays_within_its_pixels_and_items_but_a_giant_still_runs() -> None:
    device = Device()
    device.free.clear()
    batcher = device.batcher(max_pixels=100, max_items=2)

    tasks = [asyncio.create_task(batcher.submit("first", kind="x", pixels=1))]
    await until_begun(device)
    for item, pixels in (("giant", 500), ("a", 60), ("b", 60), ("c", 30), ("d", 5)):
        tasks.append(asyncio.create_task(batcher.submit(item, kind="k", pixels=pixels)))
        await asyncio.sleep(0)
    device.free.set()
    await asyncio.gather(*tasks)

    assert device.batches == [["first"], ["giant"], ["a", "c"], ["b", "d"]]
    await batcher.close()


async def test_the_pixels_of_a_batch_can_be_changed_while_it_works() -> None:
    device = Device()
    device.free.clear()
    batcher = device.batcher(max_pixels=100)

    tasks = [asyncio.create_task(batcher.submit("first", kind="x", pixels=1))]
    await until_begun(device)
    for item in "abcd":
        tasks.append(asyncio.create_task(batcher.submit(item, kind="k", pixels=50)))
        await asyncio.sleep(0)
    batcher.max_pixels = 50
    device.free.set()
    await asyncio.gather(*tasks)

    assert device.batches == [["first"], ["a"], ["b"], ["c"], ["d"]]
    await batcher.close()


async def test_a_cancelled_waiting_item_is_never_run_and_leaves_nothing_behind() -> None:
    device = Device()
    device.free.clear()
    batcher = device.batcher()

    first = asyncio.create_task(batcher.submit("a", kind="k", pixels=1))
    await until_begun(device)
    second = asyncio.create_task(batcher.submit("b", kind="k", pixels=1))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    assert batcher.waiting == 0
    device.free.set()

    assert await first == "A"
    assert device.batches == [["a"]]
    await batcher.close()


async def test_cancelling_a_running_item_is_delivered_only_when_the_device_is_free() -> None:
    device = Device()
    device.free.clear()
    batcher = device.batcher()

    running = asyncio.create_task(batcher.submit("a", kind="k", pixels=1))
    await until_begun(device)
    running.cancel()
    await asyncio.sleep(0.05)
    assert not running.done()
    device.free.set()

    with pytest.raises(asyncio.CancelledError):
        await running
    await batcher.close()


async def test_stopping_an_owner_drops_what_waits_and_returns_when_what_runs_has_ended() -> None:
    device = Device()
    device.free.clear()
    batcher = device.batcher(max_items=1)

    tasks = [asyncio.create_task(batcher.submit("a", kind="k", pixels=1, owner="mine"))]
    await until_begun(device)
    for item, owner in (("b", "mine"), ("c", "yours")):
        tasks.append(asyncio.create_task(batcher.submit(item, kind="k", pixels=1, owner=owner)))
    await asyncio.sleep(0)
    stopping = asyncio.create_task(batcher.stop("mine"))
    await asyncio.sleep(0.05)
    assert not stopping.done()
    device.free.set()
    await stopping

    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert results[0] == "A"
    assert isinstance(results[1], Cancelled)
    assert results[2] == "C"
    assert device.batches == [["a"], ["c"]]
    with pytest.raises(Cancelled):
        await batcher.submit("late", kind="k", pixels=1, owner="mine")
    await batcher.close()


async def test_an_expired_item_is_never_run() -> None:
    device = Device()
    batcher = Batcher(device.run, max_pixels=100, max_items=8, clock=lambda: 100.0)

    with pytest.raises(DeadlineExceeded):
        await batcher.submit("late", kind="k", pixels=1, deadline=99.0)

    assert device.batches == []
    await batcher.close()


async def test_one_failing_item_fails_only_itself() -> None:
    device = Device()
    device.free.clear()
    batcher = device.batcher()

    first = asyncio.create_task(batcher.submit("a", kind="k", pixels=1))
    await until_begun(device)
    rest = [asyncio.create_task(batcher.submit(item, kind="k", pixels=1)) for item in ("b", "bad", "c", "d")]
    await asyncio.sleep(0)
    device.free.set()
    results = await asyncio.gather(first, *rest, return_exceptions=True)

    assert [result for result in results if isinstance(result, str)] == ["A", "B", "C", "D"]
    assert [type(result) for result in results if not isinstance(result, str)] == [ValueError]
    await batcher.close()


async def test_closing_refuses_what_waits_and_what_comes() -> None:
    device = Device()
    device.free.clear()
    batcher = device.batcher()

    running = asyncio.create_task(batcher.submit("a", kind="k", pixels=1))
    await until_begun(device)
    waiting = asyncio.create_task(batcher.submit("b", kind="k", pixels=1))
    await asyncio.sleep(0)
    closing = asyncio.create_task(batcher.close())
    await asyncio.sleep(0)
    device.free.set()
    await closing

    assert await running == "A"
    for late in (waiting, batcher.submit("c", kind="k", pixels=1)):
        with pytest.raises(ShuttingDown):
            await late


async def test_a_failed_item_is_not_kept_alive_until_the_garbage_is_collected(no_garbage_collection: None) -> None:
    # Given
    class Window:
        pass

    def fail(tickets: Sequence[Ticket[Window, None]]) -> Sequence[None]:
        raise RuntimeError("no")

    batcher = Batcher[Window, None](fail, max_pixels=100, max_items=1)
    alive: list[weakref.ref[Window]] = []
    # When
    for _ in range(5):
        window = Window()
        alive.append(weakref.ref(window))
        with pytest.raises(RuntimeError):
            await batcher.submit(window, kind=1, pixels=1)
        del window
    # Then
    await asyncio.sleep(0)
    assert [window() for window in alive if window() is not None] == []
    await batcher.close()
