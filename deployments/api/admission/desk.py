"""Which requests need a place, and whether there are any to be had."""

import time
from collections.abc import Callable

from deployments.api.admission.ledger import Bounds, Ledger
from deployments.config.api_settings import AdmissionSettings
from deployments.errors import ShuttingDown

SYNCHRONOUS = frozenset({"inpaint", "inpaint-regions", "inpaint-regions-json", "detect-text", "remove-text"})
"""The last words of the paths that are answered with the result itself."""

SUBMISSIONS = frozenset({"inpaint-regions-async", "inpaint-batch"})

SMALL_BODY_BYTES = 64 * 1024
"""A cancel or a ticket has no body or a short one; who sends more than this needs a place, wherever it goes."""

SUBMISSIONS_SHARE = 4
"""Submissions have a room of their own, of a quarter of the size: tasks can still be handed in while synchronous
requests are refused. They need it only until they are stored."""


class Desk:
    """Two ledgers, one for work that is waited for and one for bodies that are only stored. Everything else, health
    and status, metrics and cancels, needs no place."""

    def __init__(self, settings: AdmissionSettings, clock: Callable[[], float] = time.monotonic) -> None:
        other = Bounds(
            max(8, settings.max_waiting // SUBMISSIONS_SHARE),
            settings.max_held_bytes // SUBMISSIONS_SHARE,
            settings.client_share,
        )
        own = Bounds(settings.max_waiting, settings.max_held_bytes - other.held_bytes, settings.client_share)
        self.synchronous = Ledger(own, clock)
        self.submissions = Ledger(other, clock)
        self.closed = False

    def ledger_of(self, method: str, path: str, length: int | None) -> Ledger | None:
        """None: it needs no place. `length`: bytes of the body, None if nobody says.

        Raises: ShuttingDown to those that need one, if the desk is closed.
        """
        if method != "POST":
            return None
        word = path.rstrip("/").rpartition("/")[2]
        if word in SYNCHRONOUS:
            ledger = self.synchronous
        elif word in SUBMISSIONS or length is None or length > SMALL_BODY_BYTES:
            ledger = self.submissions
        else:
            return None
        if self.closed:
            raise ShuttingDown("the service is going away and takes no new work")
        return ledger

    def standing(self) -> dict[str, int]:
        """For whoever looks at the health."""
        return {
            "admitted": self.synchronous.places,
            "limit": self.synchronous.bounds.places,
            "submissions": self.submissions.places,
            "held_bytes": self.synchronous.held_bytes + self.submissions.held_bytes,
            "limit_bytes": self.synchronous.bounds.held_bytes + self.submissions.bounds.held_bytes,
        }

    def close(self) -> None:
        """From now on nobody gets a place; those who have one keep it."""
        self.closed = True

    async def emptied(self) -> None:
        """Returns when nobody holds anything: all answers have gone out. Of use once it is closed."""
        await self.synchronous.empty.wait()
        await self.submissions.empty.wait()
