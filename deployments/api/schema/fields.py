"""A body as named fields, the same for JSON and for multipart/form-data. Runs in a worker thread."""

import codecs
from collections.abc import Sequence
from typing import Any

from pydantic_core import from_json

from deployments.api.body.multipart import Part
from deployments.api.errors import MalformedBody, UnsupportedContentType
from models.errors import InvalidRequest

PAINT_BY_EXAMPLE_FILE = "paintByExampleImage"
"""Lama-cleaner's. It and IOPaint's are read as files only to be refused by name."""

FILE_FIELDS = frozenset({"image", "mask", PAINT_BY_EXAMPLE_FILE, "paint_by_example_example_image"})
JSON_FIELDS = frozenset({"regions", "keep", "within"})


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


def parse_fields(body: bytes | bytearray | Sequence[Part]) -> dict[str, Any]:
    """Field names and values, of JSON or of a form's parts. A JSON null and an empty or null form field are left out:
    all mean "as by default".

    Uploaded `image` and `mask` files are bytes; in JSON and in plain form fields they are still base64 text.

    Raises: MalformedBody; InvalidRequest if the JSON is not an object or a form has a field twice.
    """
    if not isinstance(body, bytes | bytearray):
        return _form_fields(body)
    value = _json(body.removeprefix(codecs.BOM_UTF8), "the body")
    if not isinstance(value, dict):
        raise InvalidRequest("the body: should be a JSON object", field="")
    return {name: item for name, item in value.items() if item is not None}


def _form_fields(parts: Sequence[Part]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for part in parts:
        value = _form_value(part)
        if value is None:
            continue
        if part.name in JSON_FIELDS and isinstance(value, dict):
            value = [value]  # OpenAPI sends a list as one part for each item
            if isinstance(fields.get(part.name), list):
                value = fields.pop(part.name) + value
        if part.name in fields:
            raise InvalidRequest(f"{part.name}: the form has this field twice", field=part.name)
        fields[part.name] = value
    return fields


def _form_value(part: Part) -> Any:
    """None: not given."""
    if part.name in FILE_FIELDS and (part.is_file or not _is_text(part.content)):
        return part.content or None
    try:
        text = part.content.decode()
    except UnicodeDecodeError:
        raise MalformedBody(f"the form field {part.name[:100]!r} is not UTF-8 text") from None
    if text.strip() in ("", "null"):
        return None
    return _json(text, part.name) if part.name in JSON_FIELDS else text


def _is_text(content: bytes) -> bool:
    """Base64 is plain ASCII; a picture file never is."""
    return content.isascii() and b"\0" not in content


def _json(text: bytes | bytearray | str, what: str) -> Any:
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise MalformedBody(f"{what} is not valid JSON: {str(error)[:200]}") from None
