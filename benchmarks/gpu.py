"""LaMa on a device, in four ways: IOPaint's own model call, and ours eager in fp32, in bf16, and in bf16 from graphs.

All ways get the same windows and the same weights, one after the other for each shape, and give uint8 windows in the
host's memory: copies both ways are part of the time. IOPaint has no batches: it runs windows one by one.
PSNR is over the holes, against IOPaint's call on the same device. With random weights it says little about pictures:
give the real file to know. The CPU is a device too, without graphs.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.pictures import windows
from benchmarks.report import NOT_RUN, Report, median
from models.base import InpaintModel, Precision
from models.errors import OutOfDeviceMemory
from models.types import Images, InpaintParameters, Masks

IOPAINT = "IOPaint's call"
FP32 = "eager fp32"
BF16 = "eager bf16"
GRAPHS = "bf16, graphs"

SIZES: Sequence[tuple[int, int]] = (
    (72, 320), (88, 456), (120, 208), (128, 1160), (256, 256), (512, 512), (768, 768), (1024, 1024),
)  # fmt: skip
"""(height, width): windows the planner makes of text, and squares."""

COUNTS: Sequence[int] = (1, 2, 4, 8, 16)

ALWAYS_A_GRAPH_PX = 1 << 26


@dataclass(frozen=True, slots=True)
class Timed:
    """`count` windows in one way. `seconds` is empty if they did not fit on the device; PSNR None is that of IOPaint
    with itself, infinity means equal."""

    way: str
    count: int
    height: int
    width: int
    seconds: tuple[float, ...]
    psnr_db: float | None = None

    @property
    def median_s(self) -> float:
        return median(self.seconds)


class OneByOne:
    """IOPaint's model call, as often as there are windows."""

    def __init__(self, model: InpaintModel) -> None:
        self._model = model

    def inpaint(self, images: Images, masks: Masks, parameters: InpaintParameters, on_step: Any = None) -> Images:
        singles = (slice(index, index + 1) for index in range(len(images)))
        return np.concatenate([self._model.inpaint(images[one], masks[one], parameters) for one in singles])


def ways(weights: Path, device: str) -> dict[str, InpaintModel]:
    """The ways there are on this device, IOPaint's first. `weights` is LaMa's TorchScript file."""
    import torch

    from models.lama.model import EagerLama, Lama, load_torchscript
    from models.lama.network import read_network

    def network(precision: Precision) -> Any:
        return read_network(load_torchscript(weights, "cpu"), precision)

    made: dict[str, InpaintModel] = {IOPAINT: OneByOne(Lama(load_torchscript(weights, device), device))}
    if torch.device(device).type == "cpu":
        return made | {FP32: EagerLama(network("fp32")), BF16: EagerLama(network("bf16"))}

    from models.cuda.device import CudaDevice
    from models.cuda.graphs import GraphLimits
    from models.cuda.inpainter import CudaInpainter

    cuda = CudaDevice(device)

    def on_device(precision: Precision, limits: GraphLimits) -> InpaintModel:
        loaded = network(precision).to(cuda.device)
        return CudaInpainter(loaded, cuda, lambda: Lama(load_torchscript(weights, "cpu"), "cpu"), limits=limits)

    never, always = GraphLimits(max_graphs=0), GraphLimits(after=1, max_pixels=ALWAYS_A_GRAPH_PX)
    return made | {FP32: on_device("fp32", never), BF16: on_device("bf16", never), GRAPHS: on_device("bf16", always)}


def measure(
    models: Mapping[str, InpaintModel],
    sizes: Sequence[tuple[int, int]] = SIZES,
    counts: Sequence[int] = COUNTS,
    *,
    rounds: int = 10,
    tell: Callable[[str], None] = lambda _: None,
) -> Iterator[Timed]:
    """`models` as `ways` gives them. Every way runs twice before it is timed: to tune and record, and to settle."""
    for height, width in sizes:
        for count in counts:
            images, masks = windows(count, height, width)
            expected: Images | None = None
            for way, model in models.items():
                timed, filled = _time(way, model, images, masks, expected, rounds)
                expected = filled if expected is None else expected
                tell(f"{count} x {width}x{height}, {way}: {_milliseconds(timed)} ms")
                yield timed


def psnr_db(one: Images, other: Images, masks: Masks) -> float:
    """Over the holes."""
    hole = masks > 0
    error = float(np.mean((one[hole].astype(np.float64) - other[hole]) ** 2))
    return 10 * math.log10(255**2 / error) if error else math.inf


def _time(
    way: str, model: InpaintModel, images: Images, masks: Masks, expected: Images | None, rounds: int
) -> tuple[Timed, Images | None]:
    count, height, width = masks.shape
    seconds = []
    filled = images
    try:
        for _ in range(2 + rounds):
            started = time.perf_counter()
            filled = model.inpaint(images, masks, InpaintParameters())
            seconds.append(time.perf_counter() - started)
    except OutOfDeviceMemory:
        return Timed(way, count, height, width, ()), None
    quality = None if expected is None else psnr_db(filled, expected, masks)
    return Timed(way, count, height, width, tuple(seconds[2:]), quality), filled


def report(times: Sequence[Timed], device: str) -> Report:
    """Times of IOPaint's call are those the ratios go by."""
    own = {_shape(timed): timed for timed in times if timed.way == IOPAINT and timed.seconds}
    rows = [
        [
            f"{timed.count} × {timed.width}x{timed.height}",
            timed.way,
            _milliseconds(timed),
            f"{timed.count / timed.median_s:.1f}" if timed.seconds else NOT_RUN,
            _faster(own.get(_shape(timed)), timed),
            NOT_RUN if timed.psnr_db is None else f"{timed.psnr_db:.1f}",
        ]
        for timed in times
    ]
    best = [
        f"{timed.count} × {timed.width}x{timed.height}, {timed.way}: {_milliseconds(timed)} ms,"
        f" {_faster(own.get(_shape(timed)), timed)} × the windows of {IOPAINT} in a second"
        for timed in times
        if timed.seconds and timed.way in (BF16, GRAPHS) and timed.height == max(other.height for other in times)
    ]
    worst = [
        f"{way}: {min(found):.1f} dB at the least, over the holes, against {IOPAINT}"
        for way in (FP32, BF16, GRAPHS)
        if (found := [timed.psnr_db for timed in times if timed.way == way and timed.psnr_db is not None])
    ]
    return Report(
        f"LaMa on {device}",
        ("windows", "way", "ms", "windows/s", f"× {IOPAINT}", "PSNR, dB"),
        rows,
        [*best, *worst],
        (f"Medians. {NOT_RUN}: nothing to compare with, or it did not fit on the device.",),
    )


def _shape(timed: Timed) -> tuple[int, int, int]:
    return timed.count, timed.height, timed.width


def _milliseconds(timed: Timed) -> str:
    return f"{timed.median_s * 1000:.1f}" if timed.seconds else NOT_RUN


def _faster(own: Timed | None, timed: Timed) -> str:
    return f"{own.median_s / timed.median_s:.2f}" if own is not None and timed.seconds else NOT_RUN
