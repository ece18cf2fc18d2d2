"""The stroke network: what it sees, and how it runs. Trained by training/; card: stroke_weights/MODEL_CARD.md."""

from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.types import Image, Mask

LINE_HEIGHT_PX = 48
"""A region is scaled so that its short side has this many pixels."""

MARGIN_PX = 8
"""Rows and columns of surroundings on each side, in scaled pixels."""

MULTIPLE = 16
CHANNELS = 7
_BACKGROUND_BLUR_PX = 25
_WEIGHTS = Path(__file__).parent / "stroke_weights" / "strokes.onnx"

Floats = NDArray[np.float32]


def features(line: Image, inside: Mask) -> Floats:
    """(7, h, w) input of the network for one line crop (h, w, 3) with its margins; `inside` marks the region.

    Channels: RGB in -1..1; RGB minus a background guessed from the margins above and below, in units of the crop's own
    contrast (95th percentile); 1 inside the region, else 0.
    """
    rgb = line.astype(np.float32) / 255
    top = cv2.blur(rgb[:MARGIN_PX].mean(axis=0, keepdims=True), (_BACKGROUND_BLUR_PX, 1))
    bottom = cv2.blur(rgb[-MARGIN_PX:].mean(axis=0, keepdims=True), (_BACKGROUND_BLUR_PX, 1))
    down = np.linspace(0, 1, line.shape[0], dtype=np.float32)[:, None, None]
    difference = rgb - (top * (1 - down) + bottom * down)
    contrast = max(float(np.percentile(np.abs(difference), 95)), 0.06)
    planes = np.concatenate([rgb * 2 - 1, np.clip(difference / contrast, -2, 2)], axis=2).transpose(2, 0, 1)
    return np.concatenate([planes, (inside > 0)[None].astype(np.float32)])


@cache
def _session() -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # Lines are small: several in parallel take less than one in several threads, which spin while they wait.
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(_WEIGHTS), options, providers=["CPUExecutionProvider"])


def likeness(line: Floats) -> Floats:
    """How likely each pixel is part of a stroke, 0-1, (h, w), from `features` (7, h, w); h and w multiples of 16.

    In the thread of the caller; several may call it at once. The weights are read on the first call.
    """
    return np.asarray(_session().run(None, {"lines": line[None]})[0][0], np.float32)
