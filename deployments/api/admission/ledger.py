"""Who holds what of a room with so many places and so many bytes, and who is refused when it fills."""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from deployments.errors import QueueFull

MEMORY_S = 10.0
"""How far back the rate of service is looked at, and how long a refused client counts as one that waits."""

MAX_WAIT_S = 60
UNKNOWN_WAIT_S = 5
"""Until the first request has been served nobody knows how long one takes."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """`client_share`: what one client may hold of the places, and of the bytes; 1 is all of them."""

    places: int
    held_bytes: int
    client_share: float = 1.0


@dataclass(slots=True)
class _Holding:
    visits: int = 0
    places: int = 0
    held_bytes: int = 0


class Place:
    """What one request holds: a place until its answer is there, and bytes until the answer has gone out."""

    def __init__(self, ledger: "Ledger", client: str) -> None:
        self._ledger = ledger
        self.client = client
        self.held_bytes = 0
        self._working = True
        self._left = False

    def hold(self, size_bytes: int, *, force: bool = False) -> None:
        """It holds that many bytes now, if that is more than before. `force`: they are there already.

        Raises: QueueFull, and then holds what it held.
        """
        more = size_bytes - self.held_bytes
        if more > 0 and not self._left:
            self._ledger._grow(self, more, force)

    def answered(self) -> None:
        """The work is done: its time counts for those who ask when to come. Who reads slowly keeps nobody waiting."""
        if self._working:
            self._working = False
            self._ledger._answered(self)

    def leave(self) -> None:
        """Gives back everything."""
        if not self._left:
            self._left = True
            self._ledger._leave(self, self._working)
            self._working = False


class Ledger:
    """Gives places to clients by their names, as long as there is room.

    One client holds `client_share` of the room at most, so that another finds some. Once more than that is taken by
    all together, a client that holds an equal share of the room or more is refused: equal among those that hold
    something or were refused in the last seconds. A request that is alone is let in however large it is.
    """

    def __init__(self, bounds: Bounds, clock: Callable[[], float] = time.monotonic) -> None:
        self.bounds = bounds
        self.visits = 0
        """Requests that hold anything; `places` of them wait or are worked on."""
        self.places = 0
        self.held_bytes = 0
        self.empty = asyncio.Event()
        self.empty.set()
        self._clock = clock
        self._holdings: dict[str, _Holding] = {}
        self._waiting: dict[str, float] = {}
        """Clients that hold nothing and were refused, with the last time, oldest first."""
        self._served: deque[float] = deque(maxlen=10_000)

    def enter(self, client: str, size_bytes: int) -> Place:
        """Raises: QueueFull, whose details say when to come back and what there was no room for."""
        holding = self._holdings.get(client, _Holding())
        self._check(client, holding, places=1, size_bytes=size_bytes)
        self._waiting.pop(client, None)
        self._holdings[client] = holding
        holding.visits += 1
        holding.places += 1
        self.visits += 1
        self.places += 1
        self.empty.clear()
        place = Place(self, client)
        self._count(place, holding, size_bytes)
        return place

    def retry_after_s(self) -> int:
        """How long it takes to serve as many as are here now, at the rate of the last seconds; 1 to MAX_WAIT_S."""
        now = self._clock()
        while self._served and self._served[0] < now - MEMORY_S:
            self._served.popleft()
        if not self._served:
            return UNKNOWN_WAIT_S
        wait_s = self.places * MEMORY_S / len(self._served)
        return min(MAX_WAIT_S, max(1, math.ceil(wait_s)))

    def _grow(self, place: Place, more: int, force: bool) -> None:
        holding = self._holdings[place.client]
        if not force:
            self._check(place.client, holding, places=0, size_bytes=more)
        self._count(place, holding, more)

    def _answered(self, place: Place) -> None:
        self._holdings[place.client].places -= 1
        self.places -= 1
        self._served.append(self._clock())

    def _leave(self, place: Place, working: bool) -> None:
        holding = self._holdings[place.client]
        holding.visits -= 1
        holding.places -= working
        self.visits -= 1
        self.places -= working
        self._count(place, holding, -place.held_bytes)
        if holding.visits == 0:
            del self._holdings[place.client]
        if self.visits == 0:
            self.empty.set()

    def _count(self, place: Place, holding: _Holding, more: int) -> None:
        place.held_bytes += more
        holding.held_bytes += more
        self.held_bytes += more

    def _check(self, client: str, holding: _Holding, *, places: int, size_bytes: int) -> None:
        bounds, alone = self.bounds, self.visits + places == 1
        if self.places + places > bounds.places:
            self._refuse(client, holding, "places", f"{bounds.places} requests are worked on or wait already")
        if self.held_bytes + size_bytes > bounds.held_bytes and not alone:
            self._refuse(client, holding, "bytes", f"all {bounds.held_bytes} bytes for bodies are taken")
        allowed = max(1, self._allowed(client, bounds.places, self.places))
        if holding.places + places > allowed:
            self._refuse(
                client, holding, "share", f"this client has its share of the {bounds.places} places: {allowed}"
            )
        allowed = self._allowed(client, bounds.held_bytes, self.held_bytes)
        if holding.held_bytes + size_bytes > allowed and holding.visits + places > 1:
            self._refuse(client, holding, "share", f"this client has its share of the bytes for bodies: {allowed}")

    def _allowed(self, client: str, limit: int, taken: int) -> int:
        share = int(limit * self.bounds.client_share)
        if taken < share:
            return share
        return min(share, limit // self._contenders(client))

    def _contenders(self, client: str) -> int:
        earliest = self._clock() - MEMORY_S
        while self._waiting and next(iter(self._waiting.values())) < earliest:
            del self._waiting[next(iter(self._waiting))]
        is_new = client not in self._holdings and client not in self._waiting
        return len(self._holdings) + len(self._waiting) + is_new

    def _refuse(self, client: str, holding: _Holding, lacking: str, message: str) -> None:
        if not holding.visits:
            self._waiting.pop(client, None)
            self._waiting[client] = self._clock()
        raise QueueFull(message, retry_after_s=self.retry_after_s(), lacking=lacking)
