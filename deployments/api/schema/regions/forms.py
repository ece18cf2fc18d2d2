"""The ways a client may write a region, beside what `foreign.py` understands.

Extra keys (text, id, confidence, ...) are welcome and ignored.
"""

from collections.abc import Iterable
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, GetJsonSchemaHandler, Tag
from pydantic_core import CoreSchema

from deployments.api.schema.regions.foreign import FORMS, own_form
from models.errors import InvalidRequest
from models.masking.regions import corners, polygon, rectangle
from models.types import Region

MAX_REGIONS = 20_000
MAX_POINTS = 10_000

Pixels: TypeAlias = Annotated[float, Field(allow_inf_nan=False)]
Point: TypeAlias = tuple[Pixels, Pixels]


class Form(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, json_schema_extra={"additionalProperties": True})


class RectangleForm(Form):
    """Upper left corner and size."""

    x: Pixels
    y: Pixels
    width: Pixels
    height: Pixels

    def region(self) -> Region:
        return rectangle(self.x, self.y, self.width, self.height)


class CornersForm(Form):
    """Two opposite corners."""

    x1: Pixels
    y1: Pixels
    x2: Pixels
    y2: Pixels

    def region(self) -> Region:
        return corners(self.x1, self.y1, self.x2, self.y2)


class PolygonForm(Form):
    """Vertices of a polygon, [x, y] each, at least 3."""

    points: Annotated[
        tuple[tuple[Pixels, Pixels], ...], Field(max_length=MAX_POINTS, json_schema_extra={"minItems": 3})
    ]

    def region(self) -> Region:
        return polygon(self.points)


def _flat_form(value: Any) -> str:
    if isinstance(value, PolygonForm) or (isinstance(value, dict) and value.get("points") is not None):
        return "polygon"
    if isinstance(value, CornersForm) or (isinstance(value, dict) and "x1" in value):
        return "corners"
    return "rectangle"


def _form(value: Any) -> str:
    nested = isinstance(value, NestedForm) or (isinstance(value, dict) and value.get("bounding_box") is not None)
    return "nested" if nested else _flat_form(value)


class NestedForm(Form):
    """Any of the other forms under `bounding_box`."""

    bounding_box: Annotated[
        Annotated[RectangleForm, Tag("rectangle")]
        | Annotated[CornersForm, Tag("corners")]
        | Annotated[PolygonForm, Tag("polygon")],
        Discriminator(_flat_form),
    ]

    def region(self) -> Region:
        return self.bounding_box.region()


class BareCorners:
    """Annotation: tells the JSON schema of the one foreign form that is no object."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        bare = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4, "title": "x1, y1, x2, y2"}
        return {"anyOf": [*handler(schema)["oneOf"], bare], "description": f"One of {FORMS}."}


def _own_form(value: Any) -> Any:
    return value if isinstance(value, Form) else own_form(value)


RegionForm: TypeAlias = Annotated[
    Annotated[RectangleForm, Tag("rectangle")]
    | Annotated[CornersForm, Tag("corners")]
    | Annotated[PolygonForm, Tag("polygon")]
    | Annotated[NestedForm, Tag("nested")],
    Discriminator(_form),
    BeforeValidator(_own_form),
    BareCorners(),
]
"""Recognised by its keys; `bounding_box` comes first, then `points`, then `x1`."""

RegionForms: TypeAlias = Annotated[
    tuple[RegionForm, ...], Field(max_length=MAX_REGIONS, json_schema_extra={"minItems": 1})
]
"""That there is at least one is checked elsewhere: pydantic would count away those it could not read."""


def some_regions(forms: Iterable[RegionForm], field: str) -> tuple[Region, ...]:
    """Raises: InvalidRequest if there are none."""
    regions = tuple(form.region() for form in forms)
    if not regions:
        raise InvalidRequest(f"{field}: at least one region is needed", field=field)
    return regions
