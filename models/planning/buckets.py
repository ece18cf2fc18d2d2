"""The lengths a window side may have, so that windows of different images share shapes."""

from math import lcm

import numpy as np
from numpy.typing import NDArray

from models.base import ModelFacts
from models.planning.limits import PlanLimits

Lengths = NDArray[np.int64]
"""Pixels along one axis, for many windows at once."""

TOO_LARGE = np.iinfo(np.int64).max // 4
"""Price of a window that may not be; four of them can still be added."""


class Buckets:
    """Grows windows of one image to shapes of the ladder, and prices them. Windows end where the image ends."""

    def __init__(self, height: int, width: int, facts: ModelFacts, limits: PlanLimits) -> None:
        self.height, self.width = height, width
        self._facts = facts
        self._call_px = facts.cost.call_px
        # cv2 takes any size: a multiple of 8 makes shapes meet there too.
        multiple = lcm(facts.pad_multiple, 8) if facts.pad_multiple < 8 else facts.pad_multiple
        self.longest = max(limits.max_window_px // multiple * multiple, facts.min_size, multiple)
        shortest = max(facts.shortest_px, facts.min_size, facts.own_crop_px)
        rungs = _rungs(min(shortest, self.longest), self.longest, multiple, limits.bucket_ratio)
        lengths = np.arange(min(max(height, width), self.longest) + 1)
        self._rung_of = rungs[np.searchsorted(rungs, lengths)]
        # Clipped by the image, then padded: padded_shape() for every length, one axis at a time.
        self._padded = np.maximum(-(-lengths // facts.pad_multiple) * facts.pad_multiple, facts.min_size)

    def fits(self, heights: Lengths, widths: Lengths) -> NDArray[np.bool_]:
        """Whether a model may see windows of these sizes unreduced."""
        return (heights <= self.longest) & (widths <= self.longest)

    def sizes(self, heights: Lengths, widths: Lengths) -> tuple[Lengths, Lengths]:
        """The sizes windows grow to, for heights and widths that fit."""
        tall, wide = self._rung_of[heights], self._rung_of[widths]
        if self._facts.pad_to_square:
            tall = wide = np.maximum(tall, wide)
        return np.minimum(tall, self.height), np.minimum(wide, self.width)

    def price(self, heights: Lengths, widths: Lengths) -> Lengths:
        """Padded pixels plus the fixed price of a call; TOO_LARGE for what does not fit."""
        fits = self.fits(heights, widths)
        tall, wide = self.sizes(np.where(fits, heights, 1), np.where(fits, widths, 1))
        tall, wide = self._padded[tall], self._padded[wide]
        if self._facts.pad_to_square:
            tall = wide = np.maximum(tall, wide)
        area = np.full_like(tall, self._facts.own_crop_px**2) if self._facts.own_crop_px else tall * wide
        return np.where(fits, area + self._call_px, TOO_LARGE)


def _rungs(shortest: int, longest: int, multiple: int, ratio: float) -> Lengths:
    """Multiples of `multiple` from `shortest` to `longest`, neighbours `ratio` apart or one multiple."""
    rungs = [-(-shortest // multiple) * multiple]
    while rungs[-1] < longest:
        following = max(rungs[-1] + multiple, int(rungs[-1] * ratio) // multiple * multiple)
        rungs.append(min(following, longest))
    return np.array(rungs, dtype=np.int64)
