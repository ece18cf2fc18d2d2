"""The embedded eraser: smooth ground is fitted, edges are continued through the rest. No weights, no network."""

import cv2
import numpy as np

from models.base import LoadOptions, ModelFacts
from models.filling.fitting import fitted
from models.filling.flow import continued
from models.filling.rim import retold
from models.types import Image, Images, InpaintParameters, Mask, Masks, StepCallback


class Mend:
    """Fills each window by itself, so windows of one batch do not know of each other."""

    def inpaint(
        self, images: Images, masks: Masks, parameters: InpaintParameters, on_step: StepCallback | None = None
    ) -> Images:
        return np.stack([mended(image, mask) for image, mask in zip(images, masks, strict=True)])


def mended(image: Image, mask: Mask) -> Image:
    """`image` with every masked pixel filled; every other pixel as it was."""
    fit = fitted(image, mask)
    left = fit.left > 0
    if not left.any():
        return fit.image
    values = continued(retold(fit.image.astype(np.float32), mask > 0, left), left)[left]
    fit.image[left] = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return fit.image


def load(facts: ModelFacts, options: LoadOptions) -> Mend:
    cv2.setNumThreads(options.threads or cv2.getNumberOfCPUs())
    return Mend()
