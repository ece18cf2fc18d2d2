"""Where to fill: from what the client said (or did not say) to one mask."""

from dataclasses import dataclass, replace
from functools import partial

from deployments.messages.jobs import Detection, EraseJob
from deployments.messages.ports import TextFinder
from deployments.pipeline.stopwatch import Stopwatch
from deployments.threads import in_thread
from models.codec.images import decode_mask
from models.errors import InvalidRequest
from models.masking import bounds, masks, regions
from models.types import Box, Image, Mask, MaskMode, Region


@dataclass(frozen=True, slots=True)
class Masked:
    """`mask` is what to fill; `regions` where text is (empty if the client sent a mask). `stroke_fallbacks` counts
    regions filled as boxes although strokes were asked for; None if they were not."""

    mask: Mask
    regions: tuple[Region, ...]
    stroke_fallbacks: int | None

    def boxes(self) -> list[Box]:
        """Around the regions, in pixels of the image."""
        height, width = self.mask.shape
        return [regions.bounding_box(region, width, height) for region in self.regions]


async def make_mask(job: EraseJob, image: Image, text: TextFinder | None, watch: Stopwatch) -> Masked | None:
    """None: there is nothing to remove, because the detector found no text or all regions were left out.
    `job.dilation_px` is in the mask.

    Raises: InvalidMask, InvalidRegion, InvalidRequest.
    """
    if job.mask is not None:
        with watch.measure("mask"):
            return await in_thread(partial(_given_mask, job, job.mask, image), deadline=job.deadline)
    where = job.regions
    if job.detect:
        if text is None:
            raise InvalidRequest("this service runs without a text detector; send regions or a mask", field="detect")
        with watch.measure("detect"):
            found = await text.detect(image, job.min_confidence, job.deadline)
            where = found_regions(allowed_texts(found, job.within, job.keep))
        if not where:
            return None
    if not where:
        return None
    with watch.measure("mask"):
        return await in_thread(partial(_mask_regions, image, where, job), deadline=job.deadline)


def _given_mask(job: EraseJob, file: bytes, image: Image) -> Masked:
    mask = decode_mask(file, image, allow_full=job.allow_full_mask)
    return _masked(mask, (), None, job)


def _mask_regions(image: Image, where: tuple[Region, ...], job: EraseJob) -> Masked:
    height, width = image.shape[:2]
    regions.validate(where, width, height)
    if job.mask_mode is MaskMode.STROKES:
        from models.masking.strokes import stroke_mask

        strokes = stroke_mask(image, where)
        return _masked(strokes.mask, where, strokes.fallbacks, job)
    return _masked(masks.rasterise(where, width, height), where, None, job)


def _masked(mask: Mask, where: tuple[Region, ...], fallbacks: int | None, job: EraseJob) -> Masked:
    height, width = mask.shape
    regions.validate(job.keep, width, height, "keep region")
    return Masked(bounds.without_kept(masks.dilate(mask, job.dilation_px), job.keep), where, fallbacks)


def allowed_texts(found: Detection, within: tuple[Region, ...], keep: tuple[Region, ...] = ()) -> Detection:
    """Those the client wants to hear of."""
    if not within and not keep:
        return found
    chosen = bounds.allowed(found_regions(found), within, keep)
    return replace(found, texts=tuple(found.texts[index] for index in chosen))


def found_regions(detection: Detection) -> tuple[Region, ...]:
    return tuple(Region(found.points) for found in detection.texts)
