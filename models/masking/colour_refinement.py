"""Sharpens a guess of what is text by the colours text and background turn out to have."""

import numpy as np
from numpy.typing import NDArray

from models.types import Image

Floats = NDArray[np.float32]

_BINS = 16
_ROUNDS = 3
_MOST = 3.0
"""A colour alone shifts the guess by at most this, in log odds, before it is weighted."""


def sharpened(likeness: Floats, pixels: Image, trust: float = 1.0) -> Floats:
    """`likeness` (n,) that each of `pixels` (n, 3) is text, moved towards what its colour is elsewhere in the region.

    Bayes' rule with two colour histograms, of text and of background, each filled by the guess itself. `trust` is the
    weight of the colours against the first guess; above 1 for a guess that was made at a coarser resolution.
    """
    index = _index(pixels)
    certain = np.clip(likeness, 0.005, 0.995)
    odds = np.log(certain / (1 - certain))
    guess = certain
    for _ in range(_ROUNDS):
        ratio = np.log(_histogram(index, guess) / _histogram(index, 1 - guess))
        shift = np.clip(ratio[index], -_MOST, _MOST) * trust
        guess = (1 / (1 + np.exp(-(odds + shift)))).astype(np.float32)
    return np.asarray(guess, np.float32)


def _histogram(index: NDArray[np.int64], weight: Floats) -> NDArray[np.float64]:
    """(bins³,) share of each colour, blurred by one bin each way; never 0."""
    counts: NDArray[np.float64] = np.bincount(index, weight, _BINS**3).astype(np.float64).reshape(_BINS, _BINS, _BINS)
    for axis in range(3):
        padded = np.pad(counts, [(1, 1) if a == axis else (0, 0) for a in range(3)])
        before, middle, after = (np.take(padded, np.arange(_BINS) + step, axis=axis) for step in range(3))
        counts = (before + 2 * middle + after) / 4
    return np.asarray(counts.ravel() / max(float(weight.sum()), 1e-6) + 1e-5)


def alike(guess: Floats, pixels: Image, others: Image) -> Floats:
    """Likeness (m,) that each of `others` (m, 3) is text, by colour alone: `guess` (n,) says it of `pixels` (n, 3).

    A colour that occurs in neither text nor background leaves it open: 0.5.
    """
    ratio = np.log(_histogram(_index(pixels), guess) / _histogram(_index(pixels), 1 - guess))
    shift = np.clip(ratio[_index(others)], -_MOST, _MOST)
    return np.asarray(1 / (1 + np.exp(-shift)), np.float32)


def _index(pixels: Image) -> NDArray[np.int64]:
    cell = pixels.astype(np.int64) * _BINS // 256
    return np.asarray((cell[:, 0] * _BINS + cell[:, 1]) * _BINS + cell[:, 2])
