"""LaMa's layers as inference wants them: channels last, normalisation folded into the convolutions, two convolutions
that read the same tensor made into one.

Each is built from the trained layer of spandrel's LaMa that it stands for, and gives what that gives in eval mode, up
to rounding. Features are split as there: a local and a global part, the global one seen through Fourier transforms.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

Split = tuple[Tensor, Tensor | None]
"""Local and global features (n, c, h, w); early layers have no global ones."""


def reflect(x: Tensor, by: int) -> Tensor:
    """`x` continued by `by` mirrored pixels on each side, the edge itself not repeated, channels last.

    On CUDA functional.pad knows planes only: it would leave channels last, and the convolution return to it.
    """
    if not x.is_cuda:
        return functional.pad(x, (by, by, by, by), mode="reflect")
    return reflect_in_place_of_pad(x, by)


def reflect_in_place_of_pad(x: Tensor, by: int) -> Tensor:
    """The same on any device, in copies that keep the layout."""
    n, c, h, w = x.shape
    padded = torch.empty(
        (n, c, h + 2 * by, w + 2 * by), dtype=x.dtype, device=x.device, memory_format=torch.channels_last
    )
    inner = slice(by, -by)
    padded[:, :, inner, inner] = x
    for k in range(1, by + 1):
        padded[:, :, by - k, inner] = x[:, :, k]
        padded[:, :, h - 1 + by + k, inner] = x[:, :, h - 1 - k]
    for k in range(1, by + 1):
        padded[:, :, :, by - k] = padded[:, :, :, by + k]
        padded[:, :, :, w - 1 + by + k] = padded[:, :, :, w - 1 + by - k]
    return padded


class Reflection(nn.Module):
    def __init__(self, by: int) -> None:
        super().__init__()
        self.by = by

    def forward(self, x: Tensor) -> Tensor:
        return reflect(x, self.by)


class Fourier(nn.Module):
    """spandrel's FourierUnit: mixes channels of the spectrum. Takes (n, c, h, w) and gives the same shape in fp32.

    The transforms run in fp32 (cuFFT has no bf16). Real and imaginary parts of a channel are neighbours among the
    2c channels that `mix` sees.
    """

    def __init__(self, unit: Any) -> None:
        super().__init__()
        scale, shift = _normalisation(unit.bn)
        self.mix = _convolution(unit.conv_layer.weight * _over_outputs(scale), shift)

    def forward(self, x: Tensor) -> Tensor:
        spectrum = torch.view_as_real(torch.fft.rfftn(_packed(x, torch.float32), dim=(-2, -1), norm="ortho"))
        n, c, h, w, _ = spectrum.shape
        parts = _packed(spectrum.permute(0, 2, 3, 1, 4), self.mix.weight.dtype).view(n, h, w, 2 * c)
        mixed = functional.relu_(self.mix(parts.permute(0, 3, 1, 2)))
        parts = mixed.permute(0, 2, 3, 1).reshape(n, h, w, c, 2).permute(0, 3, 1, 2, 4)
        spectrum = torch.view_as_complex(_packed(parts, torch.float32))
        back: Tensor = torch.fft.irfftn(spectrum, s=x.shape[-2:], dim=(-2, -1), norm="ortho")
        return back


class Spectral(nn.Module):
    """spandrel's SpectralTransform, its output scaled by `scale` (one factor per channel)."""

    def __init__(self, transform: Any, scale: Tensor) -> None:
        super().__init__()
        narrow, normalisation, _ = transform.conv1
        factor, shift = _normalisation(normalisation)
        self.narrow = _convolution(narrow.weight * _over_outputs(factor), shift)
        self.fourier = Fourier(transform.fu)
        self.widen = _convolution(transform.conv2.weight * _over_outputs(scale))

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu_(self.narrow(x))
        seen = self.fourier(x).add_(x)
        wide: Tensor = self.widen(seen.to(x.dtype, memory_format=torch.channels_last))
        return wide


class FourierConvolution(nn.Module):
    """spandrel's FFC_BN_ACT: a convolution in each of four directions between local and global features, then ReLU."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        ffc = layer.ffc
        scale, shift = _normalisation(layer.bn_l)
        from_local = [ffc.convl2l.weight * _over_outputs(scale)]
        shifts = [shift]
        self.local_channels = len(scale)
        self.from_global: nn.Conv2d | None = None
        self.spectral: Spectral | None = None
        if isinstance(ffc.convg2l, nn.Conv2d):
            self.from_global = _convolution(ffc.convg2l.weight * _over_outputs(scale))
        if isinstance(ffc.convl2g, nn.Conv2d):
            scale, shift = _normalisation(layer.bn_g)
            from_local.append(ffc.convl2g.weight * _over_outputs(scale))
            shifts.append(shift)
            if self.from_global is not None:
                self.spectral = Spectral(ffc.convg2g, scale)
        self.padding = int(ffc.convl2l.padding[0])
        self.from_local = _convolution(torch.cat(from_local), torch.cat(shifts), stride=ffc.stride)

    def forward(self, x: Tensor | Split) -> Split:
        x_local, x_global = x if isinstance(x, tuple) else (x, None)
        both = self.from_local(reflect(x_local, self.padding) if self.padding else x_local)
        if both.shape[1] == self.local_channels:
            return functional.relu_(both), None
        local, distant = both.tensor_split([self.local_channels], dim=1)
        if self.from_global is not None and self.spectral is not None and x_global is not None:
            local = local + self.from_global(reflect(x_global, self.padding))
            distant = distant + self.spectral(x_global)
        return functional.relu_(local), functional.relu_(distant)


def _packed(x: Tensor, dtype: torch.dtype) -> Tensor:
    """`x` as `dtype`, its last dimension the innermost: one copy for both. Tensor.to would leave the order as it is."""
    if x.dtype == dtype and x.is_contiguous():
        return x
    return torch.empty(x.shape, dtype=dtype, device=x.device).copy_(x)


def _convolution(weight: Tensor, bias: Tensor | None = None, *, stride: int = 1) -> nn.Conv2d:
    outputs, inputs, height, width = weight.shape
    made = nn.Conv2d(inputs, outputs, (height, width), stride, bias=bias is not None)
    made.weight = nn.Parameter(weight.detach().clone(), requires_grad=False)
    if bias is not None:
        made.bias = nn.Parameter(bias.detach().clone(), requires_grad=False)
    return made


def _normalisation(layer: Any) -> tuple[Tensor, Tensor]:
    """What a BatchNorm2d does in eval mode to each channel: times the first, plus the second."""
    scale = layer.weight / torch.sqrt(layer.running_var + layer.eps)
    return scale, layer.bias - layer.running_mean * scale


def _over_outputs(scale: Tensor) -> Tensor:
    return scale[:, None, None, None]
