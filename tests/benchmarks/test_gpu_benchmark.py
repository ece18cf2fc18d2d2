"""The benchmark of LaMa on a device, with models that cost nothing, and its ways on the CPU. No time is judged."""

import math
from pathlib import Path

import numpy as np
import pytest

from benchmarks import gpu, weights
from benchmarks.commands import devices
from benchmarks.pictures import windows
from models.base import InpaintModel
from models.errors import OutOfDeviceMemory
from models.types import Images, InpaintParameters, Masks, StepCallback


class Painter:
    """Fills the holes with one grey level, if they fit."""

    def __init__(self, level: int, most: int = 1 << 30) -> None:
        self.level, self.most = level, most
        self.counts: list[int] = []

    def inpaint(
        self, images: Images, masks: Masks, parameters: InpaintParameters, on_step: StepCallback | None = None
    ) -> Images:
        self.counts.append(len(images))
        if masks.size > self.most:
            raise OutOfDeviceMemory("full")
        return np.where((masks > 0)[..., np.newaxis], np.uint8(self.level), images)


def test_every_way_gets_every_shape_and_is_compared_with_iopaint_s_call() -> None:
    # Given
    models: dict[str, InpaintModel] = {gpu.IOPAINT: Painter(100), gpu.FP32: Painter(100), gpu.BF16: Painter(102)}
    # When
    times = list(gpu.measure(models, [(16, 24), (8, 8)], [1, 3], rounds=2))
    # Then
    assert [(timed.way, timed.count, timed.height) for timed in times[:4]] == [
        (gpu.IOPAINT, 1, 16), (gpu.FP32, 1, 16), (gpu.BF16, 1, 16), (gpu.IOPAINT, 3, 16),
    ]  # fmt: skip
    assert len(times) == 12
    assert {len(timed.seconds) for timed in times} == {2}
    assert [timed.psnr_db for timed in times[:3]] == [None, math.inf, pytest.approx(20 * math.log10(255 / 2))]
    text = gpu.report(times, "cpu").markdown()
    assert "| 3 × 24x16 | eager bf16 |" in text
    assert "- eager bf16: 42.1 dB at the least" in text


def test_what_does_not_fit_is_told_and_the_rest_goes_on() -> None:
    models: dict[str, InpaintModel] = {gpu.IOPAINT: Painter(100), gpu.BF16: Painter(100, most=100)}

    times = list(gpu.measure(models, [(8, 8)], [1, 2], rounds=1))

    assert [len(timed.seconds) for timed in times] == [1, 1, 1, 0]
    assert "| 2 × 8x8 | eager bf16 | — | — | — | — |" in gpu.report(times, "cpu").markdown()


def test_iopaint_s_call_runs_windows_one_by_one() -> None:
    painter = Painter(7)
    images, masks = windows(3, 8, 16)

    filled = gpu.OneByOne(painter).inpaint(images, masks, InpaintParameters())

    assert painter.counts == [1, 1, 1]
    assert np.array_equal(filled, Painter(7).inpaint(images, masks, InpaintParameters()))


@pytest.mark.heavy
def test_on_a_cpu_there_are_three_ways_and_they_agree(tmp_path: Path) -> None:
    path = weights.lama(tmp_path).path
    try:
        times = list(gpu.measure(gpu.ways(path, "cpu"), [(64, 64)], [1], rounds=1))
    finally:
        path.unlink()

    assert [timed.way for timed in times] == [gpu.IOPAINT, gpu.FP32, gpu.BF16]
    assert times[0].psnr_db is None  # the others are compared with it
    assert all(timed.psnr_db is not None and timed.psnr_db > 45 for timed in times[1:])


def test_the_command_reports_the_sizes_and_batches_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("torch.set_num_threads", lambda count: None)
    monkeypatch.setattr(gpu, "ways", lambda path, device: {gpu.IOPAINT: Painter(1), gpu.BF16: Painter(1)})

    devices.gpu(device="cpu", real=tmp_path, largest_px=256, most=2, rounds=1, threads=1)

    told = capsys.readouterr()
    assert told.out.startswith("## LaMa on cpu")
    assert told.out.count("| eager bf16 |") == 4
    assert "2 x 256x256, eager bf16" in told.err
