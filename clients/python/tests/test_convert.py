"""Regions of other tools, as those give them."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from deployments.api.schema.bodies import RegionsBody
from deployments.api.schema.examples import IMAGE
from text_removal import Region, from_coco, from_easyocr, from_labelme, from_paddleocr, from_rapidocr
from text_removal.regions import regions_json

QUAD = [[1.0, 2.0], [9.0, 2.0], [9.0, 6.0], [1.0, 6.0]]
POINTS = ((1.0, 2.0), (9.0, 2.0), (9.0, 6.0), (1.0, 6.0))
SURE, UNSURE = Region(POINTS, 0.9, "TEXT"), Region(POINTS, 0.2, "T?")
TWO = {
    "dt_polys": [np.array(QUAD)],
    "rec_polys": [np.array(QUAD, np.int16), np.array(QUAD, np.int16)],
    "rec_texts": ["TEXT", "T?"],
    "rec_scores": [0.9, 0.2],
}


@pytest.mark.parametrize(
    "result",
    [
        [[[QUAD, ("TEXT", 0.9)], [QUAD, ("T?", 0.2)]]],
        [[QUAD, ("TEXT", 0.9)], [QUAD, ("T?", 0.2)]],
        [TWO],
        TWO,
        {"res": TWO},
    ],
    ids=["2: pages", "2: one page", "3: results", "3: one result", "3: its JSON"],
)
def test_paddleocrs_results_are_read(result: Any) -> None:
    assert from_paddleocr(result) == [SURE, UNSURE]
    assert from_paddleocr(result, min_confidence=0.5) == [SURE]


def test_paddleocrs_way_of_saying_nothing_is_read() -> None:
    assert from_paddleocr([None]) == from_paddleocr(None) == from_paddleocr([]) == from_paddleocr([[]]) == []
    assert from_paddleocr([{"dt_polys": np.zeros((0, 4, 2))}]) == []


def test_paddleocrs_detector_alone_is_read() -> None:
    assert from_paddleocr([{"dt_polys": np.array([QUAD]), "dt_scores": [0.9]}]) == [Region(POINTS)]


def test_easyocrs_results_are_read() -> None:
    assert from_easyocr([(QUAD, "TEXT", np.float64(0.9)), (QUAD, "T?", 0.2)], min_confidence=0.5) == [SURE]
    assert from_easyocr([[QUAD, "TEXT"]]) == [Region(POINTS, None, "TEXT")], "a paragraph has no score"
    assert from_easyocr([{"boxes": QUAD, "text": "TEXT", "confident": 0.9}]) == [SURE]


def test_rapidocrs_results_are_read() -> None:
    output = SimpleNamespace(boxes=np.array([QUAD, QUAD]), txts=("TEXT", "T?"), scores=[0.9, 0.2])
    nothing = SimpleNamespace(boxes=None, txts=None, scores=None)

    assert from_rapidocr(output) == [SURE, UNSURE]
    assert from_rapidocr(nothing) == from_rapidocr((None, None)) == []
    assert from_rapidocr(([[QUAD, "TEXT", 0.9]], [0.1, 0.2])) == [SURE]


LABELME = {
    "shapes": [
        {"label": "text", "shape_type": "polygon", "points": QUAD},
        {"label": "logo", "shape_type": "rectangle", "points": [[9, 6], [1, 2]]},
        {"label": "text", "shape_type": "point", "points": [[5, 5]]},
    ]
}


def test_labelmes_files_are_read(tmp_path: Path) -> None:
    path = tmp_path / "picture.json"
    path.write_text(json.dumps(LABELME))

    text, logo = from_labelme(path)

    assert text == Region(POINTS, text="text")
    assert (logo.x, logo.y, logo.width, logo.height) == (1, 2, 8, 4)
    assert from_labelme(LABELME, labels=["logo"]) == [logo]


COCO = {
    "images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"}],
    "categories": [{"id": 7, "name": "text"}, {"id": 8, "name": "logo"}],
    "annotations": [
        {"image_id": 1, "category_id": 7, "bbox": [1, 2, 8, 4], "segmentation": [[1, 2, 9, 2, 9, 6, 1, 6]]},
        {"image_id": 1, "category_id": 8, "bbox": [1, 2, 8, 4], "segmentation": {"counts": "", "size": [9, 9]}},
        {"image_id": 2, "category_id": 7, "bbox": [0, 0, 5, 5]},
    ],
}


def test_cocos_files_are_read() -> None:
    polygon, box = from_coco(COCO, "a.jpg")

    assert polygon == Region(POINTS, text="text")
    assert box == Region(POINTS, text="logo")
    assert from_coco(COCO, 1, categories=["logo"]) == from_coco(COCO, 1, categories=[8]) == [box]
    assert from_coco(COCO, "b.jpg") == [Region.of_box(0, 0, 5, 5, text="text")]
    with pytest.raises(KeyError, match=r"c\.jpg"):
        from_coco(COCO, "c.jpg")


def test_the_service_reads_what_comes_of_it() -> None:
    regions = json.loads(regions_json([SURE, {"x": 1, "y": 2, "width": np.float32(3), "height": 4}, np.array(QUAD)]))

    body = RegionsBody.model_validate({"image": IMAGE, "regions": regions})

    assert [region.points for region in body.where().regions][::2] == [POINTS, POINTS]
    with pytest.raises(TypeError, match="no region"):
        regions_json([object()])
