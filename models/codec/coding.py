"""How a file was compressed, so that the result can be compressed alike."""

from dataclasses import dataclass

from PIL import ImageFile, JpegImagePlugin

from models.codec.headers import format_of

WEBP_QUALITY, AVIF_QUALITY = 85, 80
"""Of lossy files, which do not say it in so many words; near what cameras, phones and web tools use."""

_SAMPLINGS = {0: "4:4:4", 1: "4:2:2", 2: "4:2:0"}


@dataclass(frozen=True, slots=True)
class Coding:
    """`quality` is 1-100 (100 is lossless in WebP). A JPEG has its quantization `tables` (64 values each) and its
    `sampling` of colour."""

    quality: int
    tables: tuple[tuple[int, ...], ...] = ()
    sampling: str | None = None


def read_coding(image: ImageFile.ImageFile, data: bytes) -> Coding | None:
    """From the header; None where only lossless formats or unknown means were at work."""
    match format_of(image):
        case "JPEG" if isinstance(image, JpegImagePlugin.JpegImageFile):
            tables = tuple(tuple(table) for table in list(image.quantization.values())[:2])
            sampling = _SAMPLINGS.get(JpegImagePlugin.get_sampling(image)) if image.mode != "CMYK" else None
            return Coding(95, tables, sampling) if tables else None
        case "WEBP":
            return Coding(WEBP_QUALITY if _lossy_webp(data) else 100)
        case "AVIF":
            return Coding(AVIF_QUALITY)
    return None


def _lossy_webp(data: bytes) -> bool:
    """Whether the first frame is VP8 and not VP8L (RIFF container, developers.google.com/speed/webp)."""
    place = 12
    while place + 8 <= len(data):
        kind, length = data[place : place + 4], int.from_bytes(data[place + 4 : place + 8], "little")
        if kind in (b"VP8 ", b"VP8L"):
            return kind == b"VP8 "
        place += 8 + 16 if kind == b"ANMF" else 8 + length + length % 2
    return True
