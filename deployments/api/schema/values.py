"""Single values of a request that are more than a number or a word, and how each is checked."""

import re
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, AnyHttpUrl, Field, PlainValidator, TypeAdapter, ValidationError, WithJsonSchema
from pydantic_core import PydanticCustomError

from deployments.api.body import base64_files

TASK_ID = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,128}")
HTTP_URL = TypeAdapter(AnyHttpUrl)
MAX_URL_LENGTH = 2048


def _file(value: object) -> bytes:
    """Raises: InvalidImage, which pydantic lets pass, so that it keeps its own status."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return base64_files.decode(value)
    raise PydanticCustomError("base64_text", "should be a base64 text")


def _task_id(value: str) -> str:
    if not TASK_ID.fullmatch(value):
        raise PydanticCustomError("task_id", "should be 1 to 128 of A-Z a-z 0-9 . _ - (and not only dots)")
    return value


def _callback_url(value: str) -> str:
    """As sent: a normalised URL is not what the client wrote. Empty means none."""
    if not value:
        return value
    try:
        HTTP_URL.validate_python(value)
    except ValidationError as error:
        raise PydanticCustomError(
            "url", "should be an http(s) URL: {reason}", {"reason": error.errors()[0]["msg"]}
        ) from None
    return value


File: TypeAlias = Annotated[
    bytes, PlainValidator(_file), WithJsonSchema({"type": "string", "contentEncoding": "base64"})
]
TaskId: TypeAlias = Annotated[
    str, AfterValidator(_task_id), WithJsonSchema({"type": "string", "pattern": "^[A-Za-z0-9._-]{1,128}$"})
]
CallbackUrl: TypeAlias = Annotated[str, Field(max_length=MAX_URL_LENGTH), AfterValidator(_callback_url)]
