"""Files of pictures: kinds, conversion, and writing so that nobody ever sees half a file."""

import io
import os
import tempfile
from pathlib import Path
from typing import Any

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
        image.load()
        return saved(image, wanted)


def saved(image: Any, format: str, **options: Any) -> bytes:
    """A PIL image as a file with what belongs to it."""
    kept = {name: image.info[name] for name in ("icc_profile", "exif", "dpi") if image.info.get(name)}
    if format in ("JPEG", "BMP") and image.mode in ("RGBA", "LA", "PA", "P"):
        image = image.convert("RGB")
    if format in ("JPEG", "WEBP", "AVIF"):
        kept["quality"] = QUALITY
    buffer = io.BytesIO()
    image.save(buffer, format, **(kept | options))
    return buffer.getvalue()


def write(path: Path, content: bytes) -> None:
    """Beside it first, then in its place: what is there is whole, whenever the process or the machine stops."""
    with Replacement(path) as file:
        file.write(content)


class Replacement:
    """A file that takes its place when the block ends without an error, and never was there when it does not."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Any:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = tempfile.NamedTemporaryFile(
            dir=self._path.parent, prefix=f".{self._path.name[:100]}.", suffix=".part", delete=False
        )
        return self._file

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._file.close()
        if kind is None:
            Path(self._file.name).chmod(0o666 & ~_umask())
            Path(self._file.name).replace(self._path)
        else:
            Path(self._file.name).unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
