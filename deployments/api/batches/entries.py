"""From pictures and what is asked of all of them to the entries of a batch."""

from typing import Any

from deployments.api.batches.names import safe_name
from deployments.api.batches.pictures import Picture
from deployments.api.errors import row_of
from deployments.api.job_builder import check_model, erase_job, validated
from deployments.api.ports import BatchEntry
from deployments.api.schema.batch_bodies import BatchBody, ItemBody
from deployments.api.schema.requests import Origin
from deployments.config.api_settings import ApiSettings
from deployments.messages.batch import MAX_ITEMS, Refusal
from models.errors import (
    ImageTooLarge,
    InvalidImage,
    InvalidMask,
    InvalidRegion,
    InvalidRequest,
    TextRemovalError,
    UnsupportedImage,
)

WHERE = {"regions", "mask", "detect"}
"""An item that has one of them of its own takes none from the others."""

OF_THE_PICTURE = {"image", "name"}
SOME_FILE = b"-"
"""Stands for the image where only what holds for all is checked."""

FIELDS = {
    InvalidImage: "image",
    UnsupportedImage: "image",
    ImageTooLarge: "image",
    InvalidRegion: "regions",
    InvalidMask: "mask",
}
"""What an error is about that does not say so itself."""


def entries_of(
    fields: dict[str, Any], pictures: list[Picture], origin: Origin, settings: ApiSettings
) -> tuple[str | None, tuple[BatchEntry, ...]]:
    """The id the client wants, and one entry for each picture.

    Raises: InvalidRequest if there are none or too many; for what is wrong with what is asked of all of them.
    """
    if not pictures or len(pictures) > MAX_ITEMS:
        raise InvalidRequest(f"the batch has {len(pictures)} pictures; 1 to {MAX_ITEMS} are taken", field="items")
    shared = {name: value for name, value in fields.items() if name not in OF_THE_PICTURE}
    common = validated(shared | {"image": SOME_FILE}, BatchBody)
    check_model(common.model, settings)
    if any(picture.error is None and not WHERE & picture.fields.keys() for picture in pictures):
        common.where()
    entries = tuple(
        _entry(safe_name(picture.name, index), picture, shared, origin, settings)
        for index, picture in enumerate(pictures)
    )
    return common.batch_id, entries


def _entry(name: str, picture: Picture, shared: dict[str, Any], origin: Origin, settings: ApiSettings) -> BatchEntry:
    if picture.error is not None:
        return BatchEntry(name, refusal=_refusal(picture.error))
    own_where = bool(WHERE & picture.fields.keys())
    inherited = {field: value for field, value in shared.items() if not (own_where and field in WHERE)}
    try:
        body = validated(inherited | picture.fields, ItemBody)
        return BatchEntry(name, erase_job(body, origin, settings), body.options)
    except TextRemovalError as error:
        return BatchEntry(name, refusal=_refusal(error))


def _refusal(error: TextRemovalError) -> Refusal:
    field = error.details.get("field", FIELDS.get(type(error), ""))
    return Refusal(row_of(type(error)).code, error.message, str(field))
