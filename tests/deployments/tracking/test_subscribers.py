import asyncio

import pytest

from deployments.errors import ShuttingDown
from deployments.messages.task import TaskRecord
from deployments.tracking.subscribers import Subscribers


def moment(task_id: str, seq: int) -> TaskRecord:
    return TaskRecord(task_id=task_id, digest="d", created_at=1.0, seq=seq)


async def test_a_newer_moment_replaces_the_unread_older_one_and_never_the_other_way() -> None:
    subscribers = Subscribers()
    subscriber = subscribers.enter(None)

    for seq in (1, 3, 2):
        subscribers.announce(moment("a", seq))
    subscribers.announce(moment("b", 1))

    assert [await subscriber.next(), await subscriber.next()] == [moment("a", 3), moment("b", 1)]


async def test_a_busy_task_does_not_keep_others_from_being_read() -> None:
    subscribers = Subscribers()
    subscriber = subscribers.enter(None)
    for seq in range(1, 4):
        subscribers.announce(moment("busy", seq))
        subscribers.announce(moment("quiet", 1))

    read = [await subscriber.next()]
    subscribers.announce(moment("busy", 9))
    read.append(await subscriber.next())

    assert read == [moment("busy", 3), moment("quiet", 1)]


async def test_a_watcher_of_one_task_hears_of_no_other() -> None:
    subscribers = Subscribers()
    subscriber = subscribers.enter("a")

    subscribers.announce(moment("b", 1))
    subscribers.announce(moment("a", 2))

    assert await subscriber.next() == moment("a", 2)


async def test_a_reader_waits_for_news() -> None:
    subscribers = Subscribers()
    subscriber = subscribers.enter("a")
    reading = asyncio.create_task(subscriber.next())
    await asyncio.sleep(0)
    assert not reading.done()

    subscribers.announce(moment("a", 1))

    assert await reading == moment("a", 1)


async def test_what_is_unread_is_still_read_after_closing() -> None:
    subscribers = Subscribers()
    subscriber = subscribers.enter("a")
    subscribers.announce(moment("a", 1))
    subscribers.close()

    assert await subscriber.next() == moment("a", 1)
    with pytest.raises(ShuttingDown):
        await subscriber.next()


async def test_whoever_has_left_is_forgotten() -> None:
    subscribers = Subscribers()
    for task_id in ("a", "b", None):
        subscribers.leave(task_id, subscribers.enter(task_id))

    assert len(subscribers) == 0
    subscribers.announce(moment("a", 1))
