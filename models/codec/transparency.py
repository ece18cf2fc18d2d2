"""Pictures one can see through: shown on a ground to find and fill text in, and taken off it again."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.codec.decoding import DecodedImage, Samples
from models.types import Box, Image, Mask

Floats = NDArray[np.float32]

_WHITE, _BLACK = 255, 0
_STANDS_OUT = 48
"""Grey levels by which the border of what is opaque has to differ from the ground for a detector to see it well."""


@dataclass(frozen=True, slots=True)
class Shown:
    """`image` is what an eye sees on a ground of that grey level; None: nothing is transparent, `image` is the
    picture's own."""

    image: Image
    ground: int | None


def shown(decoded: DecodedImage) -> Shown:
    """The picture on white or on black, whichever contrasts with more of what borders on transparency.

    The colours of transparent pixels are anything: black under black letters, most often.
    """
    if decoded.alpha is None or (decoded.alpha == _opaque(decoded.alpha)).all():
        return Shown(decoded.rgb, None)
    ground = _contrasting(decoded.rgb, decoded.alpha)
    share = _share(decoded.alpha)[..., None]
    image = np.empty_like(decoded.rgb)
    for top in range(0, image.shape[0], 256):
        band = slice(top, top + 256)
        image[band] = np.rint(decoded.rgb[band] * share[band] + ground * (1 - share[band]))
    return Shown(image, ground)


def taken_off(decoded: DecodedImage, view: Shown, filled: Image, mask: Mask) -> tuple[DecodedImage, Image]:
    """The picture and its colours after `filled`, which is `view.image` with the masked pixels filled.

    Where alpha varies in or around the mask it is filled as well, smoothly, so that no letter stays behind as a shape.
    Outside the mask every sample is the input's.
    """
    if view.ground is None or decoded.alpha is None or not mask.any():
        return decoded, filled
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    height, width = mask.shape
    box = Box(
        max(0, int(columns[0]) - 2), max(0, int(rows[0]) - 2),
        min(width, int(columns[-1]) + 3), min(height, int(rows[-1]) + 3),
    )  # fmt: skip
    inside = mask[box.slices] > 0
    alpha, rgb = decoded.alpha.copy(), decoded.rgb.copy()
    alpha[box.slices][inside] = _filled(alpha[box.slices], inside)[inside]
    share = _share(alpha[box.slices][inside])[:, None]
    seen = filled[box.slices][inside]
    colour = (seen - view.ground * (1 - share)) / np.maximum(share, 1 / 255)
    rgb[box.slices][inside] = np.clip(np.rint(colour), 0, 255)
    return replace(decoded, alpha=alpha), rgb


def _filled(alpha: Samples, holes: NDArray[np.bool_]) -> Samples:
    from models.filling.membrane import membrane

    smooth = membrane(alpha[..., None].astype(np.float32), holes)[..., 0]
    whole = np.clip(np.rint(smooth), 0, _opaque(alpha))
    return whole.astype(np.uint16) if alpha.dtype == np.uint16 else whole.astype(np.uint8)


def _contrasting(rgb: Image, alpha: Samples) -> int:
    import cv2

    solid = (alpha > _opaque(alpha) // 2).astype(np.uint8)
    border = (solid > 0) & (cv2.erode(solid, np.ones((3, 3), np.uint8), borderValue=1) == 0)
    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)[border if border.any() else solid > 0]
    on_white, on_black = (np.count_nonzero(np.abs(luma - float(g)) > _STANDS_OUT) for g in (_WHITE, _BLACK))
    return _WHITE if on_white >= on_black else _BLACK


def _share(alpha: Samples) -> Floats:
    return alpha.astype(np.float32) / np.float32(_opaque(alpha))


def _opaque(alpha: Samples) -> int:
    return int(np.iinfo(alpha.dtype).max)
