"""The embedded eraser answers for every hole."""

import numpy as np

from models import registry
from models.types import InpaintParameters


def test_every_hole_is_filled_and_nothing_else_changes() -> None:
    # Given: read-only windows of noise, one with a hole, one all hole, one without any
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (3, 60, 90, 3), np.uint8)
    masks = np.zeros((3, 60, 90), np.uint8)
    masks[0, 20:30, 20:70] = 255
    masks[1] = 255
    images.flags.writeable = masks.flags.writeable = False

    filled = registry.load("mend", "cpu", threads=1).inpaint(images, masks, InpaintParameters())

    np.testing.assert_array_equal(filled[masks == 0], images[masks == 0])
    inside = filled[0][masks[0] > 0].astype(float)
    assert 90 < inside.mean() < 165
    assert inside.std() < 60


def test_a_window_is_filled_alike_alone_and_in_a_batch() -> None:
    rng = np.random.default_rng(1)
    images = np.clip(rng.normal(120, 3, (2, 64, 64, 3)), 0, 255).astype(np.uint8)
    masks = np.zeros((2, 64, 64), np.uint8)
    masks[:, 20:40, 10:50] = 255
    model = registry.load("mend", "cpu", threads=1)

    together = model.inpaint(images, masks, InpaintParameters())

    for one in range(2):
        alone = model.inpaint(images[one : one + 1], masks[one : one + 1], InpaintParameters())
        np.testing.assert_array_equal(together[one], alone[0])
