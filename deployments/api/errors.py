"""How every error looks over HTTP: one table, one shape."""

import logging
import math
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from deployments import errors as service
from deployments.api.clock import iso
from deployments.api.schema.headers import RETRY_AFTER
from deployments.api.schema.responses import ErrorAnswer
from models import errors as e

log = logging.getLogger(__name__)

MAX_LISTED_ERRORS = 10
MAX_SHOWN_PATH = 200
CLIENT_CLOSED_REQUEST = 499


class MalformedBody(e.TextRemovalError):
    """The body does not parse as what its content type says."""


class UnsupportedContentType(e.TextRemovalError):
    """The body is neither JSON nor multipart/form-data."""


class UnsupportedContentCoding(e.TextRemovalError):
    """The body has a content coding that is not undone here."""


class ModelNotFound(e.TextRemovalError):
    """The path names a model this service does not serve."""


@dataclass(frozen=True, slots=True)
class Row:
    """`retry_after_s` is the Retry-After of an error that does not bring its own; None: waiting does not help.
    `headers` come with every such answer."""

    status: int
    code: str
    retry_after_s: int | None = None
    headers: tuple[tuple[str, str], ...] = ()


TABLE: dict[type[Exception], Row] = {
    MalformedBody: Row(400, "malformed_body"),
    e.InvalidImage: Row(400, "invalid_image"),
    service.Unauthorized: Row(401, "unauthorized", headers=(("WWW-Authenticate", "Bearer"),)),
    service.UnknownTask: Row(404, "unknown_task"),
    ModelNotFound: Row(404, "unknown_model"),
    service.SlowBody: Row(408, "slow_body"),
    service.TaskConflict: Row(409, "task_conflict"),
    service.TaskNotFinished: Row(409, "task_not_finished"),
    service.TaskFinished: Row(409, "task_finished"),
    e.Cancelled: Row(409, "cancelled"),
    service.ResultExpired: Row(410, "result_expired"),
    e.ImageTooLarge: Row(413, "too_large"),
    e.UnsupportedImage: Row(415, "unsupported_image"),
    UnsupportedContentType: Row(415, "unsupported_content_type"),
    UnsupportedContentCoding: Row(415, "unsupported_content_coding", headers=(("Accept-Encoding", "gzip, br, zstd"),)),
    e.InvalidRequest: Row(422, "invalid_request"),
    e.InvalidRegion: Row(422, "invalid_region"),
    e.InvalidMask: Row(422, "invalid_mask"),
    e.UnknownModel: Row(422, "unknown_model"),
    service.QueueFull: Row(429, "queue_full", retry_after_s=5),
    e.InferenceFailed: Row(500, "inference_failed"),
    e.OutOfDeviceMemory: Row(500, "inference_failed"),
    e.TextRemovalError: Row(500, "internal_error"),
    e.ModelUnavailable: Row(503, "model_unavailable", retry_after_s=10),
    e.WeightsUnavailable: Row(503, "weights_unavailable"),
    e.LoraUnavailable: Row(503, "weights_unavailable"),
    service.ReplicaLost: Row(503, "replica_lost", retry_after_s=1),
    service.Starting: Row(503, "starting", retry_after_s=2),
    service.ShuttingDown: Row(503, "shutting_down", retry_after_s=5),
    service.StoreUnavailable: Row(503, "store_unavailable", retry_after_s=5),
    service.DeadlineExceeded: Row(504, "deadline_exceeded"),
}

HTTP_CODES = {404: "not_found", 405: "method_not_allowed"}


def row_of(error: type[Exception]) -> Row:
    """The row of the class or of its nearest ancestor."""
    return next(TABLE[cls] for cls in error.__mro__ if cls in TABLE)


def request_id_of(scope: Any) -> str:
    return str(scope.get("state", {}).get("request_id", ""))


def error_response(
    status: int,
    code: str,
    message: str,
    request_id: str,
    details: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    body = ErrorAnswer(
        error=code, message=message, detail=message, details=details or {}, timestamp=iso(), request_id=request_id
    )
    content = to_json(body, inf_nan_mode="null", fallback=str)
    return Response(content, status, headers=headers, media_type="application/json")


def known_error_response(error: e.TextRemovalError, request_id: str) -> Response:
    row = row_of(type(error))
    if row.status >= 500:
        log.error("%s: %s: %s", request_id, row.code, error.message, exc_info=error if row.status == 500 else None)
    wait_s = error.details.get("retry_after_s", row.retry_after_s)
    headers = dict(row.headers) | ({} if wait_s is None else {RETRY_AFTER: str(max(1, math.ceil(wait_s)))})
    return error_response(row.status, row.code, error.message, request_id, error.details, headers)


def unexpected_error_response(error: Exception, request_id: str) -> Response:
    """Says nothing about the cause to the client; the log has the trace under the request id."""
    log.error("%s: unexpected error", request_id, exc_info=error)
    return error_response(500, "internal_error", "the service failed to answer; its log has the cause", request_id)


def schema_error(errors: list[Any]) -> e.InvalidRequest:
    """Pydantic's errors as one of ours. Names fields, repeats no input: an input can be megabytes."""
    listed = [
        {"field": _field(error["loc"]), "message": _words(error), "type": error["type"]}
        for error in errors[:MAX_LISTED_ERRORS]
    ]
    first = listed[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return e.InvalidRequest(
        f"{first['field'] or 'the body'}: {first['message']}{more}", field=first["field"], errors=listed
    )


FORMS = {"rectangle", "corners", "polygon", "nested"}
"""Tags of the region forms, which pydantic puts into an error's location; no client knows them."""


def _field(loc: tuple[int | str, ...]) -> str:
    parts = loc[1:] if loc and loc[0] in ("body", "query", "path", "header") else loc
    field = ""
    for part in parts:
        if isinstance(part, int):
            field += f"[{part}]"
        elif part not in FORMS:
            field += f".{part}" if field else part
    return field


PLAIN_WORDS = {
    "missing": "this field is required",
    "tuple_type": "should be a list",
    "list_type": "should be a list",
    "dict_type": "should be an object",
    "model_type": "should be an object",
    "model_attributes_type": "should be an object",
    "float_type": "should be a number",
    "float_parsing": "should be a number",
    "int_type": "should be a whole number",
    "int_parsing": "should be a whole number",
    "int_from_float": "should be a whole number",
    "bool_type": "should be true or false",
    "bool_parsing": "should be true or false",
    "string_type": "should be a text",
    "finite_number": "should be a finite number",
}
"""Where pydantic speaks of Python, or of parsing."""


def _words(error: Any) -> str:
    if error["type"] in PLAIN_WORDS:
        return PLAIN_WORDS[error["type"]]
    message = str(error["msg"]).removeprefix("Value error, ")
    return message[0].lower() + message[1:]


def add_error_handlers(app: FastAPI) -> None:
    """Every error a route can end with, except the unexpected: those are caught in middleware, so that they carry
    the same headers as any answer."""

    async def known(request: Request, error: Exception) -> Response:
        assert isinstance(error, e.TextRemovalError)
        return known_error_response(error, request_id_of(request.scope))

    async def schema(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return known_error_response(schema_error(list(error.errors())), request_id_of(request.scope))

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        path = request.url.path[:MAX_SHOWN_PATH]
        message = {
            404: f"nothing is served at {path}",
            405: f"{request.method} is not offered at {path}",
        }.get(error.status_code, str(error.detail))
        code = HTTP_CODES.get(error.status_code, "http_error")
        headers = dict(error.headers or {})
        return error_response(error.status_code, code, message, request_id_of(request.scope), headers=headers)

    async def gone(request: Request, _: Exception) -> Response:
        log.info("%s: the client hung up", request_id_of(request.scope))
        return error_response(
            CLIENT_CLOSED_REQUEST, "client_closed_request", "the client hung up", request_id_of(request.scope)
        )

    app.add_exception_handler(e.TextRemovalError, known)
    app.add_exception_handler(RequestValidationError, schema)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(ClientDisconnect, gone)
