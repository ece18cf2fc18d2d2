"""Updates keep their distance; the newest wins; the end is told once."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from deployments.api.live.throttle import MAX_REMEMBERED, Throttle
from deployments.messages.task import TaskRecord, TaskStatus


def record(seq: int, task_id: str = "t", *, ended: bool = False, interval_s: float = 1.0) -> TaskRecord:
    status = TaskStatus.COMPLETED if ended else TaskStatus.PROCESSING
    return TaskRecord(task_id, "d", 0.0, status=status, seq=seq, progress_interval_s=interval_s)


def test_the_first_update_is_due_at_once_and_the_next_after_the_interval() -> None:
    # Given
    pace = Throttle()
    assert pace.wait_s(0.0) is None
    # When
    pace.offer(record(1))
    # Then
    assert pace.wait_s(0.0) == 0.0
    assert pace.take(0.0) == record(1)
    # When
    pace.offer(record(2))
    pace.offer(record(3))
    # Then
    assert (pace.wait_s(0.4), pace.take(0.4)) == (0.6, None)
    assert pace.take(1.0) == record(3)
    assert pace.take(9.0) is None


def test_each_task_has_its_own_interval() -> None:
    # Given
    pace = Throttle()
    pace.offer(record(1, "a"))
    pace.offer(record(1, "b"))
    # Then
    assert {pace.take(0.0), pace.take(0.0)} == {record(1, "a"), record(1, "b")}


def test_the_end_does_not_wait_and_comes_once() -> None:
    # Given
    pace = Throttle()
    pace.offer(record(1))
    pace.take(0.0)
    # When
    pace.offer(record(2, ended=True))
    # Then
    assert pace.wait_s(0.1) == 0.0
    assert pace.take(0.1) == record(2, ended=True)
    # When
    pace.offer(record(2, ended=True))
    pace.offer(record(1))
    # Then
    assert pace.take(99.0) is None


def test_what_was_told_by_other_means_is_not_repeated_but_the_end_is() -> None:
    # Given
    pace = Throttle()
    pace.offer(record(1))
    # When
    pace.told(record(2))
    # Then
    assert pace.take(0.0) is None
    # When
    pace.told(record(3, ended=True))
    pace.offer(record(3, ended=True))
    # Then
    assert pace.take(0.0) == record(3, ended=True)


def test_what_is_forgotten_is_not_told() -> None:
    # Given
    pace = Throttle()
    pace.offer(record(1, "a"))
    pace.offer(record(1, "b"))
    # When
    pace.forget("a")
    # Then
    assert pace.take(0.0) == record(1, "b")
    # When
    pace.offer(record(2, "a"))
    pace.forget()
    # Then
    assert pace.take(0.0) is None


def test_memory_of_ended_tasks_is_bounded() -> None:
    pace = Throttle()
    for number in range(MAX_REMEMBERED + 5):
        pace.offer(record(1, str(number), ended=True))
        assert pace.take(0.0) is not None
    assert len(pace._ended) == MAX_REMEMBERED
    assert not pace._told
    assert not pace._not_before


@given(
    st.lists(st.tuples(st.integers(0, 20), st.floats(0, 2), st.booleans()), max_size=40),
    st.integers(20, 30),
    st.sampled_from([0.0, 0.5, 3.0]),
)
def test_however_they_come_seqs_rise_intervals_hold_and_the_end_is_last(
    steps: list[tuple[int, float, bool]], last: int, interval_s: float
) -> None:
    # Given
    pace, now = Throttle(), 0.0
    told: list[tuple[float, TaskRecord]] = []
    # When
    for seq, pause_s, reads in [*steps, (last, 0.0, True)]:
        pace.offer(record(seq, ended=seq == last, interval_s=interval_s))
        now += pause_s
        if reads and (taken := pace.take(now)):
            told.append((now, taken))
    # Then
    seqs = [taken.seq for _, taken in told]
    assert seqs == sorted(set(seqs))
    assert seqs[-1] == last
    times = [at for at, taken in told if not taken.status.final]
    assert all(later >= earlier + interval_s for earlier, later in pairwise(times))
