"""From a request to the entries of a batch. One bad picture is an entry that says so, and refuses no other."""

from typing import Any

from anyio import to_thread
from fastapi import Request

from deployments.api.batches.entries import entries_of
from deployments.api.batches.pictures import Picture
from deployments.api.batches.zips import Room, is_zip, pictures_in
from deployments.api.body.multipart import MAX_PARTS, Part
from deployments.api.body.reading import max_body_bytes, read_body, read_form
from deployments.api.job_builder import in_time, origin_of
from deployments.api.ports import BatchEntry
from deployments.api.schema.batch_bodies import BatchBody
from deployments.api.schema.fields import is_multipart, parse_fields
from deployments.config.api_settings import ApiSettings
from deployments.messages.batch import MAX_ITEMS
from models.errors import InvalidRequest

ZIP_TYPES = ("application/zip", "application/x-zip-compressed", "application/vnd.comicbook+zip")
FILES = ("image", "images")
"""The parts of a form that hold pictures, or zips of pictures."""

NAMES = {*BatchBody.model_fields, *FILES}


async def read_batch(request: Request, settings: ApiSettings) -> tuple[str | None, tuple[BatchEntry, ...]]:
    """The id the client wants, and one entry for each picture.

    Raises: what `read_job` raises, for what is wrong with the request as a whole.
    """
    content_type = request.headers.get("content-type", "")
    zipped = content_type.partition(";")[0].strip().lower() in ZIP_TYPES
    form = not zipped and is_multipart(content_type)
    limit_bytes = max_body_bytes(settings.max_file_size_bytes, base64=not (zipped or form))
    raw: list[Part] | bytearray
    if form:
        raw = await in_time(read_form(request, limit_bytes, NAMES, MAX_ITEMS + MAX_PARTS), settings)
    else:
        raw = await in_time(read_body(request, limit_bytes), settings)
    origin = origin_of(request, None)
    room = Room(limit_bytes, settings.max_file_size_bytes)
    query = [(name, value) for name, value in request.query_params.multi_items() if name in NAMES]

    def parse() -> tuple[str | None, tuple[BatchEntry, ...]]:
        if isinstance(raw, list):
            fields, pictures = _of_form(raw, room)
        elif zipped:
            fields = parse_fields([Part(name, value.encode(), is_file=False) for name, value in query])
            pictures = list(pictures_in(raw, room))
        else:
            fields, pictures = _of_json(raw)
        return entries_of(fields, pictures, origin, settings)

    return await to_thread.run_sync(parse)


def _of_form(parts: list[Part], room: Room) -> tuple[dict[str, Any], list[Picture]]:
    pictures: list[Picture] = []
    for part in parts:
        if part.name not in FILES or not part.content:
            continue
        if is_zip(part.content):
            pictures += pictures_in(part.content, room)
        else:
            is_file = part.is_file or not part.content.isascii()
            pictures.append(Picture(part.file_name, {"image": part.content if is_file else part.content.decode()}))
    return parse_fields([part for part in parts if part.name not in FILES]), pictures


def _of_json(body: bytearray) -> tuple[dict[str, Any], list[Picture]]:
    fields = parse_fields(body)
    if ("items" in fields) == ("images" in fields):
        raise InvalidRequest("items: exactly one of items and images must be given", field="items")
    field = "items" if "items" in fields else "images"
    given = fields.pop(field)
    if not isinstance(given, list):
        raise InvalidRequest(f"{field}: should be a list", field=field)
    if field == "images":
        return fields, [Picture("", {"image": image}) for image in given]
    return fields, [_of_item(item) for item in given]


def _of_item(item: Any) -> Picture:
    if not isinstance(item, dict):
        return Picture("", error=InvalidRequest("the item: should be an object", field=""))
    fields = {name: value for name, value in item.items() if value is not None}
    name = fields.get("name", "")
    return Picture(name if isinstance(name, str) else "", fields)
