"""Where the time of one request went."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from deployments.messages.jobs import ErasedInfo


class Stopwatch:
    """Adds up seconds by name. Made when the work begins; `created_at` (epoch seconds, 0 unknown) begins the queue."""

    def __init__(self, created_at: float = 0.0) -> None:
        self._started = time.perf_counter()
        self._queued_s = max(0.0, time.time() - created_at) if created_at else 0.0
        self._seconds: dict[str, float] = {"queue": self._queued_s}

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self.add(name, time.perf_counter() - started)

    def add(self, name: str, seconds: float) -> None:
        self._seconds[name] = self._seconds.get(name, 0.0) + seconds

    def stamp(self, info: ErasedInfo) -> ErasedInfo:
        """The same facts with the times in them; the processing time includes the queue."""
        total = self._queued_s + time.perf_counter() - self._started
        return replace(info, processing_time_s=total, timings_s=dict(self._seconds))
