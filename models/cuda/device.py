"""The only file that calls CUDA. Not one line of it can run without such a device: keep decisions out of it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from models.cuda.graphs import RecordingFailed
from models.cuda.staging import Shape, Staging, pack, packed_size, split
from models.errors import OutOfDeviceMemory
from models.types import Images, Masks

T = TypeVar("T")

Compute = Callable[[Tensor, Tensor], Tensor]
"""Images (n, h, w, 3) and masks (n, h, w) to filled images, uint8, on one device, without waiting for it."""

CONTEXT_BYTES = 600 << 20
"""What a process takes on a device besides its tensors (context, kernels), which torch's limit does not count."""

WARM_UP_RUNS = 2
"""Before recording: makes plans of cuFFT and workspaces, and lets cuDNN choose its algorithms."""

ALLOCATION_FAILURES = (
    "out of memory",
    "CUDNN_STATUS_ALLOC_FAILED",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUFFT_ALLOC_FAILED",
)
"""How others than torch's own allocator say that the device is full."""


@dataclass(slots=True)
class Recorded:
    """A graph with the memory it always reads and writes. Another graph's replay may overwrite `result`."""

    graph: torch.cuda.CUDAGraph
    packed: Tensor
    result: Tensor

    def forget(self) -> None:
        """Frees it, whoever still holds this. It cannot be replayed any more."""
        self.graph.reset()
        del self.packed, self.result


class CudaDevice:
    """One device, and one stream on it that everything runs on in order.

    `memory_fraction` of the device is this process' share, its context included. One thread only, but for
    `memory_bytes`. TF32 stays as torch sets it (on for convolutions, off for matrix products): what "fp32" has always
    meant to IOPaint on such a device.
    """

    def __init__(self, name: str, memory_fraction: float = 1.0) -> None:
        index = torch.device(name).index
        self.device = torch.device("cuda", torch.cuda.current_device() if index is None else index)
        total = torch.cuda.get_device_properties(self.device).total_memory
        self._limit_bytes = total
        if memory_fraction < 1:
            self._limit_bytes = max(int(total * memory_fraction) - CONTEXT_BYTES, total // 100)
            torch.cuda.set_per_process_memory_fraction(self._limit_bytes / total, self.device)
        self._stream = torch.cuda.Stream(self.device)  # type: ignore[no-untyped-call]
        self._up, self._down = Staging(pinned=True), Staging(pinned=True)
        self._pool = torch.cuda.graph_pool_handle()
        self._graphs = 0
        self._graph_bytes = 0

    @torch.inference_mode()
    def run(self, compute: Compute, images: Images, masks: Masks) -> Images:
        """Raises: OutOfDeviceMemory."""

        def work() -> Images:
            with self._busy():
                packed = torch.empty(packed_size(masks.shape), dtype=torch.uint8, device=self.device)
                packed.copy_(pack(images, masks, self._up.room(packed.numel())), non_blocking=True)
                return self._fetched(compute(*split(packed, masks.shape)))

        return self._within_memory(work)

    @torch.inference_mode()
    def replay(self, recorded: Recorded, images: Images, masks: Masks) -> Images:
        """Raises: OutOfDeviceMemory."""

        def work() -> Images:
            with self._busy():
                size = recorded.packed.numel()
                recorded.packed.copy_(pack(images, masks, self._up.room(size)), non_blocking=True)
                recorded.graph.replay()
                return self._fetched(recorded.result)

        return self._within_memory(work)

    def record(self, compute: Compute, shape: Shape) -> Recorded:
        """Raises: RecordingFailed. All graphs share one pool: only one of them runs at a time, and its result is
        fetched before the next."""
        try:
            return self._record(compute, shape)
        except RuntimeError as error:
            reason = _first_line(error)
        self._new_pool_if_unused()
        raise RecordingFailed(reason)

    @torch.inference_mode()
    def _record(self, compute: Compute, shape: Shape) -> Recorded:
        with self._busy(), _tuned_convolutions():
            packed = torch.zeros(packed_size(shape), dtype=torch.uint8, device=self.device)
            images, masks = split(packed, shape)
            for _ in range(WARM_UP_RUNS):
                compute(images, masks)
            self._stream.synchronize()
            torch.cuda.empty_cache()  # what is held now grows by what the recording adds to the pool, and nothing else
            before = torch.cuda.memory_reserved(self.device)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, pool=self._pool, stream=self._stream):
                result = compute(images, masks)
            self._graph_bytes += max(0, torch.cuda.memory_reserved(self.device) - before)
            self._graphs += 1
            return Recorded(graph, packed, result)

    def drop(self, graphs: Sequence[Recorded]) -> None:
        """Their memory is free when the last graph has gone."""
        self._stream.synchronize()
        for recorded in graphs:
            recorded.forget()
        self._graphs -= len(graphs)
        self._new_pool_if_unused()

    def graph_bytes(self) -> int:
        """What the pool of the graphs has grown to."""
        return self._graph_bytes

    def memory_bytes(self) -> int:
        """What torch holds of the device for this process, used or not."""
        return torch.cuda.memory_reserved(self.device)

    def available_bytes(self) -> int:
        """What this process may still take."""
        self.free()
        unused, _ = torch.cuda.mem_get_info(self.device)
        return max(0, min(unused, self._limit_bytes - torch.cuda.memory_reserved(self.device)))

    def peak_bytes(self, work: Callable[[], object]) -> int:
        """What `work` takes at its peak, beyond what is held now."""
        torch.cuda.reset_peak_memory_stats(self.device)
        before = torch.cuda.memory_allocated(self.device)
        work()
        return torch.cuda.max_memory_allocated(self.device) - before

    def free(self) -> None:
        """Give cached memory back to the device."""
        with torch.cuda.device(self.device):
            torch.cuda.empty_cache()

    @contextmanager
    def _busy(self) -> Iterator[None]:
        """Work in here goes to the stream; afterwards none of it is left, so staging memory may be used again."""
        with torch.cuda.stream(self._stream):
            try:
                yield
            finally:
                self._stream.synchronize()

    def _fetched(self, result: Tensor) -> Images:
        """A copy of `result` (n, h, w, 3) in the host's own memory."""
        landing = self._down.room(result.numel())
        landing.copy_(result.view(-1), non_blocking=True)
        self._stream.synchronize()
        fetched: Images = landing.numpy().reshape(result.shape).copy()
        return fetched

    def _within_memory(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            reason = _first_line(error)
        # Outside of `except` the error has gone, and with it the frames that held the forward's tensors.
        self.free()
        raise OutOfDeviceMemory(reason)

    def _new_pool_if_unused(self) -> None:
        if self._graphs == 0:
            self._pool = torch.cuda.graph_pool_handle()
            self._graph_bytes = 0
            self.free()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device was full, whichever library found out."""
    if isinstance(error, torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in ALLOCATION_FAILURES)


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0]


@contextmanager
def _tuned_convolutions() -> Iterator[None]:
    """Let cuDNN try its algorithms on the first run of a shape. Worth it for what is replayed often; elsewhere shapes
    vary, and each would pay."""
    before = torch.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = True
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = before
