import asyncio

from deployments.tracking.admission import Admission


async def test_places_are_given_in_the_order_of_joining() -> None:
    line = Admission(places=2)
    turns = [line.join(name) for name in "abcd"]

    assert [turn.done() for turn in turns] == [True, True, False, False]
    assert [line.position(name) for name in "abcd"] == [None, None, 1, 2]
    line.leave("b")
    assert [turn.done() for turn in turns] == [True, True, True, False]
    assert (line.admitted, line.waiting, line.position("d")) == (2, 1, 1)


async def test_whoever_leaves_the_line_is_passed_over() -> None:
    line = Admission(places=1)
    turns = {name: line.join(name) for name in "abc"}

    line.leave("b")
    line.leave("a")

    assert not turns["b"].done()
    assert turns["c"].done()


async def test_a_turn_that_was_cancelled_takes_no_place() -> None:
    line = Admission(places=1)
    turns = {name: line.join(name) for name in "abc"}

    turns["b"].cancel()
    line.leave("a")

    assert turns["c"].done()
    assert line.admitted == 1


async def test_leaving_twice_gives_back_one_place() -> None:
    line = Admission(places=1)
    for name in "abc":
        line.join(name)

    line.leave("a")
    line.leave("a")

    assert (line.admitted, line.waiting) == (1, 1)


async def test_a_line_that_everyone_left_is_empty() -> None:
    line = Admission(places=2)
    turns = [line.join(str(number)) for number in range(5)]
    for number in range(5):
        line.leave(str(number))

    assert (line.admitted, line.waiting) == (0, 0)
    await asyncio.gather(*turns[:2])
