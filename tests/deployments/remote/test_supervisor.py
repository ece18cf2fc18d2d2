"""When the service gives up: decided on what Ray and Serve say, tried here without either."""

import subprocess
import sys
import threading
from collections.abc import Callable

from deployments.remote.supervisor import UNANSWERED_S, Supervisor


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def supervisor(
    *,
    dead: Callable[[], tuple[str, ...]] = tuple,
    fault: Callable[[], str | None] = lambda: None,
    clock: Clock | None = None,
) -> Supervisor:
    return Supervisor(dead, fault, lambda: None, clock=clock or Clock())


def settled(watched: Supervisor) -> str | None:
    """What it says after its question has been answered."""
    watched.check()
    for thread in threading.enumerate():
        if thread.name == "ask-serve":
            thread.join(5)
    return watched.check()


def test_a_service_that_runs_is_left_alone() -> None:
    clock = Clock()
    watched = supervisor(clock=clock)
    for _ in range(5):
        assert settled(watched) is None
        clock.now += UNANSWERED_S * 0.9


def test_a_dead_process_of_ray_ends_the_service_at_once() -> None:
    assert supervisor(dead=lambda: ("raylet",)).check() == "raylet of Ray has died"


def test_a_failed_application_ends_the_service() -> None:
    assert settled(supervisor(fault=lambda: "the application is gone")) == "the application is gone"


def test_a_controller_that_hangs_is_noticed_while_the_question_hangs() -> None:
    # Given: a question that is never answered
    never, clock, asked = threading.Event(), Clock(), []

    def hang() -> None:
        asked.append(1)
        never.wait(30)

    watched = supervisor(fault=hang, clock=clock)
    # When / Then
    try:
        assert watched.check() is None
        clock.now += UNANSWERED_S + 0.1
        assert "has not answered" in str(watched.check())
        assert asked == [1], "it is not asked again while it hangs"
    finally:
        never.set()


def test_a_controller_that_comes_back_in_time_is_forgiven() -> None:
    # Given
    clock, away = Clock(), [True]

    def fault() -> None:
        if away[0]:
            raise ConnectionError("no controller")

    watched = supervisor(fault=fault, clock=clock)
    # When: away for most of the patience, then back
    clock.now += UNANSWERED_S * 0.9
    assert settled(watched) is None
    away[0] = False
    assert settled(watched) is None
    clock.now += UNANSWERED_S * 0.9
    # Then
    assert settled(watched) is None


def test_the_first_signal_stops_in_good_order_and_the_second_at_once() -> None:
    # Given: a process that never finishes its stop
    code = """
import os, signal, time
from deployments.remote.supervisor import Supervisor
watched = Supervisor(tuple, lambda: None, lambda: print("killed", flush=True))
signal.signal(signal.SIGTERM, watched.on_signal)
print("ready", flush=True)
assert watched.wait() is None
print("stopping", flush=True)
time.sleep(60)
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    # When
    process.terminate()
    assert process.stdout.readline() == "stopping\n"
    process.terminate()
    # Then
    assert process.stdout.readline() == "killed\n"
    assert process.wait(10) == 128 + 15
    process.stdout.close()


def test_a_stop_that_hangs_is_ended() -> None:
    code = """
import time
from deployments.remote.supervisor import end_within
end_within(0.1, 3, lambda: print("last", flush=True))
time.sleep(60)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (3, "last\n")
    assert "not stopped within" in done.stderr
