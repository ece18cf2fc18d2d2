"""How work in a thread learns that nobody wants it any more.

A thread cannot be interrupted, so loops that take long call `go_on` each time round. What it looks at belongs to the
context of the work (contextvars), so that loops need no argument for it, and without a context it does nothing.
"""

from collections.abc import Callable
from contextvars import ContextVar

Check = Callable[[], None]
"""Raises what is to end the work; else does nothing. Called often."""

_check: ContextVar[Check | None] = ContextVar("check", default=None)


def go_on() -> None:
    """Raises: whatever ends the work in this context, `Cancelled` for instance."""
    check = _check.get()
    if check is not None:
        check()


def under(check: Check) -> None:
    """From now on `go_on` asks `check` in this context."""
    _check.set(check)
