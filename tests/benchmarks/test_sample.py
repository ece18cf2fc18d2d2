"""The README's picture is what the service makes of the one beside it."""

import asyncio
import io
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow

from benchmarks.quality.sample import erased
from models.detection import detector

IMAGES = Path(__file__).parents[2] / "docs" / "images"


def pixels(file: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.asarray(Pillow.open(io.BytesIO(file)).convert("RGB"))


def test_the_readme_shows_what_the_pipeline_does_and_no_text_is_left_in_it() -> None:
    # Given
    published = pixels((IMAGES / "sample-erased.jpg").read_bytes())

    # When
    answer = asyncio.run(erased((IMAGES / "sample.jpg").read_bytes()))

    # Then: other processors round otherwise, so a few levels of difference are none.
    apart = np.abs(pixels(answer.image).astype(np.float32) - published)
    assert answer.info.regions_count == 3
    assert answer.info.stroke_fallbacks == 0
    assert cv2.blur(apart, (16, 16)).max() < 5, "stale: run `make pictures`"
    assert detector.load("cpu", threads=1).detect(published) == ()
