"""Replicas in this process, without Ray, as the pipeline sees their deployments."""

from collections.abc import AsyncGenerator

from deployments.inference.inpainter import Inpainter
from deployments.messages.jobs import Filled, ModelStatus
from models.types import Image, InpaintParameters, Mask, Progress


class Here:
    """A model replica."""

    def __init__(self, replica: Inpainter) -> None:
        self._replica = replica

    async def inpaint(
        self, job_id: str, image: Image, mask: Mask, parameters: InpaintParameters, deadline: float | None
    ) -> Filled:
        return await self._replica.inpaint(job_id, image, mask, parameters, deadline)

    def inpaint_in_steps(
        self, job_id: str, image: Image, mask: Mask, parameters: InpaintParameters, deadline: float | None
    ) -> AsyncGenerator[Progress | Filled]:
        return self._replica.inpaint_in_steps(job_id, image, mask, parameters, deadline)

    async def stop(self, job_id: str) -> None:
        await self._replica.stop(job_id)


class Nobody:
    """Takes the replicas' reports, and does nothing with them."""

    async def report_model(self, replica_id: str, status: ModelStatus) -> None:
        pass
