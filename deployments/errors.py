"""The part of the error tree that only the service around the models raises; models/errors.py has its root."""

from models.errors import TextRemovalError


class ReplicaLost(TextRemovalError):
    """A process that worked on this died. Nothing is wrong with the work itself: trying again may help."""


class QueueFull(TextRemovalError):
    """More work waits than the service admits; `details["retry_after_s"]` says when to come back."""


class DeadlineExceeded(TextRemovalError):
    """REQUEST_TIMEOUT passed before the result was there; the work has been stopped."""


class SlowBody(TextRemovalError):
    """The body of a request comes too slowly, or not at all; what had come was dropped."""


class Starting(TextRemovalError):
    """The port is open, the application behind it is not there yet."""


class ShuttingDown(TextRemovalError):
    """The service is going away and takes no new work."""


class Unauthorized(TextRemovalError):
    """API keys are configured and the request carries none of them."""


class StoreUnavailable(TextRemovalError):
    """The task store or the blob store cannot be reached or cannot write; nothing was promised to anyone."""


class UnknownTask(TextRemovalError):
    """No task of this id is known."""


class TaskConflict(TextRemovalError):
    """The task id is taken by a different job."""


class TaskNotFinished(TextRemovalError):
    """The result was asked for before the task ended, or the task ended without one."""


class TaskFinished(TextRemovalError):
    """A cancel came after the task had ended."""


class ResultExpired(TextRemovalError):
    """The task is known but its result has been cleaned up."""
