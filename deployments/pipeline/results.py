"""The file a job asks for, of what was filled; and how much of it a model had to fill."""

from dataclasses import dataclass

import numpy as np

from deployments.messages.jobs import EraseJob, OutputFormat, ResultKind
from deployments.pipeline.filler import Filling
from deployments.pipeline.masking import Masked
from models.codec import images
from models.codec.transparency import Shown, taken_off
from models.masking import masks
from models.masking.regions import bounding_box
from models.types import Image, Mask

DEFAULT_QUALITY = 95

NO_MODEL = "none"
"""In place of a model's name where there was no text to remove, so that none ran."""


def rendered(decoded: images.DecodedImage, filled: Image, mask: Mask, job: EraseJob) -> tuple[str, bytes]:
    """Media type and file. `filled` is the picture with what `mask` marks filled.

    Raises: InvalidRequest if the format cannot hold a picture of this size.
    """
    if job.result is ResultKind.MASK:
        return OutputFormat.PNG.media_type, images.encode_mask(mask)
    if job.result is ResultKind.LAYER:
        return OutputFormat.PNG.media_type, images.encode_layer(decoded, filled, mask)
    coding = decoded.coding if job.like_input and job.output_quality is None else None
    quality = job.output_quality or DEFAULT_QUALITY
    file = images.encode(decoded, filled, mask, format=job.output_format, quality=quality, coding=coding)
    return job.output_format.media_type, file


def untouched(decoded: images.DecodedImage, job: EraseJob) -> tuple[str, bytes]:
    """As `rendered` where there was nothing to remove; the image is the client's own file if that has the format asked
    for and holds no other picture."""
    own = decoded.format.lower() == job.output_format and decoded.pages == 1
    if job.result is ResultKind.IMAGE and own:
        return job.output_format.media_type, job.image
    return rendered(decoded, decoded.rgb, np.zeros(decoded.rgb.shape[:2], np.uint8), job)


@dataclass(frozen=True, slots=True)
class Finished:
    """The file, how many pixels were filled, how many regions (or separate areas of a mask) they are, and how many of
    these were fitted without the model, wholly."""

    media_type: str
    file: bytes
    area_px: int
    areas: int
    fitted: int


def finished(job: EraseJob, decoded: images.DecodedImage, view: Shown, masked: Masked, filling: Filling) -> Finished:
    """`filling` is that of `view.image`."""
    changed = masked.mask if filling.changed is None else masks.union([masked.mask, filling.changed])
    decoded, rgb = taken_off(decoded, view, filling.image, changed)
    media_type, file = rendered(decoded, rgb, changed, job)
    areas = len(masked.regions) or masks.count_areas(masked.mask)
    return Finished(media_type, file, masks.masked_area(masked.mask), areas, areas - _count_left(masked, filling.left))


def _count_left(masked: Masked, left: Mask) -> int:
    if not left.any():
        return 0
    if not masked.regions:
        return masks.count_areas_touching(masked.mask, left)
    height, width = left.shape
    return sum(bool(left[bounding_box(region, width, height).slices].any()) for region in masked.regions)
