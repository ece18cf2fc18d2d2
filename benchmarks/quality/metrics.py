"""How far an image is from the clean one, in the terms of the text-removal field (EnsNet, Zhang et al., 2019)."""

from dataclasses import astuple, dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.types import Image

_ERROR_LEVELS = 20
"""A pixel is wrong if it is more than this many grey levels off."""


@dataclass(frozen=True, slots=True)
class Distance:
    """`psnr` dB; `mssim` -1..1; `age` mean absolute grey difference, 0-255; `peps` share of wrong pixels, and `pceps`
    of those whose four neighbours are wrong too, in percent."""

    psnr: float
    mssim: float
    age: float
    peps: float
    pceps: float


def distance(result: Image, clean: Image, where: NDArray[np.bool_]) -> Distance:
    """Over the pixels masked in `where` (h, w); at least one. PSNR over RGB, the others over grey."""
    squared = (result.astype(np.float64) - clean)[where] ** 2
    grey, wanted = _grey(result), _grey(clean)
    off = np.abs(grey - wanted)
    wrong = off > _ERROR_LEVELS
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    clustered = cv2.erode(wrong.astype(np.uint8), cross, borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0
    return Distance(
        psnr=float(10 * np.log10(255**2 / max(squared.mean(), 1e-3))),
        mssim=float(_similarity(grey, wanted)[where].mean()),
        age=float(off[where].mean()),
        peps=100 * float(wrong[where].mean()),
        pceps=100 * float(clustered[where].mean()),
    )


def mean(distances: list[Distance]) -> Distance:
    """Mean of each figure over images, PSNR in dB too, as the field reports it."""
    return Distance(*(float(value) for value in np.mean([astuple(one) for one in distances], axis=0)))


def _grey(image: Image) -> NDArray[np.float64]:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.float64)


def _similarity(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """SSIM of each pixel (Wang et al., 2004): Gaussian window, sigma 1.5, constants for 0-255."""

    def blurred(plane: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(cv2.GaussianBlur(plane, (11, 11), 1.5), np.float64)

    one, two = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean1, mean2 = blurred(first), blurred(second)
    spread1 = blurred(first * first) - mean1**2
    spread2 = blurred(second * second) - mean2**2
    both = blurred(first * second) - mean1 * mean2
    top = (2 * mean1 * mean2 + one) * (2 * both + two)
    bottom = (mean1**2 + mean2**2 + one) * (spread1 + spread2 + two)
    return np.asarray(top / bottom)
