"""IOPaint's own strategies as windows: same crops, same order, same arithmetic (iopaint/model/base.py, 1.6.0)."""

import cv2

from models.base import ModelFacts
from models.errors import InvalidRequest
from models.planning.overlaps import later_overlaps, without_hidden
from models.planning.padding import padded_shape
from models.planning.window import Scaling, Window
from models.types import Box, HDStrategy, InpaintParameters, Mask

MOST_CROPS = 2000
"""IOPaint runs one crop for each contour, however many there are; the time to compare them grows with their square."""


def plan_as_iopaint(
    mask: Mask, facts: ModelFacts, parameters: InpaintParameters, forward_bytes: int
) -> tuple[Window, ...]:
    """The windows IOPaint would run for Original, Crop or Resize; none for an empty mask.

    Raises: InvalidRequest if a forward would take more memory than `forward_bytes`, or for over MOST_CROPS crops.

    Models that crop by themselves and diffusion models get the whole image, because IOPaint ignores the strategy for
    them. One difference: IOPaint's diffusion models blur the mask and so change pixels around it; we never do.
    """
    if not mask.any():
        return ()
    windows = _windows(mask, facts, parameters)
    largest = max(windows, key=lambda window: window.pixels)
    needed = largest.pixels * facts.pixel_bytes
    if needed > forward_bytes:
        raise InvalidRequest(
            f"hd_strategy: {parameters.hd_strategy} runs {facts.name} over {largest.padded_width}x"
            f"{largest.padded_height} pixels at once, which takes {needed / 2**30:.1f} GiB of the "
            f"{forward_bytes / 2**30:.1f} that MAX_IMAGE_SIZE allows; Auto needs less",
            field="hd_strategy",
        )
    return windows


def _windows(mask: Mask, facts: ModelFacts, parameters: InpaintParameters) -> tuple[Window, ...]:
    height, width = mask.shape
    # max(image.shape) counts the 3 channels too.
    longest = max(height, width, 3)
    if not (facts.own_crop_px or facts.diffusion):
        if parameters.hd_strategy is HDStrategy.CROP and longest > parameters.hd_strategy_crop_trigger_size:
            return _crops(mask, facts, parameters.hd_strategy_crop_margin)
        if parameters.hd_strategy is HDStrategy.RESIZE and longest > parameters.hd_strategy_resize_limit:
            shape = _at_most(height, width, parameters.hd_strategy_resize_limit)
            return (whole_image(height, width, facts, shape, Scaling.IOPAINT_RESIZE),)
    return (whole_image(height, width, facts),)


def whole_image(
    height: int,
    width: int,
    facts: ModelFacts,
    shape: tuple[int, int] | None = None,
    scaling: Scaling = Scaling.NONE,
) -> Window:
    """One window over everything, seen by the model at `shape` (height, width)."""
    everything = Box(0, 0, width, height)
    tall, wide = shape or (height, width)
    return Window(0, everything, everything, tall, wide, *padded_shape(tall, wide, facts), scaling)


def _at_most(height: int, width: int, limit: int) -> tuple[int, int]:
    """helper.resize_max_size; a side never vanishes (there, cv2 raises)."""
    if max(height, width) <= limit:
        return height, width
    ratio = limit / max(height, width)
    return max(1, int(height * ratio + 0.5)), max(1, int(width * ratio + 0.5))


def _crops(mask: Mask, facts: ModelFacts, margin: int) -> tuple[Window, ...]:
    """One window for each outer contour, in the order cv2 finds them. Where crops overlap, the last one wins."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if len(contours) > MOST_CROPS:
        raise InvalidRequest(
            f"hd_strategy: the mask has {len(contours)} separate areas, and Crop runs the model for each; at most "
            f"{MOST_CROPS} are possible. Auto joins them",
            field="hd_strategy",
        )
    height, width = mask.shape
    crops = without_hidden([_crop(cv2.boundingRect(contour), margin, height, width) for contour in contours])
    return tuple(
        Window(
            index, crop, crop, crop.height, crop.width, *padded_shape(crop.height, crop.width, facts), yields_to=later
        )
        for index, (crop, later) in enumerate(zip(crops, later_overlaps(crops), strict=True))
    )


def _crop(rectangle: tuple[int, int, int, int], margin: int, height: int, width: int) -> Box:
    """InpaintModel._crop_box for the box of one contour.

    An odd box loses a pixel to the integer halves there, so with a margin of 0 its last column or row is not filled,
    as in IOPaint. Where nothing at all would be left (IOPaint raises), the box itself is taken.
    """
    x, y, box_width, box_height = rectangle
    left, right = _span(x, box_width, margin, width)
    top, bottom = _span(y, box_height, margin, height)
    if left >= right or top >= bottom:
        return Box(x, y, x + box_width, y + box_height)
    return Box(left, top, right, bottom)


def _span(start: int, length: int, margin: int, limit: int) -> tuple[int, int]:
    """One axis of a crop: what is missing at one edge of the image is taken at the other side."""
    centre, half = (2 * start + length) // 2, (length + 2 * margin) // 2
    low, high = centre - half, centre + half
    return max(max(low, 0) - max(high - limit, 0), 0), min(min(high, limit) + max(-low, 0), limit)
