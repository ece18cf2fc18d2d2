"""What ends a command, with its exit code, and what spoils one picture only."""

from text_removal.errors import ApiError, ConnectionFailed, NotFound, ShuttingDown, Unauthorized, Unavailable

ALL_DONE, SOME_FAILED, USAGE, NO_SERVICE, INTERRUPTED = 0, 1, 2, 3, 130
"""The exit codes."""


class Stop(Exception):
    """The command cannot go on; the message is for its user."""

    code = USAGE


class NoService(Stop):
    """The service cannot be used."""

    code = NO_SERVICE


class Spoiled(Exception):
    """This picture, or file, cannot be done, now or later: it is the fault of the file."""

    def __init__(self, message: str, error: str = "unreadable") -> None:
        super().__init__(message)
        self.error = error


ENDS_ALL = (ConnectionFailed, Unauthorized, NotFound, ShuttingDown, Unavailable)
"""After all patience: no other picture would fare better."""

PASSING = frozenset({401, 404, 408, 409, 429})
"""Of the 4xx those that are no fault of the picture."""


def lasting(error: Exception) -> bool:
    """The same picture would fail again."""
    if isinstance(error, ApiError):
        return 400 <= error.status < 500 and error.status not in PASSING
    return isinstance(error, Spoiled)
