"""Errors the service answers with: a class for each code. A test holds them against the service's own table."""

from collections.abc import Mapping
from typing import Any, ClassVar

from text_removal.errors.base import TextRemovalError


class ApiError(TextRemovalError):
    """The service answered with an error. There is a class for each code.

    `details` says more, by code; `field` names the field at fault, where one is; `retry_after_s` says when to come
    back, where waiting helps. `retryable`: the same request may succeed later.
    """

    code: ClassVar[str] = "http_error"
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        status: int,
        error: str | None = None,
        details: Mapping[str, Any] | None = None,
        request_id: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, request_id)
        self.status = status
        self.error = error or self.code
        self.details = dict(details or {})
        self.retry_after_s = retry_after_s

    @property
    def field(self) -> str | None:
        value = self.details.get("field")
        return value if isinstance(value, str) else None

    def __str__(self) -> str:
        return f"{self.message} [{self.status} {self.error}, request {self.request_id}]"


class MalformedBody(ApiError):
    """The body does not parse."""

    code = "malformed_body"


class InvalidImage(ApiError):
    """The bytes are no image, or a broken one."""

    code = "invalid_image"


class Unauthorized(ApiError):
    """The API key is missing or unknown."""

    code = "unauthorized"


class UnknownTask(ApiError):
    """No task of this id is known to this key."""

    code = "unknown_task"


class UnknownModel(ApiError):
    """The model is not served."""

    code = "unknown_model"


class NotFound(ApiError):
    """Nothing is served there: is the URL that of the service?"""

    code = "not_found"


class MethodNotAllowed(ApiError):
    """The address knows another method: is the URL that of the service?"""

    code = "method_not_allowed"


class SlowBody(ApiError):
    """The body came too slowly, and the service stopped reading it."""

    code = "slow_body"


class TaskConflict(ApiError):
    """The task id is taken by another job."""

    code = "task_conflict"


class TaskNotFinished(ApiError):
    """The task has no result, or none yet."""

    code = "task_not_finished"


class TaskFinished(ApiError):
    """The task has ended and cannot be cancelled."""

    code = "task_finished"


class Cancelled(ApiError):
    """The work was cancelled."""

    code = "cancelled"


class ResultExpired(ApiError):
    """The task has ended too long ago; its result is deleted."""

    code = "result_expired"


class TooLarge(ApiError):
    """The file or its pixel count is over the service's limit."""

    code = "too_large"


class UnsupportedImage(ApiError):
    """The format of the image is not read."""

    code = "unsupported_image"


class UnsupportedContentType(ApiError):
    """The body is neither JSON nor a form."""

    code = "unsupported_content_type"


class UnsupportedContentCoding(ApiError):
    """The body's compression is not undone."""

    code = "unsupported_content_coding"


class InvalidRequest(ApiError):
    """A field is wrong; `field` names it, `details["errors"]` lists all."""

    code = "invalid_request"


class InvalidRegion(ApiError):
    """A region lies outside the image or has no area; `index` says which."""

    code = "invalid_region"

    @property
    def index(self) -> int | None:
        value = self.details.get("index")
        return value if isinstance(value, int) else None


class InvalidMask(ApiError):
    """The mask is of another size, or cannot be read as one."""

    code = "invalid_mask"


class QueueFull(ApiError):
    """The service has enough to do; `retry_after_s` says when to come back."""

    code = "queue_full"
    retryable = True


class InferenceFailed(ApiError):
    """The model failed."""

    code = "inference_failed"


class InternalError(ApiError):
    """The service failed; its log has the cause under `request_id`."""

    code = "internal_error"


class ModelUnavailable(ApiError):
    """The model is not loaded now."""

    code = "model_unavailable"
    retryable = True


class WeightsUnavailable(ApiError):
    """The model's weights cannot be fetched; waiting does not help."""

    code = "weights_unavailable"


class ReplicaLost(ApiError):
    """The process that worked on it has died."""

    code = "replica_lost"
    retryable = True


class Starting(ApiError):
    """The service is not there yet."""

    code = "starting"
    retryable = True


class ShuttingDown(ApiError):
    """The service goes away; the next one will answer."""

    code = "shutting_down"
    retryable = True


class StoreUnavailable(ApiError):
    """The store of the tasks does not answer."""

    code = "store_unavailable"
    retryable = True


class DeadlineExceeded(ApiError):
    """The service's own time limit has passed; the work was stopped. A task has no such limit."""

    code = "deadline_exceeded"


class Unavailable(ApiError):
    """Something before the service, a proxy, answers that it is away or overrun."""

    code = "unavailable"
    retryable = True


BY_CODE: Mapping[str, type[ApiError]] = {cls.code: cls for cls in ApiError.__subclasses__()}

PASSING = frozenset({429, 502, 503})
"""Statuses of proxies that are worth another try. 504 is none of them: the work would run, and fail, again."""


def api_error(status: int, body: object, headers: Mapping[str, str]) -> ApiError:
    """The error an answer stands for, be it of the service or of a proxy before it."""
    answer: Mapping[str, Any] = body if isinstance(body, Mapping) else {}
    code = answer.get("error")
    kind = BY_CODE.get(code) if isinstance(code, str) else None
    if kind is None:
        kind = Unavailable if status in PASSING else ApiError
    return kind(
        str(answer.get("message") or answer.get("detail") or f"HTTP {status}"),
        status=status,
        error=code if isinstance(code, str) else None,
        details=answer.get("details") if isinstance(answer.get("details"), Mapping) else None,
        request_id=headers.get("x-request-id"),
        retry_after_s=_seconds(headers.get("retry-after")),
    )


def _seconds(retry_after: str | None) -> float | None:
    """The service sends seconds; a proxy's date counts as no word."""
    return float(retry_after) if retry_after and retry_after.isdecimal() else None
