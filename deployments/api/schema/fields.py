"""A body's bytes as named fields, the same for JSON and for multipart/form-data. Runs in a worker thread."""

from typing import Any

from pydantic_core import from_json

from deployments.api.body.multipart import parse_multipart
from deployments.api.errors import MalformedBody, UnsupportedContentType
from models.errors import InvalidRequest

FILE_FIELDS = frozenset({"image", "mask"})
JSON_FIELDS = frozenset({"regions"})


def is_multipart(content_type: str) -> bool:
    """Raises: UnsupportedContentType for anything but JSON and multipart; ask before a body is read in vain."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return True
    if kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json")):
        return False
    raise UnsupportedContentType(
        f"the content type is {kind[:100] or 'missing'}; send application/json or multipart/form-data"
    )


def parse_fields(body: bytes | bytearray, content_type: str) -> dict[str, Any]:
    """Field names and values. A JSON null and an empty form field are left out: both mean "as by default".

    Uploaded `image` and `mask` files are bytes; in JSON and in plain form fields they are still base64 text.

    Raises: MalformedBody, UnsupportedContentType; InvalidRequest if the JSON is not an object.
    """
    if is_multipart(content_type):
        return _form_fields(body, content_type)
    value = _json(body, "the body")
    if not isinstance(value, dict):
        raise InvalidRequest("the body: should be a JSON object", field="")
    return {name: item for name, item in value.items() if item is not None}


def _form_fields(body: bytes | bytearray, content_type: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for part in parse_multipart(body, content_type):
        if part.name in FILE_FIELDS and part.is_file:
            fields[part.name] = part.content
            continue
        try:
            text = part.content.decode()
        except UnicodeDecodeError:
            raise MalformedBody(f"the form field {part.name[:100]!r} is not UTF-8 text") from None
        if text:
            fields[part.name] = _json(text, part.name) if part.name in JSON_FIELDS else text
    return fields


def _json(text: bytes | bytearray | str, what: str) -> Any:
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise MalformedBody(f"{what} is not valid JSON: {str(error)[:200]}") from None
