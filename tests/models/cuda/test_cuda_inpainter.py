"""A model on a device, on a device that is this process' own memory and can be made too small."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor

from models.base import InpaintModel, OnDevice, WarmsUp
from models.cuda.graphs import GraphLimits, RecordingFailed
from models.cuda.inpainter import CudaInpainter, Network
from models.cuda.staging import Shape, Staging, pack, packed_size, split
from models.errors import OutOfDeviceMemory
from models.types import Images, InpaintParameters, Masks, StepCallback

PARAMETERS = InpaintParameters()


@dataclass
class Recorded:
    """Like a graph, it runs on the same memory every time, and its result is overwritten by the next."""

    network: Network
    packed: Tensor
    shape: Shape


class FakeDevice:
    """A forward of more than `capacity` pixels does not fit; each pixel takes a kilobyte."""

    def __init__(self, capacity: int = 1 << 30) -> None:
        self.capacity = capacity
        self.ran: list[Shape] = []
        self.recorded: list[Shape] = []
        self.replayed: list[Shape] = []
        self.dropped: list[Shape] = []
        self.freed = 0
        self.unrecordable = False
        self._staging = Staging(pinned=False)
        self._result = torch.empty(0, dtype=torch.uint8)

    def run(self, compute: Network, images: Images, masks: Masks) -> Images:
        self.ran.append((masks.shape[0], masks.shape[1], masks.shape[2]))
        self._check(masks.shape)
        packed = pack(images, masks, self._staging.room(packed_size(masks.shape)))
        filled: Images = compute(*split(packed, masks.shape)).numpy().copy()
        return filled

    def record(self, compute: Network, shape: Shape) -> Recorded:
        if self.unrecordable:
            raise RecordingFailed("not here")
        if np.prod(shape) > self.capacity:
            raise RecordingFailed("out of memory")
        self.recorded.append(shape)
        return Recorded(compute, torch.zeros(packed_size(shape), dtype=torch.uint8), shape)

    def replay(self, recorded: Recorded, images: Images, masks: Masks) -> Images:
        assert masks.shape == recorded.shape
        self.replayed.append(recorded.shape)
        self._check(recorded.shape)
        pack(images, masks, recorded.packed)
        self._result = recorded.network(*split(recorded.packed, recorded.shape))
        filled: Images = self._result.numpy().copy()
        return filled

    def drop(self, graphs: Sequence[Recorded]) -> None:
        self.dropped += [recorded.shape for recorded in graphs]

    def graph_bytes(self) -> int:
        return 0

    def memory_bytes(self) -> int:
        return 12_345

    def available_bytes(self) -> int:
        return self.capacity * 1000

    def peak_bytes(self, work: Callable[[], object]) -> int:
        work()
        return int(np.prod(self.ran[-1])) * 1000

    def free(self) -> None:
        self.freed += 1

    def _check(self, shape: tuple[int, ...]) -> None:
        if np.prod(shape) > self.capacity:
            raise OutOfDeviceMemory("CUDA out of memory. Tried to allocate 2.00 GiB")


def negative(images: Tensor, masks: Tensor) -> Tensor:
    """The hole is filled with the negative of what was there: every window has a result of its own."""
    return torch.where((masks > 0).unsqueeze(-1), 255 - images, images)


def expected(images: Images, masks: Masks) -> Images:
    return np.where((masks > 0)[..., np.newaxis], 255 - images, images)


class OnCpu:
    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def inpaint(
        self, images: Images, masks: Masks, parameters: InpaintParameters, on_step: StepCallback | None = None
    ) -> Images:
        self.shapes.append(masks.shape)
        return expected(images, masks)


def windows(count: int, height: int = 16, width: int = 24, seed: int = 0) -> tuple[Images, Masks]:
    rng = np.random.default_rng((seed, count))
    images = rng.integers(0, 256, (count, height, width, 3), np.uint8)
    masks = (rng.random((count, height, width)) < 0.4).astype(np.uint8) * 255
    images.flags.writeable = masks.flags.writeable = False
    return images, masks


def model_on(
    device: FakeDevice, limits: GraphLimits | None = None, cpu: OnCpu | None = None
) -> CudaInpainter[Recorded]:
    on_cpu = cpu or OnCpu()
    return CudaInpainter(negative, device, lambda: on_cpu, warm_sizes=[(16, 24)], limits=limits or GraphLimits(after=2))


def test_it_is_what_the_service_expects_of_a_model_on_a_device() -> None:
    model: InpaintModel = model_on(FakeDevice())

    assert isinstance(model, WarmsUp)
    assert isinstance(model, OnDevice)
    assert model.memory_bytes() == 12_345


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_eager_and_replayed_batches_give_each_window_its_own_result(count: int) -> None:
    device = FakeDevice()
    model = model_on(device)

    for seed in range(4):
        images, masks = windows(count, seed=seed)
        assert np.array_equal(model.inpaint(images, masks, PARAMETERS), expected(images, masks))

    padded = {1: 1, 2: 2, 3: 4, 5: 8, 8: 8}[count]
    assert device.ran == [(padded, 16, 24)]
    assert device.replayed == [(padded, 16, 24)] * 3


def test_a_batch_too_large_for_a_graph_is_not_padded() -> None:
    device = FakeDevice()
    model = model_on(device, GraphLimits(after=1, max_pixels=3 * 16 * 24))
    images, masks = windows(3)

    assert np.array_equal(model.inpaint(images, masks, PARAMETERS), expected(images, masks))

    assert device.ran == [(3, 16, 24)]
    assert device.recorded == []


def test_a_shape_that_cannot_be_recorded_still_runs() -> None:
    device = FakeDevice()
    device.unrecordable = True
    model = model_on(device)

    for seed in range(4):
        images, masks = windows(2, seed=seed)
        assert np.array_equal(model.inpaint(images, masks, PARAMETERS), expected(images, masks))

    assert device.replayed == []


def test_warm_up_finds_what_fits_and_records_the_common_sizes() -> None:
    device = FakeDevice(capacity=4_000_000)
    model = model_on(device)

    found = model.warm_up(100_000_000)

    assert found == pytest.approx(4_000_000 * 0.65, abs=1)
    assert max(int(np.prod(shape)) for shape in device.ran) <= found
    assert device.recorded == [(1, 16, 24), (4, 16, 24)]
    model.inpaint(*windows(1), PARAMETERS)
    assert device.replayed == [(1, 16, 24)]


def test_warm_up_keeps_to_the_configured_budget() -> None:
    assert model_on(FakeDevice()).warm_up(2_000_000) == 2_000_000


def test_a_batch_that_does_not_fit_frees_what_it_can_and_says_so() -> None:
    device = FakeDevice()
    model = model_on(device)
    model.warm_up(1 << 22)
    device.capacity = 3 * 16 * 24
    freed = device.freed

    with pytest.raises(OutOfDeviceMemory, match="4 windows of 24x16 do not fit"):
        model.inpaint(*windows(4), PARAMETERS)

    assert device.dropped == [(1, 16, 24), (4, 16, 24)]
    assert device.freed > freed
    images, masks = windows(2)
    assert np.array_equal(model.inpaint(images, masks, PARAMETERS), expected(images, masks))


def test_a_single_window_is_tried_again_in_the_freed_memory() -> None:
    class Crowded(FakeDevice):
        def free(self) -> None:
            super().free()
            self.capacity = 1 << 20

    device = Crowded(capacity=100)
    images, masks = windows(1)

    assert np.array_equal(model_on(device).inpaint(images, masks, PARAMETERS), expected(images, masks))
    assert len(device.ran) == 2


def test_a_window_that_does_not_fit_at_all_can_run_on_the_cpu_and_that_is_told_once_for_its_size(
    caplog: pytest.LogCaptureFixture,
) -> None:
    device, cpu = FakeDevice(capacity=16 * 24), OnCpu()
    model = model_on(device, GraphLimits(after=1), cpu)
    model.inpaint(*windows(1), PARAMETERS)
    images, masks = windows(1, 32, 32)

    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            with pytest.raises(OutOfDeviceMemory):
                model.inpaint(images, masks, PARAMETERS)
            assert np.array_equal(model.inpaint_on_cpu(images, masks, PARAMETERS), expected(images, masks))

    told = [message for message in caplog.messages if "CPU" in message]
    assert told == ["a window of 32x32 does not fit on the device: such windows run on the CPU"]
    assert cpu.shapes == [(1, 32, 32)] * 3
    assert len(device.ran) == 2 + 1 + 1  # tried twice the first time, once afterwards
