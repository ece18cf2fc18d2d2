"""The first call of a library imports it and reads its weights: seconds that no request should wait for."""

import logging
import time

import numpy as np

from models.filling.fitting import fitted
from models.masking.regions import rectangle

log = logging.getLogger(__name__)


def warm_up() -> None:
    """Mask and fit a small picture with bars in the place of letters."""
    started = time.perf_counter()
    from models.masking.strokes import stroke_mask

    image = np.full((64, 256, 3), 230, np.uint8)
    image[20:44, 24:232:16] = 20
    strokes = stroke_mask(image, [rectangle(16, 14, 220, 36)])
    fitted(image, strokes.mask)
    log.info("the pipeline is warm after %.1f s", time.perf_counter() - started)
