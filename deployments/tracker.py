"""The tracker: tasks and the state of the models. One process, metadata only; image bytes go through the blob store."""

import time

from deployments.board import ModelBoard
from deployments.config import Settings
from deployments.handles import RemoteEraser
from deployments.jobs import ModelStatus
from deployments.logs import configure_logging


class TaskTracker:
    def __init__(self, settings: Settings, eraser: RemoteEraser) -> None:
        configure_logging(settings.log_level)
        self._board = ModelBoard({model.name: model.device or settings.device for model in settings.app.models})
        self._eraser = eraser

    async def report_model(self, replica_id: str, status: ModelStatus) -> None:
        self._board.report(replica_id, status, time.monotonic())

    async def models(self) -> tuple[ModelStatus, ...]:
        return self._board.snapshot(time.monotonic())
