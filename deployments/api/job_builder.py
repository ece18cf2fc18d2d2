"""From a request to a job: everything that can be refused without decoding a pixel is refused here."""

import asyncio
import time
from dataclasses import dataclass
from typing import TypeVar

from anyio import to_thread
from fastapi import Request
from pydantic import ValidationError

from deployments.api.body.reading import max_body_bytes, read_body
from deployments.api.errors import request_id_of, schema_error
from deployments.api.negotiation import output_format
from deployments.api.schema.fields import is_multipart, parse_fields
from deployments.api.schema.requests import Body, Finding, InpaintBody, Options, RegionsBody, RemoveTextBody, TaskBody
from deployments.config.api_settings import ApiSettings
from deployments.errors import DeadlineExceeded
from deployments.messages.jobs import EraseJob
from models.codec.images import ImageInfo, check_size, probe
from models.errors import ImageTooLarge, InvalidMask, InvalidRequest, UnknownModel
from models.masking.regions import validate
from models.types import InpaintParameters, MaskMode

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
    if forms == ():
        raise InvalidRequest("regions: at least one region is needed", field="regions")
    if options and [mask is not None, forms is not None, detect].count(True) != 1:
        raise InvalidRequest("regions: exactly one of regions, mask and detect must be given", field="regions")
    if options and options.model and options.model not in settings.model_names:
        served = ", ".join(settings.model_names)
        raise UnknownModel(f"model: {options.model!r} is not served here; there are {served}", field="model")
    chosen = (options and options.output_format) or output_format(origin.accept)
    _check_file_sizes(settings, image=body.image, mask=mask)
    info = probe(body.image, max_pixels=settings.max_image_pixels)
    if options:
        check_size(info.width, info.height, format=chosen)
    if mask is not None:
        _check_mask(mask, info, settings)
    regions = tuple(form.region() for form in forms or ())
    validate(regions, info.width, info.height)
    return EraseJob(
        request_id=origin.request_id,
        image=body.image,
        pixels=info.width * info.height,
        mask=mask,
        regions=regions,
        detect=detect,
        model=options.model if options else "",
        parameters=options.parameters if options else InpaintParameters(),
        mask_mode=(options.mask_mode or options.default_mask_mode) if options else MaskMode.BOX,
        verify=options.verify if options else None,
        min_confidence=finding.min_confidence,
        dilation_px=finding.dilation,
        output_format=chosen,
        output_quality=options.output_quality if options else DEFAULT_QUALITY,
        deadline=origin.deadline,
        created_at=time.time(),
    )


def _check_file_sizes(settings: ApiSettings, **files: bytes | None) -> None:
    limit = settings.max_file_size_bytes
    for field, file in files.items():
        if file is not None and len(file) > limit:
            raise ImageTooLarge(f"{field}: the file of {len(file)} bytes is over the limit of {limit}", field=field)


def _check_mask(mask: bytes, image: ImageInfo, settings: ApiSettings) -> None:
    """By its header; whether it marks anything is seen when it is decoded."""
    info = probe(mask, max_pixels=settings.max_image_pixels)
    if (info.width, info.height) != (image.width, image.height):
        raise InvalidMask(
            f"mask: it is {info.width}x{info.height}, the image is {image.width}x{image.height}", field="mask"
        )
