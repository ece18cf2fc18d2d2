"""A rectangle of the image that one model call fills, and how its pixels are taken."""

from dataclasses import dataclass, replace
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from models.types import Box, Image, Mask


class Scaling(StrEnum):
    """How a window reaches the size the model sees.

    `REDUCE`: ours, for windows over the size limit: averaged down with a mask of 0 and 255 only, clipped on the
    way back. `IOPAINT_RESIZE`: what IOPaint's Resize does, to the byte: cubic for image and mask, so **this mask holds
    grey values too**, and values beyond 0-255 wrap round on the way back, as they do there.
    """

    NONE = "none"
    REDUCE = "reduce"
    IOPAINT_RESIZE = "iopaint_resize"


@dataclass(frozen=True, slots=True)
class Window:
    """One model call, in pixels of the whole image.

    The model sees `box`, scaled to `height` x `width` and then padded to `padded_height` x `padded_width` by the
    replica. Of the answer, the masked pixels inside `paste` (a part of `box`) are used, but not those in `yields_to`:
    windows with a higher `index` own these. So each masked pixel has one owner, whatever order answers arrive in.
    """

    index: int
    box: Box
    paste: Box
    height: int
    width: int
    padded_height: int
    padded_width: int
    scaling: Scaling = Scaling.NONE
    yields_to: tuple[Box, ...] = ()

    @property
    def pixels(self) -> int:
        """Pixels the network runs over."""
        return self.padded_height * self.padded_width

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) the model gets before padding and must give back."""
        return self.height, self.width


def moved(window: Window, right: int, down: int) -> Window:
    """The same window, of an image that has so many more pixels at its left and top."""

    def shifted(box: Box) -> Box:
        return Box(box.left + right, box.top + down, box.right + right, box.bottom + down)

    return replace(
        window,
        box=shifted(window.box),
        paste=shifted(window.paste),
        yields_to=tuple(shifted(box) for box in window.yields_to),
    )


def cut(image: Image, mask: Mask, window: Window) -> tuple[Image, Mask]:
    """What is sent to the model: (height, width, 3) and (height, width) of the window, never written to here.

    Views of the arguments if nothing is scaled. For a `Scaling.IOPAINT_RESIZE` window the mask has grey values.
    """
    part, hole = image[window.box.slices], mask[window.box.slices]
    size = (window.width, window.height)
    if window.scaling is Scaling.NONE or part.shape[:2] == window.shape:
        return part, hole
    if window.scaling is Scaling.IOPAINT_RESIZE:
        return _resize(part, size, cv2.INTER_CUBIC), _resize(hole, size, cv2.INTER_CUBIC)
    return _resize(part, size, cv2.INTER_AREA), _shrink_mask(hole, size)


def _shrink_mask(mask: Mask, size: tuple[int, int]) -> Mask:
    """255 wherever what is to vanish contributes half a grey level or more to the shrunken image."""
    return np.where(_resize(mask, size, cv2.INTER_AREA) > 0, np.uint8(255), np.uint8(0))


def _resize(array: NDArray[np.uint8], size: tuple[int, int], how: int) -> NDArray[np.uint8]:
    resized: NDArray[np.uint8] = cv2.resize(array, size, interpolation=how)
    return resized
