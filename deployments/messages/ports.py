"""What the deployments need of each other, as Protocols: Ray-backed handles and test fakes both satisfy them."""

from collections.abc import AsyncGenerator
from typing import Protocol

from deployments.messages.jobs import Detection, Filled, ModelStatus
from models.types import Image, InpaintParameters, Mask, Progress, Region


class ModelReports(Protocol):
    """Where model replicas say how they are."""

    async def report_model(self, replica_id: str, status: ModelStatus) -> None: ...


class WindowModel(Protocol):
    """A model deployment as the pipeline sees it. Cancelling a call asks its work to stop; `stop` makes sure."""

    async def inpaint(
        self, job_id: str, image: Image, mask: Mask, parameters: InpaintParameters, deadline: float | None
    ) -> Filled: ...

    def inpaint_in_steps(
        self, job_id: str, image: Image, mask: Mask, parameters: InpaintParameters, deadline: float | None
    ) -> AsyncGenerator[Progress | Filled]: ...

    async def stop(self, job_id: str) -> None:
        """End all windows of one job, on every replica; returns when no device works on them any more."""
        ...


class TextFinder(Protocol):
    """The text detector deployment as the pipeline sees it."""

    async def detect(self, image: Image, min_confidence: float, deadline: float | None) -> Detection: ...

    async def readable(self, image: Image, regions: tuple[Region, ...], deadline: float | None) -> tuple[int, ...]:
        """Indices of the regions in which text can still be read."""
        ...
