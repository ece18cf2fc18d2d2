"""What is taken as an image: a path, bytes, an open file, a URL, a `data:` URL, a PIL image, a numpy array."""

import base64
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, TypeAlias, Union
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

FETCH_TIMEOUT_S = 60.0


class Array(Protocol):
    """A numpy array: (height, width), or (height, width, 3 or 4) in RGB order; uint8, or bool for a mask."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> Any: ...

    @property
    def __array_interface__(self) -> dict[str, Any]: ...


ImageLike: TypeAlias = Union[  # "|" takes no names in quotes, and Pillow is optional
    str, os.PathLike[str], bytes, bytearray, memoryview, BinaryIO, "PillowImage", Array
]


def encoded(image: ImageLike) -> bytes:
    """The image as the bytes of a file; what is a file already goes as it is. Reads files and URLs: may block.

    Raises: OSError for a file that cannot be read, TypeError for what is no image.
    """
    if isinstance(image, bytes | bytearray | memoryview):
        return bytes(image)
    if isinstance(image, str):
        return _named(image)
    if isinstance(image, os.PathLike):
        return Path(image).read_bytes()
    if hasattr(image, "__array_interface__") and hasattr(image, "dtype"):
        return _array(image)
    if hasattr(image, "save"):
        return _png(image)
    read: Any = getattr(image, "read", None)
    if read is not None:
        content: Any = read()
        if isinstance(content, bytes):
            return content
        raise TypeError("open the file in binary mode")
    raise TypeError(f"{type(image).__name__} is no image: give a path, bytes, a file, a URL, a PIL image or an array")


def _named(name: str) -> bytes:
    scheme = urlsplit(name).scheme
    if scheme in ("http", "https"):
        return _fetched(name)
    if scheme == "data":
        return base64.b64decode(name.partition(",")[2])
    return Path(name).read_bytes()


def _fetched(url: str) -> bytes:
    """The client fetches it, without the service's key: the service itself opens no URLs."""
    import httpx

    try:
        response = httpx.get(url, follow_redirects=True, timeout=FETCH_TIMEOUT_S)
        response.raise_for_status()
    except httpx.HTTPError as error:
        raise OSError(f"{url} cannot be fetched: {error}") from error
    return response.content


def _array(array: Any) -> bytes:
    from PIL import Image

    return _png(Image.fromarray(array.astype("uint8") * 255 if array.dtype == bool else array))


def _png(image: Any) -> bytes:
    """Lossless, and as fast as zlib goes: it is sent once and thrown away."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
