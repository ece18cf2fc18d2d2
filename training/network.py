"""The network: a U-Net that works at half resolution and refines at full, so that one CPU core can train it."""

import torch
from torch import Tensor, nn

from models.masking.stroke_network import CHANNELS

_WIDTHS = (24, 40, 64, 96)


def _convolution(inputs: int, outputs: int, dilation: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=dilation, dilation=dilation, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


def _block(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(_convolution(inputs, outputs), _convolution(outputs, outputs))


def _unshuffled(x: Tensor) -> Tensor:
    """`nn.PixelUnshuffle(2)`, written so that the ONNX export keeps its channel order."""
    corners = [x[:, :, row::2, column::2] for row in (0, 1) for column in (0, 1)]
    return torch.stack(corners, dim=2).flatten(1, 2)


class _Context(nn.Module):
    """Tells every pixel what colours the whole line has: text and background are only told apart globally."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mix = nn.Sequential(nn.Linear(2 * width, width), nn.ReLU(), nn.Linear(width, 2 * width))

    def forward(self, x: Tensor) -> Tensor:
        pooled = torch.cat([x.mean(dim=(2, 3)), x.amax(dim=(2, 3))], dim=1)
        scale, shift = self.mix(pooled)[:, :, None, None].chunk(2, dim=1)
        mixed: Tensor = x * torch.sigmoid(scale) + shift
        return mixed


class StrokeNet(nn.Module):
    """(n, 7, h, w) features, h and w multiples of 16, to (n, h, w) logits of "this pixel is text"."""

    def __init__(self) -> None:
        super().__init__()
        half, quarter, eighth, sixteenth = _WIDTHS
        self.down1 = _block(4 * CHANNELS, half)
        self.down2 = _block(half, quarter)
        self.down3 = _block(quarter, eighth)
        self.down4 = nn.Sequential(_convolution(eighth, sixteenth), _convolution(sixteenth, sixteenth, dilation=2))
        self.context = _Context(sixteenth)
        self.bottom = _convolution(sixteenth, sixteenth)
        self.up3 = _block(sixteenth + eighth, eighth)
        self.up2 = _block(eighth + quarter, quarter)
        self.up1 = _block(quarter + half, half)
        self.to_full = nn.Sequential(nn.Conv2d(half, 32, 3, padding=1), nn.PixelShuffle(2))
        self.refine = nn.Sequential(_convolution(8 + CHANNELS, 12), nn.Conv2d(12, 1, 3, padding=1))
        self.pool = nn.MaxPool2d(2)
        self.upsample = nn.Upsample(scale_factor=2, mode="nearest")

    def forward(self, lines: Tensor) -> Tensor:
        one = self.down1(_unshuffled(lines))
        two = self.down2(self.pool(one))
        three = self.down3(self.pool(two))
        four = self.bottom(self.context(self.down4(self.pool(three))))
        three = self.up3(torch.cat([self.upsample(four), three], dim=1))
        two = self.up2(torch.cat([self.upsample(three), two], dim=1))
        one = self.up1(torch.cat([self.upsample(two), one], dim=1))
        logits: Tensor = self.refine(torch.cat([self.to_full(one), lines], dim=1))[:, 0]
        return logits
