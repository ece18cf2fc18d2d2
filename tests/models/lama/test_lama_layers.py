"""Each layer of ours against the layer of spandrel's LaMa it is made from, with statistics as training leaves them."""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.lama.layers import FourierConvolution, reflect, reflect_in_place_of_pad
from models.lama.network import lean

LOCAL, GLOBAL = 8, 24


def trained(module: Any, seed: int = 0) -> Any:
    """`module` in eval mode with normalisation that does something."""
    torch.manual_seed(seed)
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.normal_(layer.bias, 0, 0.3)
            assert layer.running_mean is not None
            assert layer.running_var is not None
            nn.init.normal_(layer.running_mean, 0, 0.3)
            nn.init.uniform_(layer.running_var, 0.3, 2)
    return module.eval()


def fourier_layer(ratio_in: float, ratio_out: float, *, stride: int = 1) -> Any:
    from spandrel.architectures.LaMa.__arch.LaMa import FFC_BN_ACT

    return trained(
        FFC_BN_ACT(
            LOCAL + GLOBAL, LOCAL + GLOBAL, kernel_size=3, ratio_gin=ratio_in, ratio_gout=ratio_out,
            stride=stride, padding=1, activation_layer=nn.ReLU, enable_lfu=False,
        )
    )  # fmt: skip


def close(ours: Tensor, theirs: Tensor) -> bool:
    return torch.allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("height", "width"), [(2, 2), (9, 14)])
@torch.inference_mode()
def test_a_layer_between_local_and_global_features(height: int, width: int) -> None:
    theirs = fourier_layer(0.75, 0.75)
    x = torch.randn(2, LOCAL, height, width), torch.randn(2, GLOBAL, height, width)

    ours = FourierConvolution(theirs)(x)

    assert ours[1] is not None
    assert all(close(mine, other) for mine, other in zip(ours, theirs(x), strict=True))


@torch.inference_mode()
def test_a_layer_that_begins_the_global_features() -> None:
    theirs = fourier_layer(0, 0.75, stride=2)
    x = torch.randn(1, LOCAL + GLOBAL, 12, 16)

    local, distant = FourierConvolution(theirs)((x, None))

    expected = theirs((x, 0))
    assert distant is not None
    assert close(local, expected[0])
    assert close(distant, expected[1])


@torch.inference_mode()
def test_a_layer_without_global_features() -> None:
    theirs = fourier_layer(0, 0)
    x = torch.randn(1, LOCAL + GLOBAL, 6, 5)

    local, distant = FourierConvolution(theirs)(x)

    assert distant is None
    assert close(local, theirs(x)[0])


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@torch.inference_mode()
def test_the_whole_generator(memory_format: torch.memory_format) -> None:
    from spandrel.architectures.LaMa.__arch.LaMa import FFCResNetGenerator

    theirs = trained(FFCResNetGenerator(4, 3, ngf=8, n_blocks=2))
    x = torch.rand(2, 4, 24, 40)

    logits = lean(copy.deepcopy(theirs)).to(memory_format=memory_format)(x.to(memory_format=memory_format))

    assert close(torch.sigmoid(logits), theirs.model(x))
    assert not [layer for layer in lean(theirs).modules() if isinstance(layer, nn.BatchNorm2d)]


@pytest.mark.parametrize("by", [1, 3])
@pytest.mark.parametrize(("height", "width"), [(8, 5), (4, 4)])
def test_reflection_in_copies_is_pad_s_and_keeps_channels_last(by: int, height: int, width: int) -> None:
    x = torch.rand(2, 6, height, width).to(memory_format=torch.channels_last)

    padded = reflect_in_place_of_pad(x, by)

    assert torch.equal(padded, functional.pad(x, (by, by, by, by), mode="reflect"))
    assert torch.equal(padded, reflect(x, by))
    assert padded.is_contiguous(memory_format=torch.channels_last)
