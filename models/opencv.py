"""OpenCV's inpainting (Navier-Stokes or Telea): IOPaint's cv2 model without importing IOPaint."""

from dataclasses import dataclass

import cv2
import numpy as np

from models.base import LoadOptions, ModelFacts
from models.types import Image, Images, InpaintParameters, Mask, Masks, StepCallback

FLAGS = {"INPAINT_NS": cv2.INPAINT_NS, "INPAINT_TELEA": cv2.INPAINT_TELEA}


@dataclass(frozen=True, slots=True)
class OpenCV:
    """Fills every pixel whose mask is not 0."""

    def inpaint(
        self, images: Images, masks: Masks, parameters: InpaintParameters, on_step: StepCallback | None = None
    ) -> Images:
        return np.stack([_fill(image, mask, parameters) for image, mask in zip(images, masks, strict=True)])


def load(facts: ModelFacts, options: LoadOptions) -> OpenCV:
    if options.threads is not None:
        cv2.setNumThreads(options.threads)
    return OpenCV()


def _fill(image: Image, mask: Mask, parameters: InpaintParameters) -> Image:
    # In BGR, as IOPaint: Telea's result depends on nothing but its own channel, but equal input is the safe way.
    bgr = np.ascontiguousarray(image[:, :, ::-1])
    filled = cv2.inpaint(bgr, mask, inpaintRadius=parameters.cv2_radius, flags=FLAGS[parameters.cv2_flag])
    return np.ascontiguousarray(filled[:, :, ::-1])
