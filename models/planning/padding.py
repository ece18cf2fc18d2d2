"""Bringing a window to a size the model takes, by mirroring its right and bottom edge: IOPaint's pad_img_to_modulo."""

import numpy as np
from numpy.typing import NDArray

from models.base import ModelFacts


def ceil_to(length: int, multiple: int) -> int:
    """The smallest multiple of `multiple` that is not below `length`."""
    return -(-length // multiple) * multiple


def padded_shape(height: int, width: int, facts: ModelFacts) -> tuple[int, int]:
    """(height, width) of what the model runs on for a window of that many pixels."""
    tall = max(ceil_to(height, facts.pad_multiple), facts.min_size)
    wide = max(ceil_to(width, facts.pad_multiple), facts.min_size)
    if facts.pad_to_square:
        return max(tall, wide), max(tall, wide)
    return tall, wide


def pad(array: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """`array` (h, w) or (h, w, channels), continued to (height, width) by its mirror image, edge pixel included.

    The mirror repeats as often as needed, so a 1x1 array can be padded to any size. Returns `array` itself if it
    already has the size. Raises ValueError if it is larger, or empty.
    """
    below, right = height - array.shape[0], width - array.shape[1]
    if below == 0 and right == 0:
        return array
    widths = [(0, below), (0, right)] + [(0, 0)] * (array.ndim - 2)
    return np.pad(array, widths, mode="symmetric")


def unpad(array: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """The top left (height, width) of a padded array, as a view."""
    return array[:height, :width]
