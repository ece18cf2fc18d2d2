"""The detector replica in process, with its real weights."""

import time

import numpy as np
import pytest
from numpy.typing import NDArray

from deployments.config.settings import AppConfig, Environment, ModelConfig, resolve
from deployments.errors import DeadlineExceeded
from deployments.inference.text_detector import TextDetector
from models.masking.regions import rectangle
from models.types import Image
from tests.pictures import photo


@pytest.fixture(scope="module")
def replica() -> TextDetector:
    return TextDetector(ModelConfig(name="detector"), resolve(AppConfig(), Environment.read()))


async def test_a_deadline_that_has_passed_ends_the_look_before_it_begins(replica: TextDetector) -> None:
    with pytest.raises(DeadlineExceeded):
        await replica.detect(photo(), 0.6, time.time() - 1)
    with pytest.raises(DeadlineExceeded):
        await replica.readable(photo(), (rectangle(10, 10, 50, 20),), time.time() - 1)


async def test_a_deadline_ends_the_look_between_two_tiles(replica: TextDetector) -> None:
    # Given: an image of nine tiles at the first look, each of which takes 200 ms
    large = np.tile(photo(600, 500), (10, 10, 1))
    forwards = 0
    real = replica._detector._forward

    def counted(tile: Image) -> NDArray[np.float32]:
        nonlocal forwards
        forwards += 1
        time.sleep(0.2)
        return np.zeros(tile.shape[:2], np.float32)

    replica._detector._forward = counted  # type: ignore[method-assign]
    try:
        # When / Then
        with pytest.raises(DeadlineExceeded):
            await replica.detect(large, 0.6, time.time() + 0.5)
        assert 1 <= forwards <= 4
    finally:
        replica._detector._forward = real  # type: ignore[method-assign]
