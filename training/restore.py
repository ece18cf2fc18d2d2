"""Brings served weights back into a network that can be trained on: python -m training.restore strokes.onnx start.pt.

The file has the batch norms folded into the convolutions. They are unfolded again: each gets the statistics its
convolution has on samples, and the scale and shift that leave the output as it was.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.batches import stacked
from training.network import StrokeNet
from training.samples import sample

_SAMPLES = 192


def restore(served: Path, photos: Path | None) -> StrokeNet:
    """The network of an ONNX file written by training/export.py."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(served).graph
    arrays = {tensor.name.removeprefix("network."): numpy_helper.to_array(tensor) for tensor in graph.initializer}
    network = StrokeNet()
    state = {name: torch.from_numpy(arrays[name].copy()) for name in network.state_dict() if name in arrays}
    network.load_state_dict(state, strict=False)
    rng = np.random.default_rng(11)
    lines, _, _ = stacked([sample(rng, photos) for _ in range(_SAMPLES)])
    _unfold(network.eval(), arrays, lines)
    return network


def _unfold(network: StrokeNet, arrays: dict[str, NDArray[np.float32]], lines: Tensor) -> None:
    handles = [
        norm.register_forward_pre_hook(_calibration(torch.from_numpy(arrays[f"{name}.0.weight_bias"].copy())))
        for name, block in network.named_modules()
        for norm in block.children()
        if isinstance(norm, nn.BatchNorm2d)
    ]
    with torch.no_grad():
        network(lines)
    for handle in handles:
        handle.remove()


def _calibration(bias: Tensor) -> Callable[[nn.Module, tuple[Tensor]], None]:
    """A hook that sets a batch norm to the statistics of its input without changing what comes out: plus `bias`."""

    def calibrate(norm: nn.Module, inputs: tuple[Tensor]) -> None:
        assert isinstance(norm, nn.BatchNorm2d)
        assert norm.running_mean is not None
        assert norm.running_var is not None
        mean, variance = inputs[0].mean(dim=(0, 2, 3)), inputs[0].var(dim=(0, 2, 3))
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_(torch.sqrt(variance + norm.eps))
        norm.bias.copy_(bias + mean)

    return calibrate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("served", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--photos", type=Path, default=None)
    options = parser.parse_args()
    torch.save(restore(options.served, options.photos).state_dict(), options.out)


if __name__ == "__main__":
    main()
