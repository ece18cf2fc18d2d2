"""Errors that are no answer of the service: of the way to it, of the end of a task, of a callback."""


class TextRemovalError(Exception):
    """Whatever this package raises on purpose. `request_id` stands in the service's log, too."""

    def __init__(self, message: str, request_id: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.request_id = request_id


class ConnectionFailed(TextRemovalError):
    """The service was not reached, or the connection broke, and trying again did not help."""


class RequestTimedOut(TextRemovalError):
    """No answer within the client's `timeout`. The service stops the work of a client that hangs up."""


class WaitTimedOut(TextRemovalError, TimeoutError):
    """The task has not ended within the `timeout` of the wait; it goes on."""


class TaskCancelled(TextRemovalError):
    """There is no result: the task was cancelled."""


class TaskFailed(TextRemovalError):
    """There is no result: the task ended in an error, of this `code` (None: not told)."""

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code


class InvalidSignature(TextRemovalError):
    """A callback is not from the service, or was recorded and played again."""
