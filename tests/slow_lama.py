"""A stand-in for lama with the real file's interface that takes its time, so that tests can act while it works."""

import hashlib
import warnings
from pathlib import Path

import torch
from torch import nn

SECONDS_HINT = 0.03
"""About what one window takes on an idle core; tests must not rely on it, only on "not at once"."""


class SlowLama(nn.Module):
    """Fills the hole with the negative of what it sees: a result that cannot be mistaken for the input."""

    def __init__(self, rounds: int) -> None:
        super().__init__()
        self.rounds = rounds
        self.weight = nn.Parameter(torch.eye(256) * 0.5)

    def forward(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        work = torch.ones(256, 256)
        for _ in range(self.rounds * image.shape[0]):
            work = torch.matmul(work, self.weight) + 1.0
        holes = mask.to(image.dtype)
        return image * (1 - holes) + (1 - image) * holes + work.mean() * 0.0


def make_slow_lama(folder: Path, rounds: int = 60) -> tuple[Path, str]:
    """Write big-lama.pt; returns its path and MD5."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "big-lama.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(SlowLama(rounds).eval()).save(str(path))  # type: ignore[no-untyped-call]
    return path, hashlib.md5(path.read_bytes()).hexdigest()
