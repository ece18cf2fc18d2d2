"""Regions as other tools write them, brought into the forms of this service."""

from collections.abc import Mapping
from typing import Any

from pydantic_core import PydanticCustomError

FORMS = (
    "{x, y, width, height}, {x1, y1, x2, y2}, {left, top, right, bottom}, {left, top, width, height}, "
    "{points: [[x, y], ...]}, {bounding_box: ...}, {bbox: [x, y, width, height]}, [x1, y1, x2, y2], [[x, y], ...], or "
    "a line of PaddleOCR, EasyOCR or RapidOCR: [[[x, y], ...], ...]"
)

OWN_KEYS = ("bounding_box", "points", "x1", "x")


def own_form(value: Any) -> Any:
    """A region in one of our own forms, if this is one in a form we know; a lone key that is missing is named later.

    `bbox` is COCO's: corner and size. A bare list of four numbers is two corners, as detectors give them. Of the line
    of an OCR library the polygon counts; text and score are passed over.
    """
    if isinstance(value, Mapping):
        return _of_mapping(value)
    if isinstance(value, list | tuple) and value:
        first = value[0]
        if isinstance(first, list | tuple):
            is_line = bool(first) and isinstance(first[0], list | tuple)
            return {"points": first if is_line else value}
        if len(value) == 4:
            return dict(zip(("x1", "y1", "x2", "y2"), value, strict=True))
    raise _unknown_form()


def _of_mapping(value: Mapping[str, Any]) -> Any:
    box = value.get("bounding_box")
    if isinstance(box, list | tuple):
        return _of_box(box)
    if any(value.get(key) is not None for key in OWN_KEYS):
        return value
    if isinstance(box := value.get("bbox"), list | tuple):
        return _of_box(box)
    for key in ("polygon", "box"):
        if isinstance(points := value.get(key), list | tuple):
            return own_form(points)
    for names, own in (
        (("left", "top", "right", "bottom"), ("x1", "y1", "x2", "y2")),
        (("left", "top", "width", "height"), ("x", "y", "width", "height")),
    ):
        if all(name in value for name in names):
            return {ours: value[name] for name, ours in zip(names, own, strict=True)}
    raise _unknown_form()


def _of_box(box: list[Any] | tuple[Any, ...]) -> Any:
    if len(box) == 4 and not any(isinstance(item, list | tuple) for item in box):
        return dict(zip(("x", "y", "width", "height"), box, strict=True))
    return own_form(box)


def _unknown_form() -> PydanticCustomError:
    return PydanticCustomError("region_form", "is no region this service knows; send one of {forms}", {"forms": FORMS})
