"""The detector replica: finds text in images, one at a time in a thread of its own."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from deployments.config.logs import configure_logging
from deployments.config.settings import ModelConfig, Settings
from deployments.messages.jobs import DetectedText, Detection
from deployments.threads import in_thread
from models.types import Image, Region


class TextDetector:
    """The model is loaded in the constructor: its weights come with its package, so that cannot fail for want of a
    network."""

    def __init__(self, config: ModelConfig, settings: Settings) -> None:
        configure_logging(settings.log_level, settings.log_format)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="detector")
        from models.detection import detector, readable  # its onnxruntime belongs into this process only

        self._readable = readable.readable
        self._detector = detector.load(config.device or settings.device)
        shades = np.arange(256, dtype=np.uint8)[None, :, None]  # a blank would not reach the network
        self._detector.detect(np.tile(shades, (64, 1, 3)))  # the first call takes longest

    async def detect(self, image: Image, min_confidence: float, deadline: float | None) -> Detection:
        """`image` (h, w, 3) RGB; found texts in reading order. Raises: DeadlineExceeded."""
        found = await in_thread(
            lambda: self._detector.detect(image, min_confidence=min_confidence), deadline=deadline, pool=self._thread
        )
        height, width = image.shape[:2]
        texts = tuple(DetectedText(tuple(text.points), text.confidence) for text in found)
        return Detection(texts, width, height)

    async def readable(self, image: Image, regions: tuple[Region, ...], deadline: float | None) -> tuple[int, ...]:
        """Indices of the regions in which text can still be read. Raises: DeadlineExceeded."""
        return await in_thread(
            lambda: self._readable(self._detector, image, regions), deadline=deadline, pool=self._thread
        )
