"""What cameras, scalers and encoders do to a picture, done alike to a picture and to its clean twin."""

from dataclasses import dataclass

import cv2
import numpy as np

from models.types import Image

_JPEG_420 = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420
_JPEG_444 = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444


@dataclass(frozen=True, slots=True)
class Capture:
    """One chain: reduce by `reduction`, blur (sigma in px, 0: none), sharpen (`amount` 1 = 100 %, `radius` px), add
    noise (levels, drawn from `seed`), code as JPEG (`quality` 0: not at all)."""

    reduction: float
    blur: float
    amount: float
    radius: float
    noise: float
    quality: int
    subsampled: bool
    seed: int

    def reduced(self, image: Image) -> Image:
        """Reduced and blurred only: nothing of a letter lies outside its own pixels yet."""
        out = image
        if self.reduction < 1:
            height, width = (max(6, round(side * self.reduction)) for side in image.shape[:2])
            out = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        if self.blur:
            out = cv2.GaussianBlur(out, (0, 0), self.blur)
        return np.asarray(out, np.uint8)

    def finished(self, reduced: Image) -> Image:
        """Sharpened, noisy and coded."""
        values = reduced.astype(np.float32)
        if self.amount:
            values += self.amount * (values - cv2.GaussianBlur(values, (0, 0), self.radius))
        if self.noise:
            values += np.random.default_rng(self.seed).normal(0, self.noise, values.shape).astype(np.float32)
        image = np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)
        if not self.quality:
            return image
        sampling = _JPEG_420 if self.subsampled else _JPEG_444
        how = [cv2.IMWRITE_JPEG_QUALITY, self.quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
        _, coded = cv2.imencode(".jpg", image[..., ::-1], how)
        return np.asarray(np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR))[..., ::-1], np.uint8)


def capture(rng: np.random.Generator) -> Capture:
    """Mostly a picture that was reduced, sharpened and coded; one in five is a plain screenshot."""
    seed = int(rng.integers(2**32))
    quality = int(rng.integers(60, 93)) if rng.random() < 0.8 else int(rng.integers(35, 98))
    subsampled = bool(rng.random() < 0.8)
    if rng.random() < 0.2:
        return Capture(1, 0, 0, 1, 0, quality if rng.random() < 0.5 else 0, subsampled, seed)
    return Capture(
        reduction=float(rng.uniform(0.45, 0.65)),
        blur=float(rng.uniform(0.4, 1.2)) if rng.random() < 0.12 else 0.0,
        amount=float(rng.uniform(0, 1.5)) if rng.random() < 0.8 else 0.0,
        radius=float(rng.uniform(0.7, 2.0)),
        noise=float(rng.uniform(1, 8)) if rng.random() < 0.15 else 0.0,
        quality=quality if rng.random() < 0.9 else 0,
        subsampled=subsampled,
        seed=seed,
    )
