"""Requests that really work: a test sends each of them. The image is 48x32 and says "Text"."""

from typing import Any

from deployments.api.schema.requests import Body, DetectBody, InpaintBody, RegionsBody, RemoveTextBody, TaskBody

IMAGE = (
    "iVBORw0KGgoAAAANSUhEUgAAADAAAAAgCAAAAABxv6TAAAAAm0lEQVR42mM8wUAaYGIY1TAkNbDAGEfWMlzWZQiwR0gtj8SmgREpafhuRpFC46LbAAGf"
    "J7/7nalR52bTq/f0e2k3YQ0zAzVfVc/OrRZ97cqwtpsIG04/ZWD48U/UtWYSQU9DwN9Otv+XmRi+M38nMlh1jjCcXMbw5GzbpP8M//8ToSFrV8HqfIa+"
    "NCWFbQy61YSCdTS1jmoY3BoAa9EvdZiu3AgAAAAASUVORK5CYII="
)
MASK = (
    "iVBORw0KGgoAAAANSUhEUgAAADAAAAAgAQAAAAB8r8axAAAAGUlEQVR42mNgIBMw/////wEDE4RDQ4pCAACLRgP9zPQblwAAAABJRU5ErkJggg=="
)
RECTANGLE = {"x": 6, "y": 8, "width": 28.5, "height": 14}
CORNERS = {"x1": 6, "y1": 8, "x2": 34, "y2": 22}
POLYGON = {"points": [[6, 8], [34, 9], [34, 22], [6, 21]]}

EXAMPLES: dict[type[Body], dict[str, dict[str, Any]]] = {
    InpaintBody: {"mask": {"image": IMAGE, "mask": MASK}},
    RegionsBody: {
        "rectangle": {"image": f"data:image/png;base64,{IMAGE}", "regions": [RECTANGLE]},
        "corners": {"image": IMAGE, "regions": [CORNERS], "hd_strategy": "Original"},
        "polygon": {"image": IMAGE, "regions": [POLYGON], "output_format": "webp", "output_quality": 90},
        "bounding box": {"image": IMAGE, "regions": [{"text": "Text", "bounding_box": RECTANGLE}]},
        "glyphs only": {"image": IMAGE, "regions": [RECTANGLE], "mask_mode": "strokes", "verify": True},
        "by the model": {"image": IMAGE, "regions": [RECTANGLE], "fill": "model", "dilation": 1, "result": "layer"},
    },
    DetectBody: {"image": {"image": IMAGE, "min_confidence": 0.6}},
    RemoveTextBody: {"image": {"image": IMAGE}, "grown": {"image": IMAGE, "dilation": 2, "mask_mode": "box"}},
    TaskBody: {
        "regions": {"image": IMAGE, "regions": [RECTANGLE], "progress_interval": 0.5},
        "mask": {"image": IMAGE, "mask": MASK, "enable_progress": False},
        "detected": {"image": IMAGE, "detect": True, "callback_url": "https://client.example.org/done"},
    },
}
