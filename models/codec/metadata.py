"""What a picture carries besides its samples and must not lose: colour profile, EXIF, resolution."""

import logging
import math
from dataclasses import dataclass

from PIL import Image as Pillow
from PIL import ImageFile

from models.codec.headers import ORIENTATION, format_of, read_exif

ICC_HEADER_BYTES = 128
MAX_ICC_BYTES = 4 * 2**20
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
    has no thumbnail, which would show the text that was removed. `dpi` is horizontal and vertical, upright."""

    icc: bytes | None = None
    exif: bytes | None = None
    dpi: tuple[float, float] | None = None

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
    )


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
