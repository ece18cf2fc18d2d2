"""From a request to a job: everything that can be refused without decoding a pixel is refused here."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

from anyio import to_thread
from fastapi import Request
from pydantic import ValidationError

from deployments.api.body.multipart import Part
from deployments.api.body.reading import max_body_bytes, read_body, read_form
from deployments.api.errors import request_id_of, schema_error
from deployments.api.negotiation import output_format
from deployments.api.schema.bodies import BackgroundBody, DetectBody, RegionsBody
from deployments.api.schema.choices import BadRegion
from deployments.api.schema.fields import is_multipart, parse_fields
from deployments.api.schema.requests import Body, Options, Origin
from deployments.config.api_settings import ApiSettings
from deployments.errors import DeadlineExceeded
from deployments.messages.jobs import DetectJob, EraseJob, OutputFormat, ResultKind
from models.codec.images import ImageInfo, check_size, probe
from models.errors import ImageTooLarge, InvalidMask, TextRemovalError, UnknownModel
from models.masking.regions import clipped, usable, validate

LIKE_INPUT = {
    "JPEG": OutputFormat.JPEG,
    "WEBP": OutputFormat.WEBP,
    "AVIF": OutputFormat.AVIF,
    "HEIF": OutputFormat.JPEG,
}
"""By the input's format, as `probe` names it; what is lossless, or a palette's, becomes PNG."""

AnyBody = TypeVar("AnyBody", bound=Body)
Job = TypeVar("Job")
Read = TypeVar("Read")


async def read_job(
    request: Request,
    body_type: type[AnyBody],
    build: Callable[[AnyBody, Origin, ApiSettings], Job],
    settings: ApiSettings,
    *,
    endless: bool = False,
) -> tuple[Job, AnyBody]:
    """The job a request asks for, and the body it came from. `build` is `erase_job` or `detect_job`. The job's deadline
    counts from the first byte; `endless` jobs, which nobody waits for, have none.

    Parsing, base64 and the look at the image's header run in a worker thread.

    Raises: MalformedBody, UnsupportedContentType, UnsupportedContentCoding, InvalidRequest and its kinds, InvalidImage,
    UnsupportedImage, ImageTooLarge, DeadlineExceeded if the body did not arrive in time, ClientDisconnect.
    """
    content_type = request.headers.get("content-type", "")
    limit_bytes = max_body_bytes(settings.max_file_size_bytes, base64=not is_multipart(content_type))
    deadline = time.time() + settings.request_timeout_s
    raw = await in_time(_read(request, body_type, limit_bytes), settings)
    origin = origin_of(request, None if endless else deadline)

    def parse() -> tuple[Job, AnyBody]:
        body = validated(parse_fields(raw), body_type)
        return build(body, origin, settings), body

    return await to_thread.run_sync(parse)


async def in_time(reading: Awaitable[Read], settings: ApiSettings) -> Read:
    """A body. Raises: DeadlineExceeded, and what the reading raises."""
    try:
        async with asyncio.timeout(settings.request_timeout_s):
            return await reading
    except TimeoutError:
        raise DeadlineExceeded(f"the body did not arrive within {settings.request_timeout_s:g} s") from None


def origin_of(request: Request, deadline: float | None) -> Origin:
    return Origin(request_id_of(request.scope), output_format(request.headers.get("accept", "")), deadline)


async def _read(request: Request, body_type: type[Body], limit_bytes: int) -> bytearray | list[Part]:
    if is_multipart(request.headers.get("content-type", "")):
        return await read_form(request, limit_bytes, {*body_type.model_fields, *body_type.synonyms})
    return await read_body(request, limit_bytes)


def validated(fields: dict[str, Any], body_type: type[AnyBody]) -> AnyBody:
    """Raises: InvalidRequest, InvalidImage."""
    fields = {body_type.synonyms.get(name, name): value for name, value in fields.items()}
    try:
        return body_type.model_validate(fields)
    except ValidationError as error:
        raise schema_error(error.errors(include_url=False, include_context=False, include_input=False)) from None


def erase_job(body: Options, origin: Origin, settings: ApiSettings) -> EraseJob:
    """Raises: InvalidRequest and its kinds, InvalidImage, UnsupportedImage, ImageTooLarge."""
    job = body.job(origin)
    check_model(job.model, settings)
    _check_file_size("image", job.image, settings)
    if job.mask is not None:
        _check_file_size("mask", job.mask, settings)
    image = _look("image", job.image, settings, job.page)
    if job.like_input:
        job = replace(job, output_format=LIKE_INPUT.get(image.format, OutputFormat.PNG))
    written = job.output_format if job.result is ResultKind.IMAGE else OutputFormat.PNG
    check_size(image.width, image.height, format=written)
    if job.mask is not None:
        _check_mask(job.mask, image, settings)
    match body.on_bad_region if isinstance(body, RegionsBody | BackgroundBody) else BadRegion.ERROR:
        case BadRegion.CLIP:
            job = replace(job, regions=clipped(job.regions, image.width, image.height))
        case BadRegion.SKIP:
            job = replace(job, regions=usable(job.regions, image.width, image.height))
    for regions, what in ((job.regions, "region"), (job.keep, "keep region"), (job.within, "within region")):
        validate(regions, image.width, image.height, what)
    return replace(job, pixels=image.width * image.height, created_at=time.time())


def check_model(name: str, settings: ApiSettings) -> None:
    """Raises: UnknownModel."""
    if name and name not in settings.model_names:
        served = ", ".join(settings.model_names)
        raise UnknownModel(f"model: {name!r} is not served here; there are {served}", field="model")


def detect_job(body: DetectBody, origin: Origin, settings: ApiSettings) -> DetectJob:
    """Raises: InvalidRequest and its kinds, InvalidImage, UnsupportedImage, ImageTooLarge."""
    _check_file_size("image", body.image, settings)
    image = _look("image", body.image, settings, body.page)
    job = body.job(origin)
    validate(job.within, image.width, image.height, "within region")
    return job


def _look(field: str, file: bytes, settings: ApiSettings, page: int = 0) -> ImageInfo:
    """At its header. What is wrong with it carries the name of the field."""
    try:
        return probe(file, max_pixels=settings.max_image_pixels, page=page)
    except TextRemovalError as error:
        error.details.setdefault("field", field)
        raise


def _check_file_size(field: str, file: bytes, settings: ApiSettings) -> None:
    limit = settings.max_file_size_bytes
    if len(file) > limit:
        raise ImageTooLarge(f"{field}: the file of {len(file)} bytes is over the limit of {limit}", field=field)


def _check_mask(mask: bytes, image: ImageInfo, settings: ApiSettings) -> None:
    """By its header; whether it marks anything is seen when it is decoded."""
    info = _look("mask", mask, settings)
    if (info.width, info.height) != (image.width, image.height):
        raise InvalidMask(
            f"mask: it is {info.width}x{info.height}, the image is {image.width}x{image.height}", field="mask"
        )
