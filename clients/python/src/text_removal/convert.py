"""Regions as OCR engines and annotation tools give them. None of those is needed here: only what they return."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from text_removal.regions import Point, Region

Document: TypeAlias = Mapping[str, Any] | str | os.PathLike[str]
"""A JSON document, or the path of one."""


def from_paddleocr(result: Any, *, min_confidence: float = 0.0) -> list[Region]:
    """Of one picture: what PaddleOCR 3's `predict` gives (its list, or one of its results), or 2's `ocr`."""
    if result is None:
        return []
    if not isinstance(result, Mapping):
        if len(result) == 1 and (result[0] is None or isinstance(result[0], Mapping) or _is_page(result[0])):
            return from_paddleocr(result[0], min_confidence=min_confidence)
        return _kept((_region(line[0], *_text_and_score(line[1:])) for line in result), min_confidence)
    found = result.get("res", result)
    polygons = found.get("rec_polys") if found.get("rec_polys") is not None else found.get("dt_polys")
    texts, scores = found.get("rec_texts"), found.get("rec_scores")
    return _kept(_zipped(polygons, texts, scores), min_confidence)


def from_easyocr(result: Sequence[Any], *, min_confidence: float = 0.0) -> list[Region]:
    """What EasyOCR's `readtext` gives: tuples, also of paragraphs or without detail of text, or dicts."""
    lines = (
        (line["boxes"], line.get("text"), line.get("confident")) if isinstance(line, Mapping) else line
        for line in result
    )
    return _kept((_region(line[0], *_text_and_score(line[1:])) for line in lines), min_confidence)


def from_rapidocr(result: Any, *, min_confidence: float = 0.0) -> list[Region]:
    """What RapidOCR gives: 3's output, or the (lines, seconds) of those before."""
    if hasattr(result, "boxes"):
        return _kept(_zipped(result.boxes, result.txts, result.scores), min_confidence)
    lines = result[0] if isinstance(result, tuple) else result
    return from_easyocr(lines or [], min_confidence=min_confidence)


def from_labelme(document: Document, *, labels: Iterable[str] | None = None) -> list[Region]:
    """The polygons and rectangles of a labelme file; of these `labels` only, if given."""
    wanted = None if labels is None else set(labels)
    regions = []
    for shape in _read(document)["shapes"]:
        if wanted is not None and shape["label"] not in wanted:
            continue
        points = [(float(x), float(y)) for x, y in shape["points"]]
        if shape.get("shape_type", "polygon") == "rectangle":
            (x1, y1), (x2, y2) = points[0], points[1] if len(points) == 2 else points[2]
            points = [(x1, y1), (x2, y1), (x2, y2), (x1, y2)]
        elif shape.get("shape_type", "polygon") != "polygon" or len(points) < 3:
            continue
        regions.append(Region(tuple(points), text=shape["label"]))
    return regions


def from_coco(document: Document, image: int | str, *, categories: Iterable[str | int] | None = None) -> list[Region]:
    """The annotations of one `image` (its id or file name) of a COCO file: their polygons, else their boxes; of these
    `categories` (ids or names) only, if given. Raises: KeyError for an image that is not in it."""
    data = _read(document)
    images = [item["id"] for item in data["images"] if image in (item["id"], item["file_name"])]
    if not images:
        raise KeyError(f"no image {image!r} in the COCO file")
    names = {item["id"]: item["name"] for item in data.get("categories", ())}
    wanted = None if categories is None else set(categories)
    regions = []
    for annotation in data["annotations"]:
        category = annotation.get("category_id")
        if annotation["image_id"] != images[0]:
            continue
        if wanted is not None and not wanted & {category, names.get(category)}:
            continue
        polygons = annotation.get("segmentation")
        if isinstance(polygons, list) and polygons:  # run lengths are a dict: their box it is
            regions += [
                Region(tuple(zip(map(float, flat[::2]), map(float, flat[1::2]), strict=True)), text=names.get(category))
                for flat in polygons
            ]
        else:
            regions.append(Region.of_box(*map(float, annotation["bbox"]), text=names.get(category)))
    return regions


def _read(document: Document) -> Any:
    return document if isinstance(document, Mapping) else json.loads(Path(document).read_text("utf-8"))


def _is_page(value: Any) -> bool:
    """A list of lines, of which each begins with points; and no line, which begins with a point."""
    try:
        return len(value) == 0 or len(value[0][0][0]) == 2
    except TypeError:
        return False


def _zipped(polygons: Any, texts: Any, scores: Any) -> Iterable[Region]:
    for i, points in enumerate(() if polygons is None else polygons):
        yield _region(points, None if texts is None else texts[i], None if scores is None else scores[i])


def _text_and_score(rest: Sequence[Any]) -> tuple[Any, Any]:
    """`("text", 0.9)`, `(("text", 0.9),)`, `("text",)`, `()`."""
    if len(rest) == 1 and isinstance(rest[0], list | tuple):
        rest = rest[0]
    text, score, *_ = (*rest, None, None)
    return text, score


def _region(points: Any, text: Any, score: Any) -> Region:
    corners: list[Point] = [(float(x), float(y)) for x, y in points]
    return Region(tuple(corners), None if score is None else float(score), None if text is None else str(text))


def _kept(regions: Iterable[Region], min_confidence: float) -> list[Region]:
    return [region for region in regions if region.confidence is None or region.confidence >= min_confidence]
