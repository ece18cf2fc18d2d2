"""The detector replica: finds text in images, one at a time in a thread of its own."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from deployments.config.settings import ModelConfig, Settings
from deployments.logs import configure_logging
from deployments.messages.jobs import DetectedText, Detection
from models.types import Image, Region


class TextDetector:
    """The model is loaded in the constructor: its weights come with its package, so that cannot fail for want of a
    network."""

    def __init__(self, config: ModelConfig, settings: Settings) -> None:
        configure_logging(settings.log_level)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="detector")
        from models.detection import detector  # its onnxruntime belongs into this process only

        self._model = detector
        self._detector = detector.load(config.device or settings.device)

    async def detect(self, image: Image, min_confidence: float, deadline: float | None) -> Detection:
        """`image` (h, w, 3) RGB; found texts in reading order."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            self._thread, lambda: self._detector.detect(image, min_confidence=min_confidence)
        )
        height, width = image.shape[:2]
        texts = tuple(DetectedText(tuple(text.points), text.confidence) for text in found)
        return Detection(texts, width, height)

    async def readable(self, image: Image, regions: tuple[Region, ...], deadline: float | None) -> tuple[int, ...]:
        """Indices of the regions in which text can still be read."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: self._model.readable(self._detector, image, regions))
