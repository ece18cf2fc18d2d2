"""What a file says about its picture before a pixel is decoded: format, size, orientation."""

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pi_heif
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)
from PIL import Image as Pillow

from models.codec.scans import MAX_SCANS, scans_of
from models.errors import ImageTooLarge, InvalidImage, InvalidRequest, TextRemovalError, UnsupportedImage

_PLUGINS = (
    AvifImagePlugin, BmpImagePlugin, GifImagePlugin, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin,
)  # fmt: skip
"""Imported so that Pillow knows them; it would otherwise load every plugin it has at the first unknown file."""

pi_heif.register_heif_opener(thumbnails=False)
"""HEIC, the format of phones. The library decodes only: an encoder would bring x265 and its licence."""

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "AVIF", "HEIF", "GIF")
SUPPORTED = "JPEG, PNG, WebP, BMP, TIFF, AVIF, HEIC or GIF"
PAGED = frozenset({"GIF", "TIFF", "PNG", "WEBP", "AVIF"})
"""Of these a file may hold more than one picture: pages, or frames of an animation."""

ANIMATED = frozenset({"GIF", "PNG", "WEBP", "AVIF"})
"""Of these a frame may build on all before it."""

MAX_PLAYED = 10
"""How many pictures of the largest size may be decoded to show one frame."""

PEAK_BYTES = 10
"""Of memory, while it is decoded, for each pixel of the commonest kinds; `max_pixels` is meant of these. Kinds that
take more may have fewer pixels."""

TILE_WIDTH, TILE_HEIGHT, LEAST_TILE = 322, 323, 512 * 512
"""TIFF tags. A decoder allocates whole tiles, whatever the size of the picture they are part of."""

ORIENTATION = 0x0112
"""EXIF and TIFF tag: 1 is upright, 2-8 are mirrored or turned, 5-8 swap width and height."""

_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "I;16", "I;16B"})
"""Pillow's names for integer samples of 1-8 or 16 bits."""

_OTHER_FORMATS = (
    (0, b"\x00\x00\x00\x0cJXL ", "JPEG XL"),
    (0, b"\xff\x0a", "JPEG XL"),
    (0, b"\x00\x00\x00\x0cjP  ", "JPEG 2000"),
    (0, b"\xff\x4f\xff\x51", "JPEG 2000"),
    (0, b"\x00\x00\x01\x00", "ICO"),
    (0, b"8BPS", "PSD"),
    (0, b"DDS ", "DDS"),
    (0, b"v/1\x01", "OpenEXR"),
    (0, b"#?RADIANCE", "Radiance HDR"),
    (0, b"%PDF", "PDF"),
    (0, b"%!PS", "PostScript"),
    (0, b"<svg", "SVG"),
    (0, b"P5\n", "PGM"),
    (0, b"P6\n", "PPM"),
)
"""Offset and first bytes of formats that are recognised only to say that they are not supported."""

# The limit is the caller's `max_pixels`, checked before anything is allocated. Pillow's own would warn below it.
Pillow.MAX_IMAGE_PIXELS = None

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """`format` is one of FORMATS; `width` and `height` are those of the upright image, in pixels."""

    format: str
    width: int
    height: int


def probe(data: bytes, *, max_pixels: int, page: int = 0) -> ImageInfo:
    """Read the header only, that of a page (from 0) where there are several.

    Raises: InvalidImage, UnsupportedImage (details: format), ImageTooLarge (details: width, height, max_pixels);
    InvalidRequest if there is no such page.
    """
    with reading():
        image = open_lazily(data, max_pixels=max_pixels, page=page)
        width, height = image.size
        if turned(image, orientation(image, data)):
            width, height = height, width
        return ImageInfo(format_of(image), width, height)


@contextmanager
def reading() -> Iterator[None]:
    """Whatever Pillow raises on a broken file (any of a dozen classes) becomes InvalidImage; our errors pass."""
    # Pillow warns of what it could repair or skip in a file; that is the client's file, not our code.
    warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
    try:
        yield
    except TextRemovalError:
        raise
    except Exception as error:
        log.debug("undecodable image", exc_info=True)
        raise InvalidImage("the file is broken or cut short and cannot be decoded") from error


def open_lazily(data: bytes, *, max_pixels: int, page: int = 0) -> ImageFile.ImageFile:
    """A Pillow image of a supported format and size whose pixels are not decoded yet; to be used inside `reading`.
    It stands at `page`, for which the frames before it may have been decoded."""
    try:
        image = Pillow.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError:
        for offset, magic, name in _OTHER_FORMATS:
            if data.startswith(magic, offset):
                message = f"{name} is not supported; send {SUPPORTED}"
                raise UnsupportedImage(message, format=name) from None
        raise InvalidImage("the bytes are not an image") from None
    _check_size(image, max_pixels)
    if page:
        _turn_to(image, page, max_pixels)
        _check_size(image, max_pixels)
    if format_of(image) == "JPEG" and (scans := scans_of(data)) > MAX_SCANS:
        raise ImageTooLarge(
            f"the JPEG goes over its picture {scans} times; at most {MAX_SCANS} are allowed",
            scans=scans,
            max_scans=MAX_SCANS,
        )
    if image.mode not in _MODES or ";12" in raw_mode(image):
        raise UnsupportedImage(
            f"{image.format} with samples of kind {image.mode} is not supported; send 8 or 16 bits per sample",
            format=image.format,
            mode=image.mode,
        )
    return image


def pages_of(image: ImageFile.ImageFile) -> int:
    """How many pictures the file holds. Of a GIF and a TIFF this reads the whole file, without decoding it."""
    return int(getattr(image, "n_frames", 1)) if format_of(image) in PAGED else 1


def _turn_to(image: ImageFile.ImageFile, page: int, max_pixels: int) -> None:
    pages = pages_of(image)
    if page >= pages:
        raise InvalidRequest(f"page: {page} is not there; the file has {pages}, counted from 0", field="page")
    if format_of(image) in ANIMATED and (page + 1) * image.width * image.height > MAX_PLAYED * max_pixels:
        raise ImageTooLarge(
            f"page: to show frame {page}, {page + 1} frames of {image.width}x{image.height} pixels must be decoded;"
            f" at most {MAX_PLAYED * max_pixels} pixels are",
            field="page",
        )
    image.seek(page)


def _check_size(image: ImageFile.ImageFile, max_pixels: int) -> None:
    width, height = image.size
    if width < 1 or height < 1:
        raise InvalidImage(f"the image is empty ({width}x{height})")
    if width * height > max_pixels:
        raise ImageTooLarge(
            f"the image has {width}x{height} pixels; at most {max_pixels} are allowed",
            width=width,
            height=height,
            max_pixels=max_pixels,
        )
    costs = _peak_bytes(image)
    if width * height * costs > PEAK_BYTES * max_pixels:
        allowed = PEAK_BYTES * max_pixels // costs
        raise ImageTooLarge(
            f"the image has {width}x{height} pixels of a kind that takes {costs} bytes each to decode; at most"
            f" {allowed} of these are allowed",
            width=width,
            height=height,
            max_pixels=allowed,
        )
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        tile = int(image.tag_v2.get(TILE_WIDTH, 1)) * int(image.tag_v2.get(TILE_HEIGHT, 1))
        if tile > max(max_pixels, LEAST_TILE):
            raise ImageTooLarge(f"the TIFF has tiles of {tile} pixels; at most {max_pixels} are allowed")


def _peak_bytes(image: ImageFile.ImageFile) -> int:
    """Of memory for each pixel while it is decoded, measured (`decoding.decode`) and rounded up."""
    if raw_mode(image).startswith(("RGB;16", "RGBX;16")):
        return 16
    if raw_mode(image).startswith(("RGBA;16", "LA;16")):
        return 21
    if format_of(image) == "WEBP":
        return 20 if image.mode == "RGBA" else 16
    return 12 if image.mode == "CMYK" else PEAK_BYTES


def raw_mode(image: ImageFile.ImageFile) -> str:
    """How the file stores its samples, in Pillow's words: "RGB;16B", "L;4"; "" if Pillow does not say."""
    for tile in image.tile:
        args = tile.args if isinstance(tile.args, str) else (tile.args or ("",))[0]
        return args if isinstance(args, str) else ""
    return ""


def format_of(image: ImageFile.ImageFile) -> str:
    """One of FORMATS. An MPO file is a JPEG with further pictures behind the first."""
    return "JPEG" if image.format == "MPO" else str(image.format)


def orientation(image: ImageFile.ImageFile, data: bytes) -> int:
    """The EXIF orientation, 1-8, from the header alone; 1 if there is none or it is nonsense."""
    try:
        exif = read_exif(image, data)
        value = exif.get(ORIENTATION, 1)
    except Exception:
        log.debug("unreadable EXIF", exc_info=True)
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def read_exif(image: ImageFile.ImageFile, data: bytes) -> Pillow.Exif:
    """May raise nearly anything. Pillow would decode a whole PNG to see whether EXIF stands behind the pixels."""
    if format_of(image) == "PNG" and "exif" not in image.info:
        start = data.find(b"eXIf")
        if start >= 4:
            exif = Pillow.Exif()
            exif.load(data[start + 4 : start + 4 + int.from_bytes(data[start - 4 : start])])
            return exif
    return Pillow.Image.getexif(image)


def turned(image: ImageFile.ImageFile, value: int) -> bool:
    """Whether upright width and height are those of `image.size` the other way round.

    Pillow has already swapped them if a TIFF says so in its own tag, but not if it says so in XMP.
    """
    own_tag = isinstance(image, TiffImagePlugin.TiffImageFile) and ORIENTATION in image.tag_v2
    return value >= 5 and not own_tag
