"""When a request is sent again, and after which pause."""

import random
from dataclasses import dataclass
from typing import Any

import httpx
from tenacity import RetryCallState, stop_after_attempt, stop_before_delay

from text_removal.errors import ApiError

BROKEN = (httpx.NetworkError, httpx.RemoteProtocolError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.WriteTimeout)
"""The connection, not the work: nothing was answered. No read timeout: the work would take as long again."""


@dataclass(frozen=True)
class Patience:
    """How long the service is tried: `attempts` in all, none begun after `total_s`. Pauses are those the service asks
    for with Retry-After, and up to a quarter more, so that clients do not all come back at once; else `first_pause_s`,
    doubling to `longest_pause_s`, less up to half of it. `Patience(attempts=1)` tries once.

    Every request may be sent again: erasing changes nothing on the service, and a task has an id from the start.
    """

    attempts: int = 8
    total_s: float = 120.0
    first_pause_s: float = 0.5
    longest_pause_s: float = 30.0

    def tenacity(self) -> dict[str, Any]:
        """Arguments of tenacity's Retrying and AsyncRetrying."""
        return {
            "stop": stop_after_attempt(self.attempts) | stop_before_delay(self.total_s),
            "wait": self._pause_s,
            "retry": _worth_another_try,
            "reraise": True,
        }

    def pause_s(self, attempt: int) -> float:
        """Before the attempt after the `attempt`th, which brought nothing."""
        return random.uniform(0.5, 1) * min(self.longest_pause_s, self.first_pause_s * 2.0 ** min(attempt - 1, 20))

    def _pause_s(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked_s = error.retry_after_s if isinstance(error, ApiError) else None
        if asked_s is not None:
            return asked_s + random.uniform(0, asked_s / 4)
        return self.pause_s(state.attempt_number)


def _worth_another_try(state: RetryCallState) -> bool:
    error = state.outcome.exception() if state.outcome else None
    return isinstance(error, BROKEN) or (isinstance(error, ApiError) and error.retryable)
