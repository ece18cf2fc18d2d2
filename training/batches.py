"""What one step learns from: new crops, and older ones seen otherwise."""

from collections import deque
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.masking.stroke_network import Floats
from training.samples import Sample, sample

BATCH = 32
FRESH = 12
"""New crops in a batch, once enough old ones are kept."""
_ENOUGH, _KEPT = 500, 4000

Batch = tuple[Tensor, Tensor, Tensor]
"""Features (n, 7, h, w), strokes and weight (n, h, w)."""


class Batches:
    """Batches without end; data and order are fixed by the seed."""

    def __init__(self, folder: Path | None, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._folder = folder
        self._old: deque[Sample] = deque(maxlen=_KEPT)

    def next(self) -> Batch:
        rng, old = self._rng, self._old
        fresh = FRESH if len(old) >= _ENOUGH else BATCH
        batch = [sample(rng, self._folder) for _ in range(fresh)]
        again = [augmented(rng, old[int(i)]) for i in rng.integers(0, max(1, len(old)), BATCH - fresh)]
        old.extend(batch)
        return stacked(batch + again)


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


def stacked(samples: list[Sample]) -> Batch:
    arrays: tuple[list[Floats], ...] = ([], [], [])
    for one in samples:
        for values, value in zip(arrays, (one.features, one.strokes, one.weight), strict=True):
            values.append(value)
    lines, strokes, weight = (torch.from_numpy(np.stack(a).astype(np.float32)) for a in arrays)
    return lines.contiguous(memory_format=torch.channels_last), strokes, weight
