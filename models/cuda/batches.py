"""Few batch sizes instead of many: each is a shape that has to be planned, tuned and recorded."""

import numpy as np
from numpy.typing import NDArray

COUNTS = (1, 2, 4, 8, 16, 32)


def rounded_up(count: int) -> int:
    """The next of COUNTS; `count` itself if it is above them all."""
    return next((size for size in COUNTS if size >= count), count)


def repeat_last(array: NDArray[np.uint8], count: int) -> NDArray[np.uint8]:
    """`array` continued along its first axis to `count` items by its last; itself if it has them."""
    missing = count - len(array)
    return array if missing == 0 else np.concatenate([array, np.repeat(array[-1:], missing, axis=0)])
