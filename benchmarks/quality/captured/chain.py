"""From a drawing to a file: reduced, sharpened, coded."""

from dataclasses import dataclass

import cv2
import numpy as np

from models.types import Image


@dataclass(frozen=True, slots=True)
class Chain:
    """`reduction` 0.5-0.6 of the drawing's size; `sharpening` 0-1.5 times the difference to a blur of `radius_px`;
    JPEG of `quality` 60-92 with halved chroma (4:2:0)."""

    reduction: float
    sharpening: float
    radius_px: float
    quality: int

    def sharpened(self, drawing: Image) -> Image:
        """The picture before it is coded."""
        height, width = (round(side * self.reduction) for side in drawing.shape[:2])
        small = cv2.resize(drawing, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
        small += self.sharpening * (small - cv2.GaussianBlur(small, (0, 0), self.radius_px))
        return np.asarray(np.clip(np.rint(small), 0, 255), np.uint8)

    def coded(self, picture: Image) -> Image:
        """As it comes out of the JPEG."""
        how = [
            cv2.IMWRITE_JPEG_QUALITY, self.quality,
            cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
        ]  # fmt: skip
        _, file = cv2.imencode(".jpg", picture[..., ::-1], how)
        return np.asarray(np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR))[..., ::-1], np.uint8)


def chain(rng: np.random.Generator) -> Chain:
    return Chain(
        reduction=float(rng.uniform(0.5, 0.6)),
        sharpening=float(rng.uniform(0, 1.5)),
        radius_px=float(rng.uniform(0.8, 1.6)),
        quality=int(rng.integers(60, 93)),
    )
