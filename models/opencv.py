"""OpenCV's inpainting (Navier-Stokes or Telea): IOPaint's cv2 model without importing IOPaint."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import isqrt

import cv2
import numpy as np

from models.base import LoadOptions, ModelFacts
from models.errors import InvalidRequest
from models.types import Box, Image, Images, InpaintParameters, Mask, Masks, StepCallback

MOST_VISITS = 1_000_000_000
"""cv2.inpaint looks at a square of (2 radius + 1) squared around each masked pixel, at about 5 ns each, and nothing can
stop it: one window takes 5 s at most on one core. With the default radius that is 12 megapixels to fill."""

FLAGS = {"INPAINT_NS": cv2.INPAINT_NS, "INPAINT_TELEA": cv2.INPAINT_TELEA}


@dataclass(frozen=True, slots=True)
class OpenCV:
    """Fills every pixel whose mask is not 0, with the bytes cv2.inpaint gives for the whole image.

    OpenCV works in one thread, so holes that do not see each other are filled in several at once.
    """

    threads: ThreadPoolExecutor

    def inpaint(
        self, images: Images, masks: Masks, parameters: InpaintParameters, on_step: StepCallback | None = None
    ) -> Images:
        return np.stack([self._fill(image, mask, parameters) for image, mask in zip(images, masks, strict=True)])

    def _fill(self, image: Image, mask: Mask, parameters: InpaintParameters) -> Image:
        def fill(zone: tuple[Box, Mask]) -> None:
            box, hole = zone
            cv2.copyTo(_inpaint(image[box.slices], hole, parameters), hole, filled[box.slices])

        _check_work(mask, parameters.cv2_radius)
        filled = image.copy()
        list(self.threads.map(fill, _zones(mask, parameters.cv2_radius)))
        return filled


def _check_work(mask: Mask, radius: int) -> None:
    """Raises: InvalidRequest."""
    area = int(np.count_nonzero(mask))
    if area * (2 * radius + 1) ** 2 > MOST_VISITS:
        most = max(0, (isqrt(MOST_VISITS // area) - 1) // 2)
        raise InvalidRequest(
            f"cv2_radius: {radius} is too much for the {area} pixels to fill in one window; "
            + (f"{most} is possible there" if most else "so many cannot be filled at once; use hd_strategy Auto"),
            field="cv2_radius",
        )


def load(facts: ModelFacts, options: LoadOptions) -> OpenCV:
    threads = options.threads or cv2.getNumberOfCPUs()
    cv2.setNumThreads(threads)
    return OpenCV(ThreadPoolExecutor(threads, thread_name_prefix="cv2"))


def _zones(mask: Mask, radius: int) -> list[tuple[Box, Mask]]:
    """Boxes with the holes that are to be filled in them: holes of two zones are further apart than a pixel's
    neighbourhood reaches from either side, so each zone can be filled by itself. `radius` as for cv2.inpaint.
    """
    reach = 2 * (radius + 1)
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(mask, kernel), connectivity=8)
    zones = []
    for label, (left, top, width, height, _) in enumerate(stats[1:count].tolist(), start=1):
        box = Box(left, top, left + width, top + height)
        zones.append((box, np.where(labels[box.slices] == label, mask[box.slices], np.uint8(0))))
    return zones


def _inpaint(image: Image, mask: Mask, parameters: InpaintParameters) -> Image:
    # In BGR, as IOPaint: Telea's result depends on nothing but its own channel, but equal input is the safe way.
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    filled = cv2.inpaint(bgr, mask, inpaintRadius=parameters.cv2_radius, flags=FLAGS[parameters.cv2_flag])
    rgb: Image = cv2.cvtColor(filled, cv2.COLOR_BGR2RGB)
    return rgb
