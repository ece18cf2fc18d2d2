"""Image files: look at them, decode them, encode them. The rest of the service needs no more than this module."""

import sys

import numpy as np
from PIL import Image as Pillow

from models.codec.decoding import DecodedImage, decode
from models.codec.encoding import check_size, encode, encode_layer, encode_mask
from models.codec.headers import ImageInfo, probe
from models.errors import InvalidMask
from models.types import Mask

__all__ = [
    "DecodedImage",
    "ImageInfo",
    "check_size",
    "decode",
    "decode_mask",
    "encode",
    "encode_layer",
    "encode_mask",
    "media_type",
    "probe",
]

MASK_THRESHOLD = 127


def decode_mask(data: bytes, *, size: tuple[int, int]) -> Mask:
    """A mask file of any format `decode` takes; `size` is (width, height) of the upright image.

    Pixels whose luma is over 127 are marked; alpha counts for nothing, as in IOPaint, whose clients send such files.
    The mask's own EXIF orientation is applied, and its upright size must be `size`.

    Raises: InvalidMask (details: size, image_size) for another size or if no pixel is marked; InvalidImage,
    UnsupportedImage.
    """
    info = probe(data, max_pixels=sys.maxsize)
    if (info.width, info.height) != size:
        raise InvalidMask(
            f"the mask is {info.width}x{info.height}, the image is {size[0]}x{size[1]}",
            size=[info.width, info.height],
            image_size=list(size),
        )
    rgb = decode(data, max_pixels=info.width * info.height).rgb
    luma = np.asarray(Pillow.fromarray(rgb).convert("L"))
    mask = np.where(luma > MASK_THRESHOLD, np.uint8(255), np.uint8(0))
    if not mask.any():
        raise InvalidMask("the mask marks no pixel: none has a grey value over 127")
    return mask


def media_type(decoded: DecodedImage) -> str:
    """Of the file the picture came from."""
    return f"image/{decoded.format.lower()}"
