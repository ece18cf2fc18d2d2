"""A finished picture, and text that was found."""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from text_removal.files import converted, suffix_of, write
from text_removal.regions import Region

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class Result:
    """The picture, as `content`, the bytes of a file of `media_type`, and the facts about it.

    `regions` have been erased, `area_px` pixels filled: `fitted` of the regions without the model (None: not told),
    `stroke_fallbacks` as boxes although strokes were asked for (None: strokes were not). `model` answered ("none":
    there was nothing to fill), in place of `fallback_for` if that is set. `pages` is how many the file has. `timing`
    has the seconds of each part of the work, `processing_time` those of all, the queue included.
    """

    content: bytes = field(repr=False)
    media_type: str
    regions: int
    area_px: int
    model: str
    request_id: str
    processing_time: float
    timing: Mapping[str, float]
    fallback_for: str | None = None
    fitted: int | None = None
    stroke_fallbacks: int | None = None
    pages: int = 1
    seed: int | None = None

    @property
    def image(self) -> "Image":
        """As a PIL image, decoded. Needs Pillow."""
        from PIL import Image

        image = Image.open(io.BytesIO(self.content))
        image.load()
        return image

    @property
    def suffix(self) -> str:
        """Of a file of this kind: ".png", ".jpg", ..."""
        return suffix_of(self.media_type)

    def save(self, path: str | Path) -> Path:
        """Write the file; under a name of another format it is converted, which needs Pillow. Ask for that format with
        `output_format` to have the service do it."""
        target = Path(path)
        write(target, converted(self.content, self.media_type, target.suffix))
        return target


def result_of(content: bytes, headers: Mapping[str, str]) -> Result:
    """`headers` are those of the answer, in lower case."""
    fill = re.search(r"fitted=(\d+)", headers.get("x-fill", ""))
    return Result(
        content=content,
        media_type=headers.get("content-type", "application/octet-stream").partition(";")[0],
        regions=_whole(headers.get("x-regions-count")) or 0,
        area_px=_whole(headers.get("x-total-area")) or 0,
        model=headers.get("x-model", ""),
        request_id=headers.get("x-request-id", ""),
        processing_time=float(headers.get("x-processing-time") or 0),
        timing={
            name: float(milliseconds) / 1000
            for name, milliseconds in re.findall(r"([\w-]+);dur=([\d.]+)", headers.get("server-timing", ""))
        },
        fallback_for=headers.get("x-model-fallback"),
        fitted=int(fill[1]) if fill else None,
        stroke_fallbacks=_whole(headers.get("x-stroke-fallbacks")),
        pages=_whole(headers.get("x-pages")) or 1,
        seed=_whole(headers.get("x-seed")),
    )


def _whole(text: str | None) -> int | None:
    return int(text) if text else None


@dataclass(frozen=True)
class Detection:
    """Text found in a picture of `width` and `height` pixels; the regions can be sent as they are."""

    regions: tuple[Region, ...]
    width: int
    height: int

    @classmethod
    def from_wire(cls, answer: Mapping[str, Any]) -> "Detection":
        size = answer["image_dimensions"]
        found = tuple(
            Region(tuple((x, y) for x, y in text["points"]), text["confidence"]) for text in answer["regions"]
        )
        return cls(found, size["width"], size["height"])
