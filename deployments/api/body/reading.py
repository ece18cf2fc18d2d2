"""Reading bodies: bounded and decoded while they arrive, parsed off the event loop by whoever gets them."""

from collections.abc import AsyncIterator, Collection

from starlette.requests import Request

from deployments.api.admission.visit import PLACE
from deployments.api.body.codings import decoders
from deployments.api.body.multipart import MAX_PARTS, FormReader, Part
from models.errors import ImageTooLarge

ROOM_BESIDE_IMAGE_BYTES = 8 * 2**20
"""What a body may hold beside an image of the largest size: regions, a mask, parameters, multipart framing."""


def max_body_bytes(max_file_size_bytes: int, *, base64: bool) -> int:
    """Base64 writes 3 bytes as 4 characters."""
    return (max_file_size_bytes * 4 // 3 if base64 else max_file_size_bytes) + ROOM_BESIDE_IMAGE_BYTES


async def read_body(request: Request, limit_bytes: int) -> bytearray:
    """The whole body, without its content codings.

    Raises: ImageTooLarge as soon as the declared or the decoded length is over the limit; MalformedBody;
    UnsupportedContentCoding; ClientDisconnect; QueueFull if there is no room for what the codings make of it.
    """
    body = bytearray()
    async for chunk in _chunks(request, limit_bytes):
        body += chunk
    return body


async def read_form(
    request: Request, limit_bytes: int, names: Collection[str], max_parts: int = MAX_PARTS
) -> list[Part]:
    """The parts of a multipart body that have one of these names; the others are dropped as they arrive.

    Raises: as `read_body`.
    """
    reader = FormReader(request.headers.get("content-type", ""), names, max_parts)
    async for chunk in _chunks(request, limit_bytes):
        reader.feed(chunk)
    return reader.finish()


async def _chunks(request: Request, limit_bytes: int) -> AsyncIterator[bytes]:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit_bytes:
        raise _too_large(limit_bytes)
    chain = decoders(request.headers.getlist("content-encoding"))
    size = 0
    async for received in request.stream():
        pieces: AsyncIterator[bytes] = _one(received)
        for decoder in chain:
            pieces = decoder.decode(pieces)
        async for piece in pieces:
            size += len(piece)
            if size > limit_bytes:
                raise _too_large(limit_bytes)
            if (place := PLACE.get()) is not None:
                place.hold(size)
            yield piece
    for decoder in chain:
        decoder.finish()


async def _one(chunk: bytes) -> AsyncIterator[bytes]:
    yield chunk


def _too_large(limit_bytes: int) -> ImageTooLarge:
    return ImageTooLarge(f"the body is over the limit of {limit_bytes} bytes", limit_bytes=limit_bytes)
