"""Host memory that windows pass through on their way to a device and back."""

import numpy as np
import torch
from torch import Tensor

from models.types import Images, Masks

Shape = tuple[int, int, int]
"""Count, height and width of the windows of one batch."""

BYTES_PER_PIXEL = 4
"""RGB and the mask."""


class Staging:
    """Memory kept from call to call: pinned, it is copied from and to without the host's help, but to pin takes long.

    What `room` returned before is overwritten by the next user: nobody may copy from or to it any more by then.
    """

    def __init__(self, *, pinned: bool) -> None:
        self._pinned = pinned
        self._memory = torch.empty(0, dtype=torch.uint8)

    def room(self, size: int) -> Tensor:
        """`size` bytes, one-dimensional uint8, with whatever is in them."""
        if size > self._memory.numel():
            self._memory = torch.empty(0, dtype=torch.uint8)  # the old must go before the new comes
            self._memory = torch.empty(1 << (size - 1).bit_length(), dtype=torch.uint8, pin_memory=self._pinned)
        return self._memory[:size]


def packed_size(shape: Shape) -> int:
    count, height, width = shape
    return count * height * width * BYTES_PER_PIXEL


def pack(images: Images, masks: Masks, into: Tensor) -> Tensor:
    """Copies all images, then all masks, into `into` (packed_size bytes on the host), so that one copy moves both."""
    pixels, holes = split(into, (masks.shape[0], masks.shape[1], masks.shape[2]))
    np.copyto(pixels.numpy(), images)
    np.copyto(holes.numpy(), masks)
    return into


def split(packed: Tensor, shape: Shape) -> tuple[Tensor, Tensor]:
    """Images (n, h, w, 3) and masks (n, h, w) as views of what `pack` made, wherever it lies now."""
    count, height, width = shape
    pixels = count * height * width
    return packed[: 3 * pixels].view(count, height, width, 3), packed[3 * pixels :].view(count, height, width)
