"""Calls of CUDA: their order and arguments against stand-ins of torch.cuda's functions, and all of it on a device
where there is one. The stand-ins have the signatures of the real functions, but compute on the CPU."""

import contextlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from unittest.mock import create_autospec

import numpy as np
import pytest
import torch
from torch import Tensor

from models.base import LoadOptions
from models.cuda import device as device_module
from models.cuda.device import CudaDevice, is_out_of_memory
from models.cuda.graphs import RecordingFailed
from models.cuda.staging import Staging
from models.errors import OutOfDeviceMemory
from models.types import Images, Masks

GB = 1 << 30


def negative(images: Tensor, masks: Tensor) -> Tensor:
    return torch.where((masks > 0).unsqueeze(-1), 255 - images, images)


def windows(count: int = 2) -> tuple[Images, Masks]:
    rng = np.random.default_rng(count)
    images = rng.integers(0, 256, (count, 8, 16, 3), np.uint8)
    return images, (rng.random((count, 8, 16)) < 0.5).astype(np.uint8) * 255


class FakeGraph:
    def __init__(self) -> None:
        self.replays = 0
        self.resets = 0

    def replay(self) -> None:
        self.replays += 1

    def reset(self) -> None:
        self.resets += 1


class Cuda:
    """`did` has the calls that must come in order. `held` is what torch would say it has reserved."""

    def __init__(self) -> None:
        self.did: list[str] = []
        self.held = GB
        self.fraction = 1.0
        self.benchmark_while_recording: bool | None = None

    @contextlib.contextmanager
    def graph(self, cuda_graph: Any, pool: Any = None, stream: Any = None) -> Iterator[None]:
        self.did.append("record")
        self.benchmark_while_recording = torch.backends.cudnn.benchmark
        assert stream is not None
        assert pool is not None
        self.held += 100
        yield


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> Cuda:
    fake = Cuda()

    def put(name: str, does: Any) -> None:
        real = getattr(torch.cuda, name)
        monkeypatch.setattr(torch.cuda, name, create_autospec(real, side_effect=does))

    def limit(fraction: float, device: Any = None) -> None:
        fake.fraction = fraction

    stream = SimpleNamespace(synchronize=lambda: fake.did.append("wait"))
    put("current_device", lambda: 0)
    put("get_device_properties", lambda device=None: SimpleNamespace(total_memory=10 * GB))
    put("set_per_process_memory_fraction", limit)
    put("graph_pool_handle", lambda: object())
    put("memory_reserved", lambda device=None: fake.held)
    put("memory_allocated", lambda device=None: 1000)
    put("max_memory_allocated", lambda device=None: 5000)
    put("reset_peak_memory_stats", lambda device=None: None)
    put("mem_get_info", lambda device=None: (7 * GB, 10 * GB))
    put("empty_cache", lambda: fake.did.append("free"))
    monkeypatch.setattr(torch.cuda, "Stream", lambda device: stream)
    monkeypatch.setattr(torch.cuda, "stream", lambda stream: contextlib.nullcontext())
    monkeypatch.setattr(torch.cuda, "device", lambda device: contextlib.nullcontext())
    monkeypatch.setattr(torch.cuda, "CUDAGraph", FakeGraph)
    monkeypatch.setattr(torch.cuda, "graph", fake.graph)
    monkeypatch.setattr(device_module, "Staging", lambda pinned: Staging(pinned=False))
    return fake


def made(memory_fraction: float = 1.0) -> CudaDevice:
    device = CudaDevice("cuda", memory_fraction)
    assert device.device == torch.device("cuda", 0)
    device.device = torch.device("cpu")
    return device


def test_a_batch_is_computed_and_fetched_and_nothing_is_left_running(cuda: Cuda) -> None:
    images, masks = windows()

    filled = made().run(negative, images, masks)

    assert np.array_equal(filled, np.where((masks > 0)[..., None], 255 - images, images))
    assert filled.flags.owndata
    assert cuda.did[-1] == "wait"


def test_what_one_batch_returned_is_not_overwritten_by_the_next(cuda: Cuda) -> None:
    device = made()
    first = device.run(negative, *windows(1))
    before = first.copy()

    device.run(negative, *windows(2))

    assert np.array_equal(first, before)


def test_a_full_device_is_our_own_error_raised_when_the_forward_s_memory_is_free(cuda: Cuda) -> None:
    def full(images: Tensor, masks: Tensor) -> Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nmany more lines")

    with pytest.raises(OutOfDeviceMemory) as caught:
        made().run(full, *windows())

    assert caught.value.message == "CUDA out of memory. Tried to allocate 2.00 GiB."
    assert caught.value.__context__ is None  # it would keep the frames, and they the tensors
    assert cuda.did[-2:] == ["wait", "free"]


def test_other_errors_stay_what_they_are(cuda: Cuda) -> None:
    def broken(images: Tensor, masks: Tensor) -> Tensor:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    with pytest.raises(RuntimeError, match="illegal memory access"):
        made().run(broken, *windows())


def test_a_shape_is_warmed_up_then_recorded_with_tuned_convolutions(cuda: Cuda) -> None:
    device = made()
    calls: list[str] = []

    def network(images: Tensor, masks: Tensor) -> Tensor:
        calls.append("recorded" if "record" in cuda.did else "warm-up")
        return negative(images, masks)

    device.record(network, (2, 8, 16))

    assert calls == ["warm-up", "warm-up", "recorded"]
    assert cuda.benchmark_while_recording
    assert not torch.backends.cudnn.benchmark
    assert device.graph_bytes() == 100


def test_a_replay_reads_the_new_windows_and_fetches_the_result(cuda: Cuda) -> None:
    device = made()
    images, masks = windows()
    recorded = device.record(negative, (2, 8, 16))

    filled = device.replay(recorded, images, masks)

    assert recorded.graph.replays == 1  # type: ignore[attr-defined]
    assert np.array_equal(recorded.packed.numpy()[: images.size], images.ravel())
    assert np.array_equal(recorded.packed.numpy()[images.size :], masks.ravel())
    assert np.array_equal(filled, recorded.result.numpy())
    assert cuda.did[-1] == "wait"


def test_dropped_graphs_give_up_their_memory_and_the_last_one_the_pool(cuda: Cuda) -> None:
    device = made()
    one, other = device.record(negative, (1, 8, 16)), device.record(negative, (2, 8, 16))

    device.drop([one])
    assert device.graph_bytes() == 200
    device.drop([other])

    assert device.graph_bytes() == 0
    assert one.graph.resets == other.graph.resets == 1  # type: ignore[attr-defined]
    assert not hasattr(one, "packed")
    assert not hasattr(one, "result")
    assert cuda.did[-1] == "free"


def test_what_goes_wrong_while_recording_is_one_error_and_tuning_ends(cuda: Cuda) -> None:
    def broken(images: Tensor, masks: Tensor) -> Tensor:
        if "record" in cuda.did:
            raise RuntimeError("CUDA error: operation not permitted when stream is capturing\nmore")
        return negative(images, masks)

    with pytest.raises(RecordingFailed, match=r"stream is capturing$"):
        made().record(broken, (2, 8, 16))

    assert not torch.backends.cudnn.benchmark


def test_a_share_of_the_device_is_kept_to_with_room_for_the_context(cuda: Cuda) -> None:
    device = made(0.4)

    allowed = 4 * GB - (600 << 20)
    assert cuda.fraction == pytest.approx(allowed / (10 * GB))
    assert device.available_bytes() == allowed - GB
    assert made().available_bytes() == 7 * GB
    assert device.memory_bytes() == GB
    assert device.peak_bytes(lambda: None) == 4000


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory."),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        RuntimeError("cuFFT error: CUFFT_ALLOC_FAILED"),
    ],
)
def test_every_library_s_word_for_a_full_device_is_understood(error: Exception) -> None:
    assert is_out_of_memory(error)


@pytest.mark.parametrize("error", [RuntimeError("cuFFT error: CUFFT_INVALID_SIZE"), ValueError("out of memory")])
def test_nothing_else_is_taken_for_a_full_device(error: Exception) -> None:
    assert not is_out_of_memory(error)


needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


@needs_cuda
def test_on_a_device_eager_and_replayed_batches_agree() -> None:
    device = CudaDevice("cuda")
    images, masks = windows(4)

    recorded = device.record(negative, (4, 8, 16))

    expected = np.where((masks > 0)[..., None], 255 - images, images)
    assert np.array_equal(device.run(negative, images, masks), expected)
    assert np.array_equal(device.replay(recorded, images, masks), expected)
    device.drop([recorded])


@needs_cuda
def test_on_a_device_what_waits_for_the_host_cannot_be_recorded_and_the_device_works_on() -> None:
    def waits(images: Tensor, masks: Tensor) -> Tensor:
        return images + int(masks.sum())

    device = CudaDevice("cuda")
    with pytest.raises(RecordingFailed):
        device.record(waits, (1, 8, 16))

    device.drop([device.record(negative, (1, 8, 16))])
    device.run(negative, *windows())


@needs_cuda
def test_on_a_device_too_much_is_our_own_error_and_the_device_works_on() -> None:
    def too_much(images: Tensor, masks: Tensor) -> Tensor:
        return torch.zeros(1 << 44, device=images.device)

    device = CudaDevice("cuda")
    with pytest.raises(OutOfDeviceMemory):
        device.run(too_much, *windows())
    device.run(negative, *windows())


@needs_cuda
@pytest.mark.heavy
@pytest.mark.parametrize(("precision", "least_db"), [("fp32", 55), ("bf16", 45)])
def test_on_a_device_lama_agrees_with_torchscript_on_the_cpu(precision: Any, least_db: float, tmp_path: Any) -> None:
    from models.lama.model import Lama, from_file, load_torchscript
    from models.types import InpaintParameters
    from tests.standins import make_lama

    path = make_lama(tmp_path, true_size=True)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (3, 112, 176, 3), np.uint8)
    masks = np.zeros((3, 112, 176), np.uint8)
    masks[:, 30:80, 40:140] = 255
    model = from_file(path, LoadOptions("cuda", precision=precision))
    expected = Lama(load_torchscript(path, "cpu"), "cpu").inpaint(images, masks, InpaintParameters())

    assert 0 < model.warm_up(4_194_304) <= 4_194_304  # type: ignore[attr-defined]
    for _ in range(4):  # eager at first, a graph in the end
        filled = model.inpaint(images, masks, InpaintParameters())
        error = float(np.mean((filled[masks > 0].astype(np.float64) - expected[masks > 0]) ** 2))
        assert 10 * np.log10(255**2 / max(error, 1e-9)) >= least_db
        assert np.array_equal(filled[masks == 0], images[masks == 0])
