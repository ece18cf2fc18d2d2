"""From a request to a job: everything that can be refused without decoding a pixel is refused here."""

import asyncio
import time
from dataclasses import dataclass
from typing import TypeVar

from anyio import to_thread
from fastapi import Request
from pydantic import ValidationError

from deployments.api.body import max_body_bytes, read_body
from deployments.api.errors import request_id_of, schema_error
from deployments.api.fields import is_multipart, parse_fields
from deployments.api.negotiation import output_format
from deployments.api.ports import ApiSettings
from deployments.api.region_forms import RegionForms
from deployments.api.requests import Body, Finding, InpaintBody, Options, RegionsBody, RemoveTextBody, TaskBody
from deployments.jobs import EraseJob
from models.errors import DeadlineExceeded, ImageTooLarge, InvalidMask, InvalidRequest, UnknownModel
from models.imaging.images import probe
from models.imaging.regions import validate
from models.types import InpaintParameters, MaskMode, Region

DEFAULT_QUALITY = 95

AnyBody = TypeVar("AnyBody", bound=Body)


@dataclass(frozen=True, slots=True)
class Origin:
    """What a job takes from its request beside the body. `deadline` is epoch seconds; None means no limit."""

    request_id: str
    accept: str
    deadline: float | None


async def read_job(
    request: Request, body_type: type[AnyBody], settings: ApiSettings, *, endless: bool = False
) -> tuple[EraseJob, AnyBody]:
    """The job a request asks for, and the body it came from. The job's deadline counts from the first byte;
    `endless` jobs, which nobody waits for, have none.

    Parsing, base64 and the look at the image's header run in a worker thread.

    Raises: MalformedBody, UnsupportedContentType, InvalidRequest and its kinds, InvalidImage, UnsupportedImage,
    ImageTooLarge, DeadlineExceeded, ClientDisconnect.
    """
    content_type = request.headers.get("content-type", "")
    limit_bytes = max_body_bytes(settings.max_file_size_bytes, base64=not is_multipart(content_type))
    deadline = time.time() + settings.request_timeout_s
    try:
        async with asyncio.timeout(settings.request_timeout_s):
            raw = await read_body(request, limit_bytes)
    except TimeoutError:
        raise DeadlineExceeded(f"the body did not arrive within {settings.request_timeout_s:g} s") from None
    origin = Origin(request_id_of(request.scope), request.headers.get("accept", ""), None if endless else deadline)
    return await to_thread.run_sync(_parse, raw, content_type, body_type, settings, origin)


def _parse(
    raw: bytearray, content_type: str, body_type: type[AnyBody], settings: ApiSettings, origin: Origin
) -> tuple[EraseJob, AnyBody]:
    fields = parse_fields(raw, content_type)
    try:
        body = body_type.model_validate(fields)
    except ValidationError as error:
        raise schema_error(error.errors(include_url=False, include_context=False, include_input=False)) from None
    return make_job(body, settings, origin), body


def make_job(body: Body, settings: ApiSettings, origin: Origin) -> EraseJob:
    """Raises: InvalidRequest and its kinds, InvalidImage, UnsupportedImage, ImageTooLarge."""
    options = body if isinstance(body, Options) else None
    finding = body if isinstance(body, Finding) else Finding()
    mask = body.mask if isinstance(body, InpaintBody | TaskBody) else None
    forms = body.regions if isinstance(body, RegionsBody | TaskBody) else None
    detect = body.detect if isinstance(body, TaskBody) else isinstance(body, RemoveTextBody)
    if options and [mask is not None, forms is not None, detect].count(True) != 1:
        raise InvalidRequest("regions: exactly one of regions, mask and detect must be given", field="regions")
    if options and options.model and options.model not in settings.model_names:
        served = ", ".join(settings.model_names)
        raise UnknownModel(f"model: {options.model!r} is not served here; there are {served}", field="model")
    return EraseJob(
        request_id=origin.request_id,
        image=body.image,
        mask=mask,
        regions=_check_places(body.image, mask, forms or (), settings),
        detect=detect,
        model=options.model if options else "",
        parameters=options.parameters if options else InpaintParameters(),
        mask_mode=(options.mask_mode or options.default_mask_mode) if options else MaskMode.BOX,
        verify=options.verify if options else None,
        min_confidence=finding.min_confidence,
        dilation_px=finding.dilation,
        output_format=(options and options.output_format) or output_format(origin.accept),
        output_quality=options.output_quality if options else DEFAULT_QUALITY,
        deadline=origin.deadline,
        created_at=time.time(),
    )


def _check_places(
    image: bytes, mask: bytes | None, forms: RegionForms | tuple[()], settings: ApiSettings
) -> tuple[Region, ...]:
    """Look at the headers only: the size of the image says whether mask and regions fit it."""
    for field, file in (("image", image), ("mask", mask)):
        if file is not None and len(file) > settings.max_file_size_bytes:
            limit = settings.max_file_size_bytes
            raise ImageTooLarge(f"{field}: the file of {len(file)} bytes is over the limit of {limit}", field=field)
    size = probe(image, max_pixels=settings.max_image_pixels)
    if mask is not None:
        mask_size = probe(mask, max_pixels=settings.max_image_pixels)
        if (mask_size.width, mask_size.height) != (size.width, size.height):
            raise InvalidMask(
                f"mask: it is {mask_size.width}x{mask_size.height}, the image is {size.width}x{size.height}",
                field="mask",
            )
    regions = tuple(form.region() for form in forms)
    if regions:
        validate(regions, size.width, size.height)
    return regions
