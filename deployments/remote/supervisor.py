"""Watches what `python -m deployments` started, so that a service that cannot answer ends and is started anew.

Ray does not do this: after a kill -9 of its raylet the driver lives on, `/-/healthz` says 200, and nothing answers.
"""

import os
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

CHECK_S = 1.0
UNANSWERED_S = 60.0
"""How long Serve's controller may stay silent. A killed one is back within 5 s; on a machine with ten times the work it
can do, a living one was silent for more than 10 s, and requests were answered all the while."""

STOP_S = 25.0
"""A stop in good order takes 5 to 15 s. After this the process ends all the same."""

BROKEN_EXIT = 70
"""EX_SOFTWARE of sysexits.h: the service could not go on."""


class Supervisor:
    """Waits for a signal or for the end of what the service needs; both checks are given, so that no Ray is needed.

    `dead_processes` names the processes of Ray on this machine that have ended. `application_fault` asks Serve how the
    application is: None if it runs, else why not; it may hang or raise while the controller is away. `kill` ends what
    Ray has running, at once.
    """

    def __init__(
        self,
        dead_processes: Callable[[], tuple[str, ...]],
        application_fault: Callable[[], str | None],
        kill: Callable[[], Any],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._dead_processes = dead_processes
        self._application_fault = application_fault
        self._kill = kill
        self._clock = clock
        self._stopping = threading.Event()
        self._answered_at = clock()
        self._fault: str | None = None
        self._asking: threading.Thread | None = None

    def on_signal(self, number: int, frame: FrameType | None = None) -> None:
        """A signal handler: the first signal stops in good order, a second one ends the process at once."""
        if self._stopping.is_set():
            try:
                self._kill()
            finally:
                os._exit(128 + number)
        self._stopping.set()

    def wait(self) -> str | None:
        """Returns None after a signal, else one sentence: why the service cannot answer any more."""
        self._answered_at = self._clock()
        while not self._stopping.wait(CHECK_S):
            fault = self.check()
            if fault is not None:
                return fault
        return None

    def check(self) -> str | None:
        """One look; asks Serve in a thread of its own, so that a call that hangs does not hold up the next look."""
        if dead := self._dead_processes():
            return f"{', '.join(dead)} of Ray has died"
        if self._asking is None or not self._asking.is_alive():
            self._asking = threading.Thread(target=self._ask, daemon=True, name="ask-serve")
            self._asking.start()
        if self._fault is not None:
            return self._fault
        if self._clock() - self._answered_at > UNANSWERED_S:
            return f"Serve's controller has not answered for {UNANSWERED_S:g} s"
        return None

    def _ask(self) -> None:
        try:
            self._fault = self._application_fault()
        except Exception:  # the controller is away, which is what the clock is for
            return
        self._answered_at = self._clock()


def end_within(seconds: float, status: int, last: Callable[[], Any] = lambda: None) -> None:
    """The process ends with `status` after that time, whatever it is doing then; `last` is called first."""

    def end() -> None:
        print(f"not stopped within {seconds:g} s: ending at once", file=sys.stderr, flush=True)
        try:
            last()
        finally:
            os._exit(status)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
