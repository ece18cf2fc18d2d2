import asyncio

import pytest

from deployments.messages.task import TaskRecord
from deployments.tracking.subscribers import Watchers
from models.errors import ShuttingDown


def moment(task_id: str, seq: int) -> TaskRecord:
    return TaskRecord(task_id=task_id, digest="d", created_at=1.0, seq=seq)


async def test_a_newer_moment_replaces_the_unread_older_one_and_never_the_other_way() -> None:
    watchers = Watchers()
    watcher = watchers.enter(None)

    for seq in (1, 3, 2):
        watchers.announce(moment("a", seq))
    watchers.announce(moment("b", 1))

    assert [await watcher.next(), await watcher.next()] == [moment("a", 3), moment("b", 1)]


async def test_a_busy_task_does_not_keep_others_from_being_read() -> None:
    watchers = Watchers()
    watcher = watchers.enter(None)
    for seq in range(1, 4):
        watchers.announce(moment("busy", seq))
        watchers.announce(moment("quiet", 1))

    read = [await watcher.next()]
    watchers.announce(moment("busy", 9))
    read.append(await watcher.next())

    assert read == [moment("busy", 3), moment("quiet", 1)]


async def test_a_watcher_of_one_task_hears_of_no_other() -> None:
    watchers = Watchers()
    watcher = watchers.enter("a")

    watchers.announce(moment("b", 1))
    watchers.announce(moment("a", 2))

    assert await watcher.next() == moment("a", 2)


async def test_a_reader_waits_for_news() -> None:
    watchers = Watchers()
    watcher = watchers.enter("a")
    reading = asyncio.create_task(watcher.next())
    await asyncio.sleep(0)
    assert not reading.done()

    watchers.announce(moment("a", 1))

    assert await reading == moment("a", 1)


async def test_what_is_unread_is_still_read_after_closing() -> None:
    watchers = Watchers()
    watcher = watchers.enter("a")
    watchers.announce(moment("a", 1))
    watchers.close()

    assert await watcher.next() == moment("a", 1)
    with pytest.raises(ShuttingDown):
        await watcher.next()


async def test_whoever_has_left_is_forgotten() -> None:
    watchers = Watchers()
    for task_id in ("a", "b", None):
        watchers.leave(task_id, watchers.enter(task_id))

    assert len(watchers) == 0
    watchers.announce(moment("a", 1))
