"""Which shapes run as recorded CUDA graphs. Policy only: recording, and forgetting, is somebody else's."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from models.cuda.batches import rounded_up
from models.cuda.staging import Shape

log = logging.getLogger(__name__)

Graph = TypeVar("Graph")


class RecordingFailed(Exception):
    """The shape cannot be recorded, because of its operations or for want of memory."""


@dataclass(frozen=True, slots=True)
class GraphLimits:
    """When a graph is worth its memory.

    `max_pixels`: larger batches keep the device busy by themselves; up to about a megapixel LaMa waits for the host to
    start its kernels. `after`: a shape is recorded when it comes for this time, because recording takes about a second.
    `max_graphs` are kept. `max_bytes` bounds the memory all hold together; they share it, so the largest decides.
    `max_failures`: after so many in a row recording is given up.
    `max_shapes`: so many different shapes may run while a graph lives. A graph uses plans of cuFFT and cuDNN without
    these knowing; torch keeps the last 4096 and 10000 of them, and a shape of LaMa takes 2 and about 15.
    """

    max_pixels: int = 1 << 20
    after: int = 3
    max_graphs: int = 64
    max_bytes: int = 1 << 62
    max_failures: int = 3
    max_shapes: int = 500


@dataclass
class Graphs(Generic[Graph]):
    """The recorded shapes, the one used longest ago first to go.

    `record` makes a graph or raises RecordingFailed; `drop` frees graphs; `held_bytes` is what all of them hold.
    One thread only.
    """

    record: Callable[[Shape], Graph]
    drop: Callable[[Sequence[Graph]], None]
    held_bytes: Callable[[], int]
    limits: GraphLimits = field(default_factory=GraphLimits)
    _graphs: OrderedDict[Shape, Graph] = field(default_factory=OrderedDict, init=False)
    _seen: dict[Shape, int] = field(default_factory=dict, init=False)
    _refused: set[Shape] = field(default_factory=set, init=False)
    _failures: int = field(default=0, init=False)

    def __len__(self) -> int:
        return len(self._graphs)

    def worth(self, shape: Shape) -> bool:
        """Whether batches of this shape may ever be recorded: small ones, of one of a few counts."""
        count, height, width = shape
        small = count * height * width <= self.limits.max_pixels
        return small and count == rounded_up(count) and self.limits.max_graphs > 0

    def graph_for(self, shape: Shape) -> Graph | None:
        """The graph that runs this batch; None: run it eagerly. To be asked before every batch, whatever its size."""
        if shape in self._graphs:
            self._graphs.move_to_end(shape)
            return self._graphs[shape]
        if shape not in self._seen and len(self._seen) >= self.limits.max_shapes:
            self.clear()
        self._seen[shape] = self._seen.get(shape, 0) + 1
        return self.prepare(shape) if self._seen[shape] >= self.limits.after else None

    def prepare(self, shape: Shape) -> Graph | None:
        """Record the shape now, if it may be at all."""
        if shape in self._graphs or not self.worth(shape) or shape in self._refused:
            return self._graphs.get(shape)
        if self._failures >= self.limits.max_failures:
            return None
        while len(self._graphs) >= self.limits.max_graphs:
            _, oldest = self._graphs.popitem(last=False)
            self.drop([oldest])
        try:
            graph = self.record(shape)
        except RecordingFailed as error:
            self._refuse(shape, str(error))
            return None
        self._failures = 0
        self._seen.setdefault(shape, 0)
        self._graphs[shape] = graph
        return self._graphs[shape] if self._fits(shape) else None

    def clear(self) -> None:
        """Drop all graphs and start to count again."""
        dropped = list(self._graphs.values())
        self._graphs.clear()
        self._seen.clear()
        if dropped:
            self.drop(dropped)

    def _fits(self, newest: Shape) -> bool:
        """To drop a single graph frees nothing, because the others hold the memory it shared with them."""
        if self.held_bytes() <= self.limits.max_bytes:
            return True
        if len(self._graphs) == 1:
            self._refused.add(newest)
        log.info("CUDA graphs hold more than %d MB: dropping all %d", self.limits.max_bytes >> 20, len(self._graphs))
        self.clear()
        return False

    def _refuse(self, shape: Shape, reason: str) -> None:
        """What a recording that broke off left in the shared memory is unknown, so all of it goes."""
        self._refused.add(shape)
        self._failures += 1
        log.warning("no CUDA graph for %d windows of %dx%d: %s", shape[0], shape[2], shape[1], reason)
        self.clear()
        if self._failures >= self.limits.max_failures:
            log.warning("CUDA graphs are off: %d shapes in a row could not be recorded", self._failures)
