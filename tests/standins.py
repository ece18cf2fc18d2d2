"""Weights files with the names and interfaces of the real ones and random contents, for the real loading code."""

import hashlib
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import nn

from models.weights.files import file


class SmallLama(nn.Module):
    """LaMa's tensor interface: image (n, 3, h, w) in 0-1 and mask (n, 1, h, w) of 0 and 1; needs multiples of 8."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.down = nn.Conv2d(4, 8, 8, stride=8)
        self.middle = nn.Conv2d(8, 8, 3, padding=1, padding_mode="reflect")
        self.up = nn.ConvTranspose2d(8, 3, 8, stride=8)

    def forward(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        seen = torch.cat([image * (1 - mask), mask.to(image.dtype)], dim=1)
        features = torch.relu(self.down(seen))
        if features.shape[2] > 1 and features.shape[3] > 1:
            features = torch.relu(self.middle(features))
        return mask * torch.sigmoid(4 * self.up(features)) + (1 - mask) * image


def make_lama(folder: Path, *, true_size: bool = False, name: str = "big-lama.pt") -> Path:
    """`true_size`: LaMa's own architecture (51 M parameters, 206 MB), which costs what the real one costs."""
    return save_script(_big_lama() if true_size else torch_script(SmallLama()), folder / name)


def _big_lama() -> Any:
    from spandrel.architectures.LaMa import LaMa

    torch.manual_seed(0)
    network = LaMa(in_nc=4, out_nc=3).eval()
    pixels, holes = torch.rand(1, 3, 64, 64), torch.ones(1, 1, 64, 64, dtype=torch.int64)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        return torch.jit.trace(network, (pixels, holes))  # type: ignore[no-untyped-call]


def torch_script(module: nn.Module) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return torch.jit.script(module.eval())


def save_script(script: Any, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        script.save(str(path))
    return path


def checksum_variable(path: Path) -> dict[str, str]:
    """The environment variable that makes a stand-in's checksum the right one."""
    digest = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    return {f"{file(path.name).variable}_MD5": digest}
