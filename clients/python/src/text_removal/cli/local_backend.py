"""What stands behind the service's HTTP layer in this process: its own pipeline, detector and models."""

import asyncio
from collections.abc import AsyncGenerator
from typing import cast

from fastapi import FastAPI

from deployments.api.admission.desk import Desk
from deployments.api.app import create_api
from deployments.api.ports import Answered, ServiceHealth, Tasks
from deployments.config.settings import AppConfig, Environment, ModelConfig, Settings, resolve
from deployments.inference.inpainter import Inpainter
from deployments.inference.text_detector import TextDetector
from deployments.messages.jobs import Answer, Detection, Filled, Job, ModelState, ModelStatus
from deployments.messages.ports import TextFinder
from deployments.pipeline.eraser import Eraser
from models.errors import InvalidRequest
from models.types import Image, InpaintParameters, Mask, Progress, Region


def application() -> FastAPI:
    """Set up by the service's environment variables. Raises: ConfigurationError."""
    settings = resolve(AppConfig(fallback_model="mend"), Environment.read())
    settings = settings.model_copy(update={"blob_store_url": "memory://text-removal", "api_keys": ()})
    return create_api(LocalBackend(settings), settings.api)


class LocalBackend:
    """The pipeline is the service's own; a model is loaded when it is first needed."""

    def __init__(self, settings: Settings) -> None:
        self._models = {model.name: LocalModel(model, settings) for model in settings.app.models}
        self.desk = Desk(settings.admission)
        text = None if settings.app.detector is None else LocalText(settings.app.detector, settings)
        self._eraser = Eraser(settings, self._models, text)

    @property
    def tasks(self) -> Tasks:
        raise InvalidRequest("there are no tasks without a service")

    async def run(self, job: Job[Answer]) -> Answer:
        return await self._eraser.run(job)

    async def models(self) -> tuple[ModelStatus, ...]:
        return tuple(model.status for model in self._models.values())

    async def health(self) -> ServiceHealth:
        return ServiceHealth(True, False, (), {})

    def answered(self, answer: Answered) -> None:
        """Nobody counts here."""

    async def metrics(self) -> bytes:
        return b""


class LocalModel:
    """A model replica, in this process."""

    def __init__(self, config: ModelConfig, settings: Settings) -> None:
        self._config = config
        self._settings = settings
        self._replica: Inpainter | None = None
        self.status = ModelStatus(config.name, ModelState.NOT_LOADED, config.device or settings.device)

    async def report_model(self, replica_id: str, status: ModelStatus) -> None:
        self.status = status

    async def inpaint(
        self, job_id: str, image: Image, mask: Mask, parameters: InpaintParameters, deadline: float | None
    ) -> Filled:
        return await self._loaded().inpaint(job_id, image, mask, parameters, deadline)

    async def inpaint_in_steps(
        self, job_id: str, image: Image, mask: Mask, parameters: InpaintParameters, deadline: float | None
    ) -> AsyncGenerator[Progress | Filled]:
        async for step in self._loaded().inpaint_in_steps(job_id, image, mask, parameters, deadline):
            yield step

    async def stop(self, job_id: str) -> None:
        await self._loaded().stop(job_id)

    def _loaded(self) -> Inpainter:
        if self._replica is None:
            self._replica = Inpainter(self._config, self._settings, self)
        return self._replica


class LocalText:
    """The detector replica, in this process. Its network takes a second to load: not in the event loop."""

    def __init__(self, config: ModelConfig, settings: Settings) -> None:
        self._config = config
        self._settings = settings
        self._loading: asyncio.Future[TextDetector] | None = None

    async def detect(self, image: Image, min_confidence: float, deadline: float | None) -> Detection:
        return await (await self._loaded()).detect(image, min_confidence, deadline)

    async def readable(self, image: Image, regions: tuple[Region, ...], deadline: float | None) -> tuple[int, ...]:
        return await (await self._loaded()).readable(image, regions, deadline)

    async def _loaded(self) -> TextFinder:
        if self._loading is None:
            self._loading = asyncio.ensure_future(asyncio.to_thread(TextDetector, self._config, self._settings))
        return cast(TextFinder, await asyncio.shield(self._loading))
