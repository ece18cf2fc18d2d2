"""Trains the stroke network on one CPU core against the clock: python -m training.train --photos DIR --out DIR.

Learning rate follows a cosine over the time given, so a run that gets half a core still ends annealed.
"""

import argparse
import copy
import math
import time
from pathlib import Path

import torch
from torch import Tensor

from training.batches import Batch, Batches
from training.loss import loss_of
from training.network import StrokeNet
from training.validation import Keeper

_AVERAGED = 0.99
"""Share of the moving average that each step keeps: some 100 steps count, few minutes of a busy core."""
_WARM_UP = 60
"""Steps until the learning rate is at its top."""
_LOOK_S = 120


def train(
    folder: Path | None, out: Path, minutes: float, seed: int, start: Path | None, rate: float, recall: float
) -> None:
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    batches, keeper = Batches(folder, seed), Keeper(folder, out, recall)
    network = StrokeNet().to(memory_format=torch.channels_last)
    if start:
        network.load_state_dict(torch.load(start, weights_only=True))
    average = copy.deepcopy(network)
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=1e-3)
    began = looked = time.monotonic()
    losses: list[float] = []
    step = 0
    while (elapsed := time.monotonic() - began) < minutes * 60:
        now = rate * min(1, (step + 1) / _WARM_UP) * _annealed(elapsed / (minutes * 60))
        for group in optimizer.param_groups:
            group["lr"] = now
        losses.append(float(_learn(network, optimizer, batches.next(), recall)))
        step += 1
        _follow(average, network, min(_AVERAGED, step / (step + 20)))
        if time.monotonic() - looked > _LOOK_S:
            looked = time.monotonic()
            loss = sum(losses) / len(losses)
            keeper.look(average, f"{elapsed / 60:5.1f} min step {step} lr {now:.5f} loss {loss:.4f}")
            losses.clear()
    keeper.look(average, f"final, step {step}")


def _annealed(share: float) -> float:
    return 0.01 + 0.99 * (0.5 + 0.5 * math.cos(math.pi * share))


def _learn(network: StrokeNet, optimizer: torch.optim.Optimizer, batch: Batch, recall: float) -> Tensor:
    """One step; returns the loss before it."""
    lines, strokes, weight = batch
    with torch.autocast("cpu", torch.bfloat16):
        logits = network(lines)
    loss = loss_of(logits.float(), strokes, weight, recall)
    optimizer.zero_grad()
    torch.autograd.backward(loss)
    torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
    optimizer.step()
    return loss.detach()


def _follow(average: StrokeNet, network: StrokeNet, kept: float) -> None:
    with torch.no_grad():
        for mean, latest in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
            mean.lerp_(latest, 1 - kept) if mean.is_floating_point() else mean.copy_(latest)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, default=None, help="folder of photos to draw on; none: textures only")
    parser.add_argument("--out", type=Path, required=True, help="where best.pt is written")
    parser.add_argument("--minutes", type=float, default=75)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=Path, default=None, help="weights to go on from")
    parser.add_argument("--rate", type=float, default=2.5e-3, help="learning rate at the top")
    parser.add_argument(
        "--recall", type=float, default=0.5, help="weight of a missed stroke, 0-1; a wrong one has the rest"
    )
    options = parser.parse_args()
    train(
        options.photos, options.out, options.minutes, options.seed, options.start, options.rate, options.recall
    )  # fmt: skip


if __name__ == "__main__":
    main()
