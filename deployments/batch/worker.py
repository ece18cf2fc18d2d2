"""One actor of the pool: the service's pipeline and models in one process, over pictures it reads and writes itself.

Only paths and rows of the report pass through Ray: pictures never do, so memory is that of the pictures at work.
"""

import asyncio
import json
import math
import threading
import time
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from deployments.api.errors import row_of
from deployments.api.replies import suffix_of
from deployments.api.schema.headers import result_headers
from deployments.batch.asking import job_of
from deployments.batch.config import Plan
from deployments.batch.places import QUARANTINE, Place, result_path
from deployments.batch.report import Row
from deployments.inference.inpainter import Inpainter
from deployments.inference.text_detector import TextDetector
from deployments.messages.jobs import EraseJob, ModelStatus, OutputFormat, ResultKind
from deployments.pipeline.eraser import Eraser
from models.errors import (
    ImageTooLarge,
    InvalidImage,
    InvalidRequest,
    ModelUnavailable,
    TextRemovalError,
    UnsupportedImage,
)
from models.types import InpaintParameters

T = TypeVar("T")

BAD_FILE = (InvalidImage, UnsupportedImage, ImageTooLarge)
"""The file itself is to blame: a copy of it goes into quarantine."""

FIRST_WINDOW_PX = 64
POLL_S = 2.0


class Nobody:
    """Takes the model's reports of itself (`ports.ModelReports`), and does nothing with them."""

    async def report_model(self, replica_id: str, status: ModelStatus) -> None:
        pass


class Worker:
    """Called with batches of paths, several at a time from threads of its own: one event loop serves them all, so the
    windows of all pictures at work share the model's forwards."""

    def __init__(self, plan: Plan) -> None:
        """Returns once the model has been loaded. Raises: ModelUnavailable if it cannot be."""
        self._plan = plan
        self._source, self._target = Place(plan.source), Place(plan.target)
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="pipeline", daemon=True).start()
        self._eraser = self._await(self._started())

    def __call__(self, batch: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        rows = self._await(self._erase_all([str(path) for path in batch["path"]]))
        return {"row": np.array([json.dumps(row) for row in rows])}

    def _await(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _started(self) -> Eraser:
        settings, asked = self._plan.settings, self._plan.asked
        wanted = str(asked.get("model") or settings.default_model)
        config = next(model for model in settings.app.models if model.name == wanted)
        model = Inpainter(
            config.model_copy(update={"threads": config.threads or self._plan.threads}), settings, Nobody()
        )
        await _until_loaded(model)
        looks = asked.get("detect") or asked.get("mask_mode") == "strokes" or asked.get("verify")
        text = TextDetector(settings.app.detector, settings) if settings.app.detector and looks else None
        return Eraser(settings, {wanted: model}, text)

    async def _erase_all(self, paths: list[str]) -> list[Row]:
        return list(await asyncio.gather(*(self._erase(path) for path in paths)))

    async def _erase(self, path: str) -> Row:
        started = time.perf_counter()
        try:
            image = await asyncio.to_thread(self._source.read, path)
            job = await asyncio.to_thread(job_of, self._plan, path, image)
            file = result_path(path, f".{suffix_of(_media_type(job))}")
            if await asyncio.to_thread(self._target.has, file):  # before a process died under this batch
                return {"path": path, "status": "completed", "file": file}
            erased = await self._eraser.erase(job)
            await asyncio.to_thread(self._target.write, file, erased.image)
        except TextRemovalError as error:
            if isinstance(error, BAD_FILE):
                await asyncio.to_thread(self._target.write, f"{QUARANTINE}/{path}", image)
            return _failed(path, error)
        except OSError as error:
            return {"path": path, "status": "error", "error": "io", "message": str(error), "field": "", "again": True}
        seconds = round(time.perf_counter() - started, 3)
        return {"path": path, "status": "completed", "file": file, "seconds": seconds, "headers": _facts(erased.info)}


def _media_type(job: EraseJob) -> str:
    return (job.output_format if job.result is ResultKind.IMAGE else OutputFormat.PNG).media_type


def _facts(info: Any) -> dict[str, str]:
    return {name: value for name, value in result_headers(info).items() if name != "X-Timestamp"}


def _failed(path: str, error: TextRemovalError) -> Row:
    row = {"path": path, "status": "error", "error": row_of(type(error)).code, "message": error.message}
    again = not isinstance(error, (*BAD_FILE, InvalidRequest))
    return row | {"field": str(error.details.get("field", "")), "again": again}


async def _until_loaded(model: Inpainter) -> None:
    """Waits for a download too. Raises: ModelUnavailable."""
    side = math.ceil(FIRST_WINDOW_PX / model.facts.pad_multiple) * model.facts.pad_multiple
    image, mask = np.zeros((side, side, 3), np.uint8), np.zeros((side, side), np.uint8)
    mask[side // 2, side // 2] = 255
    while True:
        try:
            await model.inpaint("start", image, mask, InpaintParameters(sd_steps=1))
            return
        except ModelUnavailable as error:
            if "retry_after_s" not in error.details:
                raise
        await asyncio.sleep(POLL_S)
