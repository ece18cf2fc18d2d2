"""The line in front of a fixed number of places: first come, first served."""

import asyncio


class Admission:
    """Names stand in line and get a place in the order they joined. Belongs to one event loop."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._admitted: set[str] = set()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def admitted(self) -> int:
        return len(self._admitted)

    def join(self, name: str) -> asyncio.Future[None]:
        """Done once `name` has a place. Every `join` must be followed by a `leave`, also when it was cancelled."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting[name] = turn
        self._admit()
        return turn

    def leave(self, name: str) -> None:
        """Gives back the place, or the spot in line."""
        self._waiting.pop(name, None)
        self._admitted.discard(name)
        self._admit()

    def position(self, name: str) -> int | None:
        """1 is the next to be admitted; None: not waiting."""
        if name not in self._waiting:
            return None
        return list(self._waiting).index(name) + 1

    def _admit(self) -> None:
        while self._waiting and len(self._admitted) < self._places:
            name = next(iter(self._waiting))
            turn = self._waiting.pop(name)
            if not turn.cancelled():
                self._admitted.add(name)
                turn.set_result(None)
