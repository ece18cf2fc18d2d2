"""A contact sheet to look at: before, mask, result and the clean image, side by side."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from benchmarks.quality.scenes import Scene
from models.types import Image, Mask

_GAP_PX = 6
_MISSED, _SPARE = (220, 40, 40), (110, 110, 110)


def write_sheet(rows: Sequence[Sequence[Image]], path: Path, width_px: int = 480) -> None:
    """One row below the other, each picture `width_px` wide. The suffix chooses the format."""
    stacked = [np.concatenate([_framed(picture, width_px) for picture in row], axis=1) for row in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    quality = [cv2.IMWRITE_JPEG_QUALITY, 82] if path.suffix == ".jpg" else []
    cv2.imwrite(str(path), np.concatenate(stacked)[..., ::-1], quality)


def row(scene: Scene, mask: Mask, by_boxes: Image, by_strokes: Image) -> tuple[Image, ...]:
    """Before; mask (white: strokes, grey: spare, red: missed); filled by boxes; filled by strokes; clean."""
    true, ours = scene.strokes > 0, mask > 0
    picture = np.zeros((*true.shape, 3), np.uint8)
    picture[ours] = _SPARE
    picture[true & ours] = 255
    picture[true & ~ours] = _MISSED
    return scene.image, picture, by_boxes, by_strokes, scene.clean


def _framed(picture: Image, width_px: int) -> Image:
    height = round(picture.shape[0] * width_px / picture.shape[1])
    small = cv2.resize(picture, (width_px, height), interpolation=cv2.INTER_AREA)
    return np.pad(small, ((0, _GAP_PX), (0, _GAP_PX), (0, 0)), constant_values=255)
