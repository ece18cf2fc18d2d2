"""Reading bodies: bounded while they arrive, parsed off the event loop by whoever gets the bytes."""

from starlette.requests import Request

from models.errors import ImageTooLarge

ROOM_BESIDE_IMAGE_BYTES = 8 * 2**20
"""What a body may hold beside an image of the largest size: regions, a mask, parameters, multipart framing."""


def max_body_bytes(max_file_size_bytes: int, *, base64: bool) -> int:
    """Base64 writes 3 bytes as 4 characters."""
    return (max_file_size_bytes * 4 // 3 if base64 else max_file_size_bytes) + ROOM_BESIDE_IMAGE_BYTES


async def read_body(request: Request, limit_bytes: int) -> bytearray:
    """Raises: ImageTooLarge as soon as the declared or the received length is over the limit; ClientDisconnect."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit_bytes:
        raise _too_large(limit_bytes)
    body = bytearray()
    async for chunk in request.stream():
        if len(body) + len(chunk) > limit_bytes:
            raise _too_large(limit_bytes)
        body += chunk
    return body


def _too_large(limit_bytes: int) -> ImageTooLarge:
    return ImageTooLarge(f"the body is over the limit of {limit_bytes} bytes", limit_bytes=limit_bytes)
