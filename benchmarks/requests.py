"""What is sent: bodies encoded once, before anything is timed."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from benchmarks.pictures import Workload, encoded
from models.types import Box

BODIES = ("multipart", "json")
File = tuple[str, bytes, str]
"""Name, content, media type."""


@dataclass(frozen=True, slots=True)
class Request:
    """A POST; `content` is sent as it is."""

    path: str
    content: bytes
    content_type: str


def multipart(path: str, files: Mapping[str, File], fields: Mapping[str, str]) -> Request:
    form = httpx.Request("POST", "http://service", files=dict(files), data=dict(fields))
    return Request(path, form.read(), form.headers["content-type"])


def in_json(path: str, fields: Mapping[str, Any]) -> Request:
    """Bytes among the values become base64."""
    plain = {
        name: base64.b64encode(value).decode() if isinstance(value, bytes) else value for name, value in fields.items()
    }
    return Request(path, json.dumps(plain).encode(), "application/json")


def regions_of(boxes: Sequence[Box]) -> list[dict[str, int]]:
    return [{"x1": box.left, "y1": box.top, "x2": box.right, "y2": box.bottom} for box in boxes]


def request_for(workload: Workload, model: str, body: str = "multipart", *, kind: str = "JPEG", **more: str) -> Request:
    """Erase every text of the workload; `kind` is the image's format, `more` are further fields of the request."""
    path = "/api/v1/inpaint-regions"
    image, regions = encoded(workload.image(), kind), regions_of(workload.boxes)
    if body == "json":
        return in_json(path, {"image": image, "regions": regions, "model": model, **more})
    file = (f"photo.{kind.lower()}", image, f"image/{kind.lower()}")
    return multipart(path, {"image": file}, {"regions": json.dumps(regions), "model": model, **more})
