"""Cuts a region out of an image as one upright line of text, and brings what was found in it back."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.lines.bent_lines import BentLine, bent_line_of
from models.masking.regions import bounding_box
from models.types import Box, Image, Mask, Region

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Line:
    """A region's rectangle, its long side laid horizontally.

    `to_image` (2, 3) takes crop coordinates (x, y, 1) to image coordinates, without scaling; the crop is `width` x
    `height` px and has `margin` px of surroundings on each side. `short` px is the rectangle's shorter side.
    """

    to_image: NDArray[np.float64]
    width: int
    height: int
    margin: float
    short: float

    def cut(self, image: Image) -> Image:
        """(height, width, 3), or without the last axis for a mask; the image's border is repeated outside it."""
        crop = cv2.warpAffine(
            image, self.to_image, (self.width, self.height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        return np.asarray(crop, np.uint8)

    def inside(self) -> Mask:
        """(height, width): 255 in the rectangle, 0 in its margins."""
        mask = np.zeros((self.height, self.width), np.uint8)
        edge = round(self.margin)
        mask[edge : self.height - edge, edge : self.width - edge] = 255
        return mask

    def back(self, plane: Floats, box: Box) -> Floats:
        """A plane of the crop's shape as seen in the image, cut to `box`; 0 outside the crop."""
        from_image = np.vstack([cv2.invertAffineTransform(self.to_image), (0, 0, 1)])
        from_box = from_image @ np.array([[1, 0, box.left], [0, 1, box.top], [0, 0, 1]], np.float64)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpAffine(plane, from_box[:2], (box.width, box.height), flags=flags), np.float32)


def line_of(region: Region, image_width: int, image_height: int, margin_ratio: float) -> Line | BentLine:
    """The line of a region, with a margin of `margin_ratio` times its shorter side.

    A rectangle keeps to whole pixels, so that cutting it copies them. A polygon round a bent band is unbent; of any
    other polygon it is the smallest turned rectangle around it, turned by at most 90° either way. Whether text stands
    on its head is not known, and does not matter.
    """
    bent = bent_line_of(region, margin_ratio)
    if bent is not None:
        return bent
    if region.rectangle:
        box = bounding_box(region, image_width, image_height)
        corners = np.array([[box.left, box.top], [box.right, box.top], [box.right, box.bottom]], np.float64)
    else:
        corners = cv2.boxPoints(cv2.minAreaRect(np.array(region.points, np.float32)))[:3].astype(np.float64)
    along, down = corners[1] - corners[0], corners[2] - corners[1]
    origin = corners[0]
    if np.linalg.norm(along) < np.linalg.norm(down):
        origin, along, down = corners[1], down, -along
    length, short = float(np.linalg.norm(along)), max(1.0, float(np.linalg.norm(down)))
    x, y = along / max(length, 1e-9), down / max(float(np.linalg.norm(down)), 1e-9)
    margin = max(1, round(short * margin_ratio))
    # Pixel (i, j) of the crop has its centre at (i + 0.5, j + 0.5).
    offset = origin - margin * (x + y) + 0.5 * (x + y) - 0.5
    width, height = max(1, round(length)) + 2 * margin, max(1, round(short)) + 2 * margin
    return Line(np.column_stack([x, y, offset]), width, height, margin, short)
