"""Files of pictures: kinds, conversion, and writing so that nobody ever sees half a file."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

FORMATS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jfif": "JPEG",
    ".webp": "WEBP",
    ".avif": "AVIF",
    ".bmp": "BMP",
    ".gif": "GIF",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}
"""Pillow's name of the format a file of this name has."""

PART = ".part"
"""Suffix of a file that is being written. A process that is killed leaves it."""

QUALITY = 95
"""Of conversions to formats with loss; the service's own default."""


def suffix_of(media_type: str) -> str:
    """ ".jpg" for image/jpeg, ..."""
    kind = media_type.partition("/")[2]
    return {"jpeg": ".jpg", "tiff": ".tif"}.get(kind, f".{kind}")


def converted(content: bytes, media_type: str, suffix: str) -> bytes:
    """The file in the format of `suffix`, if that is known and another; ICC profile, EXIF and DPI survive. Needs Pillow
    only if there is something to do."""
    wanted = FORMATS.get(suffix.lower())
    if wanted is None or wanted == FORMATS.get(suffix_of(media_type)):
        return content
    from PIL import Image

    with Image.open(io.BytesIO(content)) as image:
        if image.format == wanted:  # whatever the answer's headers say
            return content
        image.load()
        return saved(image, wanted)


def saved(image: Any, format: str, **options: Any) -> bytes:
    """A PIL image as a file with what belongs to it."""
    kept = notes_of(image)
    if format in ("JPEG", "BMP") and image.mode in ("RGBA", "LA", "PA", "P"):
        image = image.convert("RGB")
    if format in ("JPEG", "WEBP", "AVIF"):
        kept["quality"] = QUALITY
    buffer = io.BytesIO()
    image.save(buffer, format, **(kept | options))
    return buffer.getvalue()


def notes_of(image: Any) -> dict[str, Any]:
    """What Pillow saves only if it is told to."""
    return {name: image.info[name] for name in ("icc_profile", "exif", "dpi") if image.info.get(name)}


def write(path: Path, content: bytes) -> None:
    """Beside it first, then in its place: what is there is whole, whenever the process or the machine stops."""
    with replacing(path) as part:
        part.write_bytes(content)


@contextmanager
def replacing(path: Path, tag: str | None = None) -> Iterator[Path]:
    """A name beside `path` for the block to write to; the file takes its place when the block ends without an error,
    and is gone when it does not. With a `tag` the name is known, and what a killed process has left is overwritten;
    without, two may write the same file at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name[:100]}.{tag or uuid4().hex[:12]}{PART}")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
