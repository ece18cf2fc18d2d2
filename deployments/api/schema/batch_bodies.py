"""The body of a batch: pictures, and what is asked of all of them."""

from typing import Annotated, Any, ClassVar, TypeAlias

from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from deployments.api.schema.bodies import BackgroundBody
from deployments.api.schema.examples import IMAGE, MASK, RECTANGLE
from deployments.api.schema.requests import Examples
from deployments.api.schema.values import TASK_ID
from deployments.messages.batch import MAX_ITEMS

MAX_BATCH_ID = 120
"""A task's id may have 128 characters, and the id of an item's task is the batch's, a dot, and a number."""


def _batch_id(value: str) -> str:
    if not TASK_ID.fullmatch(value) or len(value) > MAX_BATCH_ID:
        message = "should be 1 to {longest} of A-Z a-z 0-9 . _ - (and not only dots)"
        raise PydanticCustomError("batch_id", message, {"longest": MAX_BATCH_ID})
    return value


BatchId: TypeAlias = Annotated[
    str,
    AfterValidator(_batch_id),
    WithJsonSchema({"type": "string", "pattern": f"^[A-Za-z0-9._-]{{1,{MAX_BATCH_ID}}}$"}),
]


class ItemBody(BackgroundBody):
    """One picture of a batch. What it leaves out is as it stands beside `items`."""

    name: Annotated[str, Field(max_length=1024, description="Names its file in the results: a relative path.")] = ""


class BatchBody(ItemBody):
    """Pictures, as `items` with fields of their own or as `images`; all other fields are those of a task, and hold for
    every picture that does not say otherwise."""

    examples: ClassVar[Examples] = {
        "items": {
            "items": [{"image": IMAGE, "regions": [RECTANGLE], "name": "a/1.png"}, {"image": IMAGE}],
            "detect": True,
        },
        "one mask for all": {"images": [IMAGE, IMAGE], "mask": MASK, "output_format": "jpeg"},
        "regions for all": {"images": [IMAGE], "regions": [RECTANGLE], "mask_mode": "strokes"},
    }

    batch_id: Annotated[BatchId | None, Field(description="Names the batch; made up if left out.")] = None


def json_schema(common: dict[str, Any], item_ref: str) -> dict[str, Any]:
    """As it is sent: `common` is the schema of BatchBody, whose `image` and `name` are those of the pictures."""
    pictures = {
        "items": {
            "type": "array",
            "items": {"$ref": item_ref},
            "maxItems": MAX_ITEMS,
            "description": "One object for each picture.",
        },
        "images": {
            "type": "array",
            "items": {"type": "string", "contentEncoding": "base64"},
            "maxItems": MAX_ITEMS,
            "description": "Pictures of which nothing else is said, in place of `items`.",
        },
    }
    return _without_picture(common) | {"properties": pictures | _shared(common)}


def form_schema(common: dict[str, Any]) -> dict[str, Any]:
    """As a form has it; `common` as above, with files as a form has them."""
    files = {
        "image": {
            "type": "array",
            "items": {"type": "string", "format": "binary"},
            "description": "Once for each picture; a zip stands for all pictures in it.",
        }
    }
    return _without_picture(common) | {"required": ["image"], "properties": files | _shared(common)}


def _shared(common: dict[str, Any]) -> dict[str, Any]:
    return {name: field for name, field in common["properties"].items() if name not in ("image", "name")}


def _without_picture(common: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in common.items() if name != "required"}
