"""The held-out crops: how far a network is, and the best weights so far."""

import math
from pathlib import Path

import numpy as np
import torch

from training.batches import BATCH, stacked
from training.loss import loss_of
from training.network import StrokeNet
from training.samples import Sample, sample

_CROPS = 480
_SEED = 987_654_321


class Keeper:
    """Writes `best.pt` below `out` whenever the loss on the held-out crops is the lowest so far."""

    def __init__(self, folder: Path | None, out: Path, recall: float) -> None:
        rng = np.random.default_rng(_SEED)
        self._crops = [sample(rng, folder) for _ in range(_CROPS)]
        self._recall = recall
        self._best = math.inf
        out.mkdir(parents=True, exist_ok=True)
        self._file = out / "best.pt"

    def look(self, network: StrokeNet, said: str) -> None:
        loss, figures = scores(network, self._crops, self._recall)
        print(said, figures, flush=True)
        if loss < self._best:
            self._best = loss
            torch.save(network.state_dict(), self._file)


def scores(network: StrokeNet, crops: list[Sample], recall: float) -> tuple[float, str]:
    """The loss, and in words: it, and recall and predicted/true area over all crops at several thresholds."""
    network.eval()
    planes, truths, losses = [], [], []
    with torch.no_grad():
        for start in range(0, len(crops), BATCH):
            lines, strokes, weight = stacked(crops[start : start + BATCH])
            with torch.autocast("cpu", torch.bfloat16):
                logits = network(lines).float()
            inside = (lines[:, -1] > 0) & (weight > 0)
            losses.append(float(loss_of(logits, strokes, weight, recall)))
            planes.append(torch.sigmoid(logits) * inside)
            truths.append((strokes > 0.5) & inside)
    network.train()
    probability, truth = torch.cat(planes), torch.cat(truths)
    parts = [f"val {np.mean(losses):.4f}"]
    for threshold in (0.2, 0.35, 0.5, 0.7):
        mask = probability > threshold
        parts.append(
            f"t{threshold}: recall {(mask & truth).sum() / truth.sum():.4f} area {mask.sum() / truth.sum():.3f}"
        )
    return float(np.mean(losses)), " | ".join(parts)
