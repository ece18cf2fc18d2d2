"""From samples back to a file: once, on leaving."""

import io
from typing import Any

import numpy as np
from PIL import Image as Pillow

from models.codec.coding import Coding
from models.codec.decoding import DecodedImage, Samples
from models.codec.metadata import Metadata
from models.codec.png import write_png
from models.errors import InvalidRequest
from models.types import Image, Mask

MAX_SIDE_PX = {"png": 1_000_000, "jpeg": 65_500, "webp": 16_383, "avif": 32_768}
"""What libpng (its default limit), libjpeg, libwebp and libavif (its default limit) take."""

MAX_JPEG_EXIF_BYTES = 65_533 - len(b"Exif\0\0")
MAX_JPEG_XMP_BYTES = 65_533 - len(b"http://ns.adobe.com/xap/1.0/\0")
MAX_JPEG_COMMENT_BYTES = 65_533
AVIF_SPEED = 10
"""Measured on 1.2 megapixels, one busy core: 0.6 s; at 8 it is 2.0 s for files 5 % smaller, at 6 4.4 s for 7 %."""

FULL_CHROMA_QUALITY = 90


def encode(
    decoded: DecodedImage, rgb: Image, mask: Mask, *, format: str, quality: int, coding: Coding | None = None
) -> bytes:
    """The finished picture as a file; `rgb` equals `decoded.rgb` outside `mask`. Alpha is `decoded.alpha`.

    `format` is png, jpeg, webp or avif; `quality` is 1-100; `coding`, if given, takes its place. Outside the mask, PNG
    and WebP of quality 100 hold exactly the samples of the input, fully transparent ones included:

    - png: lossless, of the input's depth, grey if the input is. At 16 bits a masked sample is 257 times its 8-bit one.
    - webp: lossless at quality 100, lossy below. RGB of 8 bits: a 16-bit input keeps its upper bytes.
    - avif: lossy, 8 bits, RGB.
    - jpeg: 8 bits, grey if the input is; what is transparent is put on white. Full chroma from quality 90.

    Inside the mask of a grey input the colour becomes luma (ITU-R BT.601, as Pillow and OpenCV have it). The profile
    is kept if it is for the kind of samples written (RGB or grey); EXIF, XMP, DPI, a JPEG's comment and a PNG's texts
    and colour chunks are kept where the format has a place for them.

    Memory beside the arguments, measured on RGB of 24 megapixels: 5 bytes per pixel for png and webp, 3 for jpeg.
    Other threads run meanwhile.

    Raises: InvalidRequest if the format cannot hold a picture of this size.
    """
    check_size(rgb.shape[1], rgb.shape[0], format=format)
    if format == "png":
        return _png(decoded, rgb, mask)
    alpha = None if decoded.alpha is None else _eight_bit(decoded.alpha)
    if format == "jpeg":
        return _jpeg(decoded, rgb, alpha, coding or Coding(quality))
    if format == "avif":
        return _avif(decoded, rgb, alpha, coding.quality if coding else quality)
    return _webp(decoded, rgb, alpha, coding.quality if coding else quality)


def encode_mask(mask: Mask) -> bytes:
    """A grey PNG file: 255 = filled."""
    return write_png(mask, None, Metadata())


def encode_layer(decoded: DecodedImage, rgb: Image, mask: Mask) -> bytes:
    """A PNG file of 8 bits with alpha, grey if the picture is: what the mask marks, as opaque as it is in the picture,
    and nothing besides. Laid over a picture without alpha it gives the finished one."""
    inside = mask > 0
    opaque = np.uint8(255) if decoded.alpha is None else _eight_bit(decoded.alpha)
    colour = _luma(rgb) if decoded.grey else rgb
    shown = np.where(inside if decoded.grey else inside[..., np.newaxis], colour, np.uint8(0))
    return write_png(shown, np.where(inside, opaque, np.uint8(0)), decoded.metadata)


def check_size(width: int, height: int, *, format: str) -> None:
    """Raises InvalidRequest if the format cannot hold a picture of this size."""
    limit = MAX_SIDE_PX[format]
    if max(width, height) > limit:
        message = f"output_format: a {format} is at most {limit} pixels wide and high, the image is {width}x{height}"
        raise InvalidRequest(message, field="output_format")


def _png(decoded: DecodedImage, rgb: Image, mask: Mask) -> bytes:
    colour: Samples = _luma(rgb) if decoded.grey else rgb
    if decoded.deep is not None:
        inside = mask > 0
        deep = decoded.deep.copy()
        deep[inside] = colour[inside].astype(np.uint16) * 257
        colour = deep
    return write_png(colour, decoded.alpha, decoded.metadata)


def _jpeg(decoded: DecodedImage, rgb: Image, alpha: Image | None, coding: Coding) -> bytes:
    image = Pillow.fromarray(_luma(rgb) if decoded.grey else rgb)
    if alpha is not None:
        paper = Pillow.new(image.mode, image.size, "white")
        paper.paste(image, mask=Pillow.fromarray(alpha))
        image = paper
    metadata = decoded.metadata
    options: dict[str, Any] = {"icc_profile": metadata.icc_for(grey=decoded.grey)}
    if metadata.dpi:
        options["dpi"] = metadata.dpi
    if metadata.exif and len(metadata.exif) <= MAX_JPEG_EXIF_BYTES:
        options["exif"] = b"Exif\0\0" + metadata.exif
    if metadata.xmp and len(metadata.xmp) <= MAX_JPEG_XMP_BYTES:
        options["xmp"] = metadata.xmp
    if metadata.comment and len(metadata.comment) <= MAX_JPEG_COMMENT_BYTES:
        options["comment"] = metadata.comment
    if coding.tables:
        options["qtables"] = [list(table) for table in coding.tables[: 1 if decoded.grey else 2]]
    else:
        options["quality"] = coding.quality
    usual = "4:4:4" if coding.quality >= FULL_CHROMA_QUALITY else "4:2:0"
    return _save(image, format="JPEG", subsampling=coding.sampling or usual, **options)


def _avif(decoded: DecodedImage, rgb: Image, alpha: Image | None, quality: int) -> bytes:
    image = Pillow.fromarray(rgb)
    if alpha is not None:
        image.putalpha(Pillow.fromarray(alpha))
    metadata = decoded.metadata
    options: dict[str, Any] = {"icc_profile": metadata.icc_for(grey=False), "subsampling": "4:2:0"}
    if quality >= FULL_CHROMA_QUALITY:
        options["subsampling"] = "4:4:4"
    if metadata.exif:
        options["exif"] = metadata.exif
    if metadata.xmp:
        options["xmp"] = metadata.xmp
    return _save(image, format="AVIF", quality=quality, speed=AVIF_SPEED, **options)


def _webp(decoded: DecodedImage, rgb: Image, alpha: Image | None, quality: int) -> bytes:
    image = Pillow.fromarray(_luma(rgb) if decoded.grey else rgb)
    if alpha is not None:
        image.putalpha(Pillow.fromarray(alpha))
    options: dict[str, Any] = {
        "icc_profile": decoded.metadata.icc_for(grey=False),
        "exif": decoded.metadata.exif or b"",
        "xmp": decoded.metadata.xmp or b"",
    }
    if quality == 100:
        # `quality` is effort here. The least is 3 times as fast as the next, for files a tenth larger.
        return _save(image, format="WEBP", lossless=True, quality=0, method=0, exact=True, **options)
    return _save(image, format="WEBP", quality=quality, method=2, exact=True, **options)


def _save(image: Pillow.Image, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, **options)
    return file.getvalue()


def _luma(rgb: Image) -> Image:
    """A grey pixel (v, v, v) gives exactly v."""
    import cv2

    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)


def _eight_bit(samples: Samples) -> Image:
    return (samples >> 8).astype(np.uint8) if samples.dtype == np.uint16 else samples.astype(np.uint8, copy=False)
