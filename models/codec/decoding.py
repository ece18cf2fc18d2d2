"""From a file to samples: once, on arrival. Behind this every image is upright RGB uint8."""

import io
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageCms, ImageFile, TiffImagePlugin

from models.codec.coding import Coding, read_coding
from models.codec.headers import format_of, open_lazily, orientation, pages_of, raw_mode, reading, turned
from models.codec.metadata import Metadata, read_metadata
from models.errors import InvalidImage
from models.types import Image

Samples: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16]
AnySamples = TypeVar("AnySamples", NDArray[np.uint8], NDArray[np.uint16], Samples)

BAND_ROWS = 256
"""Rows that leave Pillow at a time, so that no further copy of the whole image is made on the way."""

PHOTOMETRIC = 0x0106


@dataclass(frozen=True, slots=True)
class DecodedImage:
    """An upright picture and all it takes to give back one of the same kind.

    `rgb` (h, w, 3) is what the models see. `deep` holds the samples of a 16-bit source, (h, w) if it is grey, else
    (h, w, 3); `rgb` is their upper bytes. `alpha` (h, w) is uint16 if `deep` is set, else uint8; None: opaque.
    `grey`: the source has one channel of colour. `format` is one of `headers.FORMATS`; `pages` counts the
    pictures in the file, of which this is one; `coding` is how it was compressed. All arrays are C-contiguous.
    """

    rgb: Image
    alpha: Samples | None
    deep: NDArray[np.uint16] | None
    grey: bool
    format: str
    metadata: Metadata
    coding: Coding | None = None
    pages: int = 1


@dataclass(frozen=True, slots=True)
class _Planes:
    rgb: Image
    alpha: Samples | None
    deep: NDArray[np.uint16] | None = None


def decode(data: bytes, *, max_pixels: int, page: int = 0) -> DecodedImage:
    """Decode a page or frame (from 0) and turn it upright.

    CMYK goes through its colour profile to sRGB, and by plain arithmetic if it has none. A colour key (PNG tRNS)
    becomes alpha. 16-bit CMYK and 16-bit colour with premultiplied alpha are read as 8 bits. Floating point, signed,
    12-bit and 32-bit samples are refused: the file does not say which range of them to show.

    Memory at the peak, measured at 12 megapixels, bytes a pixel: JPEG, PNG, GIF, AVIF and 16-bit grey 8 to 10, CMYK 12,
    WebP 16 (with alpha 20), 16-bit colour 16 (with alpha 21); 3 after for 8 bits without alpha. `headers` bounds pixels
    by these. Turning takes 3 more than the result, but only once Pillow's 4 are gone. Other threads run meanwhile.

    10 and 12 bits of AVIF and HEIC are read as 8.

    Raises: InvalidImage, also if the pixels are cut short; UnsupportedImage; ImageTooLarge; InvalidRequest if there is
    no such page.
    """
    with reading():
        image = open_lazily(data, max_pixels=max_pixels, page=page)
        turn = orientation(image, data)
        swapped = turned(image, turn)
        width, height = reversed(image.size) if swapped else image.size
        metadata = read_metadata(image, data, swap_dpi=turn >= 5)
        format, stored = format_of(image), raw_mode(image)
        coding, pages = read_coding(image, data), pages_of(image)
        grey = image.mode in ("1", "L", "LA", "I;16", "I;16B") or stored == "LA;16B"
        planes = _planes(image, data, stored)
        del image
        if format != "TIFF":  # Pillow and OpenCV both turn those as they load them
            planes = _Planes(
                _upright(planes.rgb, turn),
                None if planes.alpha is None else _upright(planes.alpha, turn),
                None if planes.deep is None else _upright(planes.deep, turn),
            )
        if planes.rgb.shape != (height, width, 3):
            raise InvalidImage("the file contradicts itself about its size")
        deep = planes.deep
        if grey and deep is not None and deep.ndim == 3:
            deep = np.ascontiguousarray(deep[..., 0])
        return DecodedImage(planes.rgb, planes.alpha, deep, grey, format, metadata, coding, pages)


def _planes(image: ImageFile.ImageFile, data: bytes, stored: str) -> _Planes:
    """The samples as the file has them, not turned yet."""
    white_is_zero = isinstance(image, TiffImagePlugin.TiffImageFile) and image.tag_v2.get(PHOTOMETRIC) == 0
    image.load()
    key = image.info.get("transparency") if image.mode in ("1", "L", "RGB", "I;16") else None
    if image.mode.startswith("I;16"):
        deep = np.asarray(image).astype(np.uint16)
        if white_is_zero:
            np.subtract(65535, deep, out=deep)
        return _Planes(_grey_rgb(_upper_bytes(deep)), None if key is None else _alpha_of_key(deep, key), deep)
    if stored in ("L;2", "L;4") and isinstance(key, int):
        key *= 85 if stored == "L;2" else 17  # Pillow widens the samples to 8 bits, but not the key
    rgb, alpha = _unpack(_direct(image))
    if stored.startswith(("RGB;16", "RGBX;16", "RGBA;16", "LA;16")):
        image.close()  # its samples are not needed beside OpenCV's
        deep_planes = _deep_planes(data, rgb, alpha)
        if deep_planes is not None:
            deep, deep_alpha = deep_planes
            return _Planes(rgb, deep_alpha if key is None else _alpha_of_key(deep, key), deep)
    return _Planes(rgb, alpha if key is None else _alpha_of_key(rgb, key))


def _direct(image: Pillow.Image) -> Pillow.Image:
    """L, LA, RGB or RGBA of 8 bits."""
    if image.mode == "1":
        return image.convert("L")
    if image.mode == "PA" or (image.mode == "P" and "transparency" in image.info):
        return image.convert("RGBA")
    if image.mode == "CMYK":
        return _from_cmyk(image)
    return image if image.mode in ("L", "LA", "RGB", "RGBA") else image.convert("RGB")


def _from_cmyk(image: Pillow.Image) -> Pillow.Image:
    icc = image.info.get("icc_profile")
    if icc and icc[16:20] == b"CMYK":
        try:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
            shown = ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            return image.convert("RGB")
        if shown is not None:
            return shown
    return image.convert("RGB")


def _unpack(image: Pillow.Image) -> tuple[Image, NDArray[np.uint8] | None]:
    width, height = image.size
    rgb = np.empty((height, width, 3), np.uint8)
    alpha = np.empty((height, width), np.uint8) if image.mode in ("LA", "RGBA") else None
    for top in range(0, height, BAND_ROWS):
        bottom = min(top + BAND_ROWS, height)
        band = np.asarray(image.crop((0, top, width, bottom)))
        if band.ndim == 2:
            band = band[..., None]
        rgb[top:bottom] = band[..., : 3 if image.mode.startswith("RGB") else 1]
        if alpha is not None:
            alpha[top:bottom] = band[..., -1]
    return rgb, alpha


def _deep_planes(
    data: bytes, rgb: Image, alpha: NDArray[np.uint8] | None
) -> tuple[NDArray[np.uint16], NDArray[np.uint16] | None] | None:
    """Colour and alpha at 16 bits, which Pillow cuts to 8 and OpenCV keeps.

    None if the two libraries do not read the same picture: then 8 bits are all that is certain.
    """
    import cv2

    raw = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if raw is None or raw.dtype != np.uint16 or raw.ndim != 3 or raw.shape[2] < (3 if alpha is None else 4):
        return None
    deep = np.ascontiguousarray(raw[..., 2::-1])
    deep_alpha = None if alpha is None else np.ascontiguousarray(raw[..., 3])
    del raw
    if not _is_upper(rgb, deep):
        return None
    if alpha is not None and deep_alpha is not None and not _is_upper(alpha, deep_alpha):
        return None
    return deep, deep_alpha


def _is_upper(plain: NDArray[np.uint8], deep: NDArray[np.uint16]) -> bool:
    """Whether they are the upper bytes; band by band, for want of memory."""
    bands = range(0, len(plain), BAND_ROWS)
    return plain.shape == deep.shape and all(
        np.array_equal(_upper_bytes(deep[top : top + BAND_ROWS]), plain[top : top + BAND_ROWS]) for top in bands
    )


def _alpha_of_key(samples: Samples, key: int | tuple[int, ...]) -> Samples:
    """Transparent where the colour is exactly the key, opaque elsewhere."""
    same = samples == np.array(key)
    transparent = same.all(axis=2) if same.ndim == 3 else same
    if samples.dtype == np.uint16:
        return np.where(transparent, 0, 65535).astype(np.uint16)
    return np.where(transparent, 0, 255).astype(np.uint8)


def _upper_bytes(deep: NDArray[np.uint16]) -> NDArray[np.uint8]:
    return (deep >> 8).astype(np.uint8)


def _grey_rgb(grey: NDArray[np.uint8]) -> Image:
    return np.repeat(grey[..., None], 3, axis=2)


def _upright(samples: AnySamples, turn: int) -> AnySamples:
    """`turn` is an EXIF orientation; what each means is in the EXIF standard (JEITA CP-3451), tag 0x0112."""
    import cv2

    if turn == 1:
        return samples
    result: AnySamples = {
        2: lambda: cv2.flip(samples, 1),
        3: lambda: cv2.rotate(samples, cv2.ROTATE_180),
        4: lambda: cv2.flip(samples, 0),
        5: lambda: cv2.transpose(samples),
        6: lambda: cv2.rotate(samples, cv2.ROTATE_90_CLOCKWISE),
        7: lambda: cv2.transpose(cv2.rotate(samples, cv2.ROTATE_180)),
        8: lambda: cv2.rotate(samples, cv2.ROTATE_90_COUNTERCLOCKWISE),
    }[turn]()
    return result
