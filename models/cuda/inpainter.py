"""A network on a CUDA device as the rest of the service sees a model."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Generic, Protocol

import numpy as np
from torch import Tensor

from models.base import InpaintModel
from models.cuda import budget
from models.cuda.batches import repeat_last, rounded_up
from models.cuda.graphs import Graph, GraphLimits, Graphs
from models.cuda.staging import Shape
from models.errors import OutOfDeviceMemory
from models.types import Images, InpaintParameters, Masks, StepCallback

log = logging.getLogger(__name__)

Network = Callable[[Tensor, Tensor], Tensor]
"""Images (n, h, w, 3) and masks (n, h, w) to filled images, uint8, all on the device."""

RESERVE = 0.15
"""Share of the free memory left alone: for gaps of the allocator, and shapes that take more than those tried."""

GRAPH_SHARE = 0.2
"""Share of the free memory that graphs may hold."""

MOST_PIXELS = 1 << 24
"""Some kernels of torch count elements with 32 bits; LaMa has 64 for each pixel."""

WARM_COUNTS = (1, 4)
"""Batch sizes recorded at the start: a lone window, and a few that came together."""


class Device(Protocol[Graph]):
    """What models.cuda.device.CudaDevice does, and a test without CUDA can stand in for."""

    def run(self, compute: Network, images: Images, masks: Masks) -> Images: ...
    def record(self, compute: Network, shape: Shape) -> Graph: ...
    def replay(self, recorded: Graph, images: Images, masks: Masks) -> Images: ...
    def drop(self, graphs: Sequence[Graph]) -> None: ...
    def graph_bytes(self) -> int: ...
    def memory_bytes(self) -> int: ...
    def available_bytes(self) -> int: ...
    def peak_bytes(self, work: Callable[[], object]) -> int: ...
    def free(self) -> None: ...


class CudaInpainter(Generic[Graph]):
    """`network` lies on `device`. `on_cpu` loads the same model there, for windows that do not fit on the device.

    `warm_sizes` (height, width) are recorded as graphs at the start. A batch small enough for a graph is run with its
    last window repeated up to one of a few sizes.
    """

    def __init__(
        self,
        network: Network,
        device: Device[Graph],
        on_cpu: Callable[[], InpaintModel],
        *,
        warm_sizes: Sequence[tuple[int, int]] = (),
        limits: GraphLimits | None = None,
    ) -> None:
        self._network = network
        self._device = device
        self._on_cpu = on_cpu
        self._cpu: InpaintModel | None = None
        self._too_large: set[tuple[int, int]] = set()
        self._warm_sizes = warm_sizes
        self._graphs = Graphs(
            record=lambda shape: device.record(network, shape),
            drop=device.drop,
            held_bytes=device.graph_bytes,
            limits=limits or GraphLimits(),
        )

    def inpaint(
        self, images: Images, masks: Masks, parameters: InpaintParameters, on_step: StepCallback | None = None
    ) -> Images:
        """Raises: OutOfDeviceMemory, with everything freed that could be. A single window has been tried again then,
        unless one of its size had to go to the CPU before: that did not fit in an empty device."""
        try:
            return self._fill(images, masks)
        except OutOfDeviceMemory as error:
            if len(images) == 1 and images.shape[1:3] in self._too_large:
                raise
            self._graphs.clear()
            self._device.free()
            if len(images) > 1:
                count, height, width = masks.shape
                raise OutOfDeviceMemory(f"{count} windows of {width}x{height} do not fit on the device") from error
        return self._fill(images, masks)

    def inpaint_on_cpu(self, images: Images, masks: Masks, parameters: InpaintParameters) -> Images:
        for size in {(masks.shape[1], masks.shape[2])} - self._too_large:
            self._too_large.add(size)
            log.warning("a window of %dx%d does not fit on the device: such windows run on the CPU", size[1], size[0])
        if self._cpu is None:
            self._cpu = self._on_cpu()
        return self._cpu.inpaint(images, masks, parameters)

    def memory_bytes(self) -> int:
        return self._device.memory_bytes()

    def warm_up(self, max_pixels: int) -> int:
        """Finds the pixels one forward may take, and records graphs of the common sizes in what memory is left."""
        self._run(budget.shape_of(budget.LEAST_PIXELS))  # once for all: the libraries' own memory
        available = self._device.available_bytes()
        found = budget.find(
            lambda pixels: self._device.peak_bytes(lambda: self._run(budget.shape_of(pixels))),
            int(available * (1 - RESERVE - GRAPH_SHARE)),
            min(max_pixels, MOST_PIXELS),
        )
        limits = self._graphs.limits
        self._graphs.limits = replace(
            limits,
            max_pixels=min(limits.max_pixels, found),
            max_bytes=min(limits.max_bytes, int(available * GRAPH_SHARE)),
        )
        for height, width in self._warm_sizes:
            for count in WARM_COUNTS:
                self._graphs.prepare((count, height, width))
        self._device.free()
        log.info("%d MB free on the device: up to %d pixels at once", available >> 20, found)
        return found

    def _fill(self, images: Images, masks: Masks) -> Images:
        count, height, width = masks.shape
        shape = (rounded_up(count), height, width)
        if not self._graphs.worth(shape):
            shape = (count, height, width)
        graph = self._graphs.graph_for(shape)
        images, masks = repeat_last(images, shape[0]), repeat_last(masks, shape[0])
        if graph is None:
            return self._device.run(self._network, images, masks)[:count]
        return self._device.replay(graph, images, masks)[:count]

    def _run(self, shape: Shape) -> None:
        self._device.run(self._network, np.zeros((*shape, 3), np.uint8), np.full(shape, 255, np.uint8))
