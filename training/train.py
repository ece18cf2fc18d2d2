"""Trains the stroke network on one CPU core against the clock: python -m training.train --photos DIR --out DIR.

Learning rate follows a cosine over the time given, so a run that gets half a core still ends annealed.
"""

import argparse
import copy
import math
import time
from collections import deque
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from models.masking.stroke_network import Floats
from training.network import StrokeNet
from training.samples import Sample, sample

_BATCH = 32
_FRESH = 12
_REPLAY = 4000
_VALIDATION = 480


def loss_of(logits: Tensor, strokes: Tensor, weight: Tensor, recall: float) -> Tensor:
    """Cross-entropy plus a Tversky loss. `recall` in 0-1 is the weight of a missed stroke; a wrong one has the rest."""
    positive = torch.tensor(recall / (1 - recall))
    entropy = functional.binary_cross_entropy_with_logits(logits, strokes, weight=weight, pos_weight=positive)
    seen = torch.sigmoid(logits) * weight
    hit = (seen * strokes).sum(dim=(1, 2))
    wrong = (seen * (1 - strokes)).sum(dim=(1, 2))
    missed = ((weight - seen) * strokes).sum(dim=(1, 2))
    tversky = 1 - (hit + 20) / (hit + (1 - recall) * wrong + recall * missed + 20)
    return entropy + 0.5 * tversky.mean()


def augmented(rng: np.random.Generator, old: Sample) -> Sample:
    """The same crop seen otherwise: mirrored, with its channels and its tones changed."""
    line, inside, strokes, weight = old.line, old.inside, old.strokes, old.weight
    if rng.random() < 0.5:
        line, inside, strokes, weight = line[:, ::-1], inside[:, ::-1], strokes[:, ::-1], weight[:, ::-1]
    if rng.random() < 0.5:
        line, inside, strokes, weight = line[::-1], inside[::-1], strokes[::-1], weight[::-1]
    line = line[..., rng.permutation(3)]
    tone = np.clip((np.arange(256) / 255) ** rng.uniform(0.6, 1.6) * 255, 0, 255).astype(np.uint8)
    line = tone[line]
    return Sample(255 - line if rng.random() < 0.5 else line, inside, strokes, weight)


def stacked(samples: list[Sample]) -> tuple[Tensor, Tensor, Tensor]:
    arrays: tuple[list[Floats], ...] = ([], [], [])
    for one in samples:
        for values, value in zip(arrays, (one.features, one.strokes, one.weight), strict=True):
            values.append(value)
    lines, strokes, weight = (torch.from_numpy(np.stack(a).astype(np.float32)) for a in arrays)
    return lines.contiguous(memory_format=torch.channels_last), strokes, weight


def scores(network: StrokeNet, validation: list[Sample], recall: float) -> tuple[float, str]:
    """The loss, and in words: it, and recall and predicted/true area over all crops at several thresholds."""
    network.eval()
    planes, truths, losses = [], [], []
    with torch.no_grad():
        for start in range(0, len(validation), _BATCH):
            lines, strokes, weight = stacked(validation[start : start + _BATCH])
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


def train(
    folder: Path | None, out: Path, minutes: float, seed: int, start: Path | None, rate: float, recall: float
) -> None:
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    rng = np.random.default_rng(seed)
    held_out = np.random.default_rng(987_654_321)
    validation = [sample(held_out, folder) for _ in range(_VALIDATION)]
    network = StrokeNet().to(memory_format=torch.channels_last)
    if start:
        network.load_state_dict(torch.load(start, weights_only=True))
    average = copy.deepcopy(network)
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=1e-3)
    replay: deque[Sample] = deque(maxlen=_REPLAY)
    began = spoken = time.monotonic()
    step = 0
    running, counted = 0.0, 0
    best = math.inf
    out.mkdir(parents=True, exist_ok=True)
    best = _kept(average, validation, recall, best, out, "start")
    while (elapsed := time.monotonic() - began) < minutes * 60:
        share = elapsed / (minutes * 60)
        now = rate * min(1, (step + 1) / 200) * (0.01 + 0.99 * (0.5 + 0.5 * math.cos(math.pi * share)))
        for group in optimizer.param_groups:
            group["lr"] = now
        fresh = _FRESH if len(replay) >= 500 else _BATCH
        batch = [sample(rng, folder) for _ in range(fresh)]
        old = [augmented(rng, replay[int(i)]) for i in rng.integers(0, max(1, len(replay)), _BATCH - fresh)]
        lines, strokes, weight = stacked(batch + old)
        replay.extend(batch)
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(lines)
        loss = loss_of(logits.float(), strokes, weight, recall)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        optimizer.step()
        step += 1
        running += float(loss.detach())
        counted += 1
        blend = min(0.998, step / (step + 20))
        with torch.no_grad():
            for mean, latest in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
                mean.lerp_(latest, 1 - blend) if mean.is_floating_point() else mean.copy_(latest)
        if time.monotonic() - spoken > 120:
            spoken = time.monotonic()
            said = (
                f"{elapsed / 60:5.1f} min step {step} fresh {step * _FRESH} lr {now:.5f} loss {running / counted:.4f}"
            )
            best = _kept(average, validation, recall, best, out, said)
            running, counted = 0.0, 0
    _kept(average, validation, recall, best, out, f"final, step {step}")


def _kept(average: StrokeNet, validation: list[Sample], recall: float, best: float, out: Path, said: str) -> float:
    """Writes the weights if no earlier ones had a lower loss on the held-out crops; returns the lowest loss."""
    loss, figures = scores(average, validation, recall)
    print(said, figures, flush=True)
    if loss < best:
        torch.save(average.state_dict(), out / "best.pt")
    return min(loss, best)


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
