"""What goes through gRPC and what through Ray's shared memory, with handles that only note how they were called."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from deployments.messages.jobs import EraseJob
from deployments.remote.calls import DIRECT_BYTES
from deployments.remote.clients import RemoteEraser, RemoteModel
from models.types import InpaintParameters


@dataclass
class Handle:
    """Answers every method with None; `calls` has for each whether it went by reference."""

    calls: list[bool] = field(default_factory=list)
    by_reference: bool = True

    def options(self, *, stream: bool = False, _by_reference: bool = True) -> "Handle":
        return Handle(self.calls, _by_reference)

    def __getattr__(self, method: str) -> Any:
        return self

    def remote(self, *arguments: Any) -> Any:
        self.calls.append(self.by_reference)
        return _nothing()


async def _nothing() -> None:
    return None


@pytest.mark.parametrize(
    ("file_bytes", "pixels", "by_reference"),
    [
        (20_000, 640 * 480, False),
        (20_000, 0, True),
        (20_000, 1_200_000, True),
        (DIRECT_BYTES + 1, 100, True),
    ],
)
async def test_a_job_goes_by_reference_unless_it_and_its_answer_are_small(
    file_bytes: int, pixels: int, by_reference: bool
) -> None:
    # Given
    handle = Handle()
    # When
    await RemoteEraser(handle).run(EraseJob("r", bytes(file_bytes), pixels))  # type: ignore[arg-type]
    # Then
    assert handle.calls == [by_reference]


@pytest.mark.parametrize(("side", "by_reference"), [(512, False), (1024, True)])
async def test_a_window_goes_by_reference_if_it_is_large(side: int, by_reference: bool) -> None:
    # Given
    handle = Handle()
    image, mask = np.zeros((side, side, 3), np.uint8), np.zeros((side, side), np.uint8)
    # When
    await RemoteModel(handle).inpaint("job", image, mask, InpaintParameters(), None)  # type: ignore[arg-type]
    # Then
    assert handle.calls == [by_reference]
