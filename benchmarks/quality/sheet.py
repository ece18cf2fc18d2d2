"""A contact sheet to look at: before, mask, result and the clean image, side by side."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from benchmarks.quality.report import Measured
from models.types import Image

_GAP_PX = 6
_MISSED, _SPARE = (220, 40, 40), (110, 110, 110)


def write_sheet(measured: Sequence[Measured], path: Path, width_px: int = 480) -> None:
    """One row a scene, each picture `width_px` wide: before; mask (white: strokes, grey: spare, red: missed);
    filled by boxes; filled by strokes; clean. The suffix chooses the format."""
    rows = []
    for one in measured:
        done = one.outcomes["strokes, verified"]
        pictures = (one.scene.image, _mask(one), one.outcomes["boxes"].result, done.result, one.scene.clean)
        rows.append(np.concatenate([_framed(picture, width_px) for picture in pictures], axis=1))
    path.parent.mkdir(parents=True, exist_ok=True)
    quality = [cv2.IMWRITE_JPEG_QUALITY, 82] if path.suffix == ".jpg" else []
    cv2.imwrite(str(path), np.concatenate(rows)[..., ::-1], quality)


def _mask(one: Measured) -> Image:
    true, ours = one.scene.strokes > 0, one.outcomes["strokes, verified"].mask > 0
    picture = np.zeros((*true.shape, 3), np.uint8)
    picture[ours] = _SPARE
    picture[true & ours] = 255
    picture[true & ~ours] = _MISSED
    return picture


def _framed(picture: Image, width_px: int) -> Image:
    height = round(picture.shape[0] * width_px / picture.shape[1])
    small = cv2.resize(picture, (width_px, height), interpolation=cv2.INTER_AREA)
    return np.pad(small, ((0, _GAP_PX), (0, _GAP_PX), (0, 0)), constant_values=255)
