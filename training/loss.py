"""What training minimises."""

import torch
from torch import Tensor
from torch.nn import functional


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
