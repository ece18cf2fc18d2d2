import dataclasses

from deployments.messages.task import Callback, CallbackState, TaskStatus
from deployments.storage.records import TaskStore
from deployments.tracking.tracker import TaskTracker
from tests.deployments.tracking.tracker.fakes import HOOK, Clock, Sent, Work, task
from tests.deployments.tracking.tracker.following import LIMITS, end_of, tracked, until_called_back


async def test_the_outcome_of_a_callback_is_durable(tracking: TaskTracker, sent: Sent, store: TaskStore) -> None:
    await tracking.submit(task("a", callback=HOOK))
    final = await end_of(tracking, "a")

    outcome = await until_called_back(tracking, "a")

    assert outcome == Callback(HOOK.url, CallbackState.DELIVERED, attempts=1)
    assert sent.records == [final]
    stored = await store.get("a")
    assert stored is not None
    assert (stored.callback, stored.status) == (outcome, TaskStatus.COMPLETED)


async def test_what_becomes_of_an_ended_task_is_no_event(
    tracking: TaskTracker, sent: Sent, clock: Clock, store: TaskStore
) -> None:
    # Given: a subscriber has had the end
    await tracking.submit(task("a", callback=HOOK))
    final = await end_of(tracking, "a")
    # When: the callback is delivered, and later the result expires
    await until_called_back(tracking, "a")
    called_back = await tracking.get("a")
    clock.now += LIMITS.ttl_s + 1.0
    await tracking.sweep()
    expired = await tracking.get("a")
    # Then: by its seq it has seen all there is, so that an EventSource that comes back is sent away
    assert expired.result_expired
    assert (called_back.seq, expired.seq) == (final.seq, final.seq)


async def test_a_refused_callback_is_never_sent(tracking: TaskTracker, sent: Sent) -> None:
    await tracking.submit(task("a", callback=dataclasses.replace(HOOK, state=CallbackState.REFUSED)))
    await tracking.submit(task("b", callback=HOOK))
    await end_of(tracking, "a")
    await end_of(tracking, "b")
    await until_called_back(tracking, "b")

    assert [record.task_id for record in sent.records] == ["b"]


async def test_a_dead_receiver_delays_no_task(tracking: TaskTracker, sent: Sent) -> None:
    sent.dead = True
    for index in range(10):
        await tracking.submit(task(f"t{index}", callback=HOOK))

    ends = [await end_of(tracking, f"t{index}") for index in range(10)]

    assert {record.status for record in ends} == {TaskStatus.COMPLETED}


async def test_a_callback_cut_off_by_a_crash_is_sent_by_the_next_tracker(
    store: TaskStore, work: Work, clock: Clock
) -> None:
    dead, alive = Sent(), Sent()
    dead.dead = True
    async with tracked(store, work, dead, clock) as crashed:
        await crashed.submit(task("a", callback=HOOK))
        await end_of(crashed, "a")

        async with tracked(store, work, alive, clock) as tracking:
            await until_called_back(tracking, "a")

    assert [record.task_id for record in alive.records] == ["a"]
