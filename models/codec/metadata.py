"""What a picture carries besides its samples and must not lose: profile, EXIF, XMP, resolution, texts."""

import logging
import math
import re
import zlib
from dataclasses import dataclass

from PIL import Image as Pillow
from PIL import ImageFile

from models.codec.headers import ORIENTATION, format_of, read_exif
from models.codec.png_chunks import carried, xmp_of

ICC_HEADER_BYTES = 128
MAX_ICC_BYTES = 4 * 2**20
MAX_XMP_BYTES = 4 * 2**20
MAX_DPI = 65535
"""What a JPEG can say."""

_DESCRIPTIVE_TAGS = frozenset(
    {
        0x010E,  # ImageDescription
        0x010F,  # Make
        0x0110,  # Model
        ORIENTATION,
        0x0131,  # Software
        0x0132,  # DateTime
        0x013B,  # Artist
        0x8298,  # Copyright
        0x8769,  # EXIF directory
        0x8825,  # GPS directory
    }
)
"""Of a TIFF's own directory only these describe the picture; the others say how that file stores it."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Metadata:
    """`icc` is a whole ICC profile. `exif` is a TIFF structure without the "Exif" prefix; its orientation is 1 and it
    has no thumbnail, which would show the text that was removed; nor has `xmp`, a packet of XML. `dpi` is horizontal
    and vertical, upright. `comment` is a JPEG's; `png_chunks` are a PNG's colour and text chunks, as they were."""

    icc: bytes | None = None
    exif: bytes | None = None
    dpi: tuple[float, float] | None = None
    xmp: bytes | None = None
    comment: bytes | None = None
    png_chunks: tuple[tuple[bytes, bytes], ...] = ()

    def icc_for(self, *, grey: bool) -> bytes | None:
        """The profile if it is one for samples of this kind: a CMYK profile means nothing to RGB samples."""
        wanted = b"GRAY" if grey else b"RGB "
        return self.icc if self.icc and self.icc[16:20] == wanted else None


def read_metadata(image: ImageFile.ImageFile, data: bytes, *, swap_dpi: bool) -> Metadata:
    """To be called before the pixels are loaded. Unreadable parts are left out. `swap_dpi`: turning the image upright
    exchanges its axes."""
    icc = image.info.get("icc_profile")
    dpi = _dpi(image)
    return Metadata(
        icc=bytes(icc) if icc and ICC_HEADER_BYTES < len(icc) <= MAX_ICC_BYTES else None,
        exif=_exif(image, data),
        dpi=(dpi[1], dpi[0]) if dpi and swap_dpi else dpi,
        xmp=_xmp(image, data),
        comment=_comment(image),
        png_chunks=carried(data) if format_of(image) == "PNG" else (),
    )


_XMP_ORIENTATION = re.compile(rb"""(tiff:Orientation(?:>|\s*=\s*["']))\s*[1-8]\s*(?=[<"'])""")
_XMP_THUMBNAILS = re.compile(rb"<(xmp|xap):Thumbnails\b.*?</\1:Thumbnails>", re.DOTALL)


def _xmp(image: ImageFile.ImageFile, data: bytes) -> bytes | None:
    """Upright and without thumbnails, like the EXIF."""
    try:
        packet = xmp_of(data) if format_of(image) == "PNG" else image.info.get("xmp")
    except zlib.error:
        return None
    if isinstance(packet, str):
        packet = packet.encode()
    if not packet or len(packet) > MAX_XMP_BYTES:
        return None
    return _XMP_THUMBNAILS.sub(b"", _XMP_ORIENTATION.sub(rb"\g<1>1", packet.rstrip(b"\0")))


def _comment(image: ImageFile.ImageFile) -> bytes | None:
    """A JPEG's only: a GIF's is made by its writer, mostly about itself."""
    comment = image.info.get("comment") if format_of(image) == "JPEG" else None
    return bytes(comment) if isinstance(comment, bytes) and comment else None


def _dpi(image: ImageFile.ImageFile) -> tuple[float, float] | None:
    try:
        x, y = (float(value) for value in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    return (x, y) if all(math.isfinite(value) and 0 < value <= MAX_DPI for value in (x, y)) else None


def _exif(image: ImageFile.ImageFile, data: bytes) -> bytes | None:
    try:
        source = read_exif(image, data)
        exif = Pillow.Exif()
        if source._info is None:  # made up from XMP, or empty
            return None
        exif.load(source.tobytes())
        if format_of(image) == "TIFF":
            for tag in set(exif) - _DESCRIPTIVE_TAGS:
                del exif[tag]
        if not exif or set(exif) == {ORIENTATION}:
            return None
        if ORIENTATION in exif:
            exif[ORIENTATION] = 1
        return exif.tobytes().removeprefix(b"Exif\x00\x00")
    except Exception:
        log.debug("EXIF left out: unreadable", exc_info=True)
        return None
