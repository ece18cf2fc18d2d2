"""Places and bytes: who gets them, who is refused, and what is given back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.api.admission.ledger import MAX_WAIT_S, MEMORY_S, Bounds, Ledger, Place
from deployments.errors import QueueFull


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def refused(ledger: Ledger, client: str, size_bytes: int = 0) -> str:
    with pytest.raises(QueueFull) as caught:
        ledger.enter(client, size_bytes)
    lacking: str = caught.value.details["lacking"]
    return lacking


def test_no_more_come_in_than_there_are_places_and_one_that_leaves_makes_room() -> None:
    ledger = Ledger(Bounds(places=2, held_bytes=100))
    first, _ = ledger.enter("a", 0), ledger.enter("b", 0)
    assert refused(ledger, "c") == "places"
    first.leave()
    ledger.enter("c", 0)


def test_no_more_bytes_come_in_than_there_is_room_for() -> None:
    ledger = Ledger(Bounds(places=9, held_bytes=100))
    place = ledger.enter("a", 60)
    assert refused(ledger, "b", 41) == "bytes"
    ledger.enter("b", 40)
    with pytest.raises(QueueFull):
        place.hold(61)
    assert (place.held_bytes, ledger.held_bytes) == (60, 100)


def test_a_request_that_is_alone_comes_in_however_large_it_is() -> None:
    ledger = Ledger(Bounds(places=9, held_bytes=100, client_share=0.5))
    place = ledger.enter("a", 1000)
    place.hold(2000)
    assert refused(ledger, "b", 1) == "bytes"


def test_what_an_answer_takes_is_counted_although_there_is_no_room_for_it() -> None:
    ledger = Ledger(Bounds(places=9, held_bytes=100))
    place = ledger.enter("a", 10)
    ledger.enter("b", 90)
    place.hold(50, force=True)
    assert ledger.held_bytes == 140
    place.leave()
    assert ledger.held_bytes == 90


def test_who_reads_slowly_holds_bytes_but_no_place() -> None:
    ledger = Ledger(Bounds(places=1, held_bytes=100))
    reading = ledger.enter("a", 50)
    reading.answered()
    ledger.enter("b", 50)
    assert (ledger.visits, ledger.places, ledger.held_bytes) == (2, 1, 100)


def test_one_client_leaves_room_for_others() -> None:
    ledger = Ledger(Bounds(places=8, held_bytes=1000, client_share=0.75))
    for _ in range(6):
        ledger.enter("greedy", 0)
    assert refused(ledger, "greedy") == "share"
    ledger.enter("modest", 0)


def test_one_client_leaves_bytes_for_others() -> None:
    ledger = Ledger(Bounds(places=100, held_bytes=1000, client_share=0.75))
    ledger.enter("greedy", 400)
    assert refused(ledger, "greedy", 400) == "share"
    ledger.enter("modest", 400)


def test_when_it_is_crowded_a_client_that_holds_much_is_refused_before_one_that_holds_little() -> None:
    # Given: three clients are there, and three quarters of the places are taken
    ledger = Ledger(Bounds(places=12, held_bytes=1000, client_share=0.75))
    for _ in range(7):
        ledger.enter("greedy", 0)
    ledger.enter("a", 0)
    ledger.enter("b", 0)
    # When / Then: a third is 4
    assert refused(ledger, "greedy") == "share"
    for _ in range(3):
        ledger.enter("a", 0)
    assert refused(ledger, "a") == "places"


def test_a_client_that_was_refused_counts_as_one_that_waits_for_a_while() -> None:
    # Given: full with two clients when a third comes
    clock = Clock()
    ledger = Ledger(Bounds(places=4, held_bytes=100, client_share=0.75), clock)
    places = [ledger.enter(client, 0) for client in ("a", "a", "b", "b")]
    assert refused(ledger, "c") == "places"
    # When one of a's leaves, a may not take that place: a third of 4 is 1
    places[0].leave()
    # Then
    assert refused(ledger, "a") == "share"
    clock.now += MEMORY_S + 1
    ledger.enter("a", 0)


def test_the_time_to_come_back_follows_from_the_queue_and_the_rate_of_service() -> None:
    # Given: 20 were served in the last seconds
    clock = Clock()
    ledger = Ledger(Bounds(places=10, held_bytes=100), clock)
    for _ in range(20):
        ledger.enter("a", 0).answered()
    for _ in range(8):
        ledger.enter("a", 0)
    # When / Then: 8 of them take 4 s at 2 a second
    assert ledger.retry_after_s() == 4
    # When nothing more is served
    clock.now += MEMORY_S + 1
    assert 1 <= ledger.retry_after_s() <= MAX_WAIT_S


def test_who_broke_off_was_not_served() -> None:
    ledger = Ledger(Bounds(places=10, held_bytes=100))
    before = ledger.retry_after_s()
    for _ in range(100):
        ledger.enter("a", 0).leave()
    assert ledger.retry_after_s() == before


STEPS = st.lists(st.tuples(st.integers(0, 4), st.sampled_from("abc"), st.integers(0, 60)), max_size=60)


@given(STEPS, st.sampled_from([0.3, 0.75, 1.0]))
def test_after_any_visits_the_books_are_within_bounds_and_empty_in_the_end(
    steps: list[tuple[int, str, int]], client_share: float
) -> None:
    ledger = Ledger(Bounds(places=5, held_bytes=100, client_share=client_share), Clock())
    places: list[Place] = []
    for what, client, size_bytes in steps:
        try:
            if what == 0 or not places:
                places.append(ledger.enter(client, size_bytes))
            elif what == 1:
                places[0].hold(size_bytes)
            elif what == 2:
                places[-1].answered()
            else:
                places.pop(size_bytes % len(places)).leave()
        except QueueFull:
            pass
        assert 0 <= ledger.places <= 5
        assert ledger.visits == len(places)
        assert ledger.held_bytes == sum(place.held_bytes for place in places)
        assert ledger.held_bytes <= 100
    for place in places:
        place.leave()
        place.leave()
    assert (ledger.visits, ledger.places, ledger.held_bytes, ledger.empty.is_set()) == (0, 0, 0, True)
