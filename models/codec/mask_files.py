"""What a mask file means: marked where it is bright, or where its alpha says so."""

import sys

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from models.codec.decoding import DecodedImage, Samples, decode
from models.codec.headers import probe
from models.errors import InvalidMask
from models.types import Image, Mask

THRESHOLD = 127
"""Of luma and of alpha: what is over it is marked."""

SAME_PICTURE_LEVELS = 12.0
"""Mean difference of 8-bit samples up to which two pictures are the same one, coded twice. A JPEG of quality 50 differs
from its source by 3 to 6; two photographs by 50 and more."""

FULL_SHARE = 0.99
"""Share of the picture from which on a mask is a mistake, unless the client says that it is not."""


def decode_mask(data: bytes, image: Image, *, allow_full: bool = False) -> Mask:
    """A mask file of any format `decode` takes, for `image`, which is upright.

    Without alpha, or with the same alpha everywhere, pixels whose luma is over 127 are marked, as in IOPaint. Where
    alpha varies, what is meant depends on the colours: if all pixels that can be seen have one colour, alpha is the
    mask (something painted on an empty layer); if the mask is a copy of the image, its transparent hole is (OpenAI's
    convention); anything else is refused. The mask's own EXIF orientation is applied.

    Raises: InvalidMask (details: size, image_size) for another size; if no pixel is marked; if more than 99 % are and
    not `allow_full`; if the meaning of alpha is not clear. InvalidImage, UnsupportedImage.
    """
    height, width = image.shape[:2]
    info = probe(data, max_pixels=sys.maxsize)
    if (info.width, info.height) != (width, height):
        raise InvalidMask(
            f"the mask is {info.width}x{info.height}, the image is {width}x{height}",
            size=[info.width, info.height],
            image_size=[width, height],
        )
    marked = _marked(decode(data, max_pixels=sys.maxsize), image)
    count = int(np.count_nonzero(marked))
    if not count:
        raise InvalidMask("the mask marks no pixel: none has a grey value over 127")
    if count > FULL_SHARE * marked.size and not allow_full:
        raise InvalidMask(
            f"the mask marks {100 * count / marked.size:.1f} % of the picture; if that is meant, send allow_full_mask"
        )
    return np.where(marked, np.uint8(255), np.uint8(0))


def _marked(mask: DecodedImage, image: Image) -> NDArray[np.bool_]:
    alpha = None if mask.alpha is None else _eight_bit(mask.alpha)
    if alpha is None or alpha.min() == alpha.max():
        return np.asarray(Pillow.fromarray(mask.rgb).convert("L")) > THRESHOLD
    seen = mask.rgb[alpha > 0]
    if (seen.min(axis=0) == seen.max(axis=0)).all():
        return alpha > THRESHOLD
    if _same_picture(mask.rgb, image, alpha == alpha.max()):
        return alpha <= THRESHOLD
    raise InvalidMask(
        "the mask varies both in colour and in alpha; send white on black without alpha, one colour on a transparent "
        "ground, or the image itself with a transparent hole"
    )


def _same_picture(a: Image, b: Image, where: NDArray[np.bool_]) -> bool:
    difference = np.abs(a[where].astype(np.int16) - b[where].astype(np.int16))
    return float(difference.mean()) <= SAME_PICTURE_LEVELS


def _eight_bit(alpha: Samples) -> NDArray[np.uint8]:
    return (alpha >> 8).astype(np.uint8) if alpha.dtype == np.uint16 else alpha.astype(np.uint8, copy=False)
