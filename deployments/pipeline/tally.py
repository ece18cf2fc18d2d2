"""How many of a request's windows and regions are done."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.planning.overlaps import edges_of
from models.planning.window import Window
from models.types import Box, Progress


class RegionTally:
    """Counts regions all of whose windows have finished. `regions` are boxes in pixels of the image."""

    def __init__(self, windows: Sequence[Window], regions: Sequence[Box]) -> None:
        self._windows = len(windows)
        self._done = 0
        self._edges = edges_of(regions)
        self._waiting = np.zeros(len(regions), dtype=np.int64)
        for window in windows:
            self._waiting += self._touched(window)

    @property
    def finished(self) -> int:
        """Regions that wait for no window; those that no window touches count from the start."""
        return int(np.count_nonzero(self._waiting == 0))

    def finish(self, window: Window) -> None:
        """Note that a window, one of those given at the start and each at most once, is done."""
        self._done += 1
        self._waiting -= self._touched(window)

    def progress(self) -> Progress:
        return Progress("inpainting", self._done, self._windows, self.finished, len(self._waiting))

    def _touched(self, window: Window) -> NDArray[np.bool_]:
        left, top, right, bottom = self._edges.T
        paste = window.paste
        touched: NDArray[np.bool_] = (
            (left < paste.right) & (right > paste.left) & (top < paste.bottom) & (bottom > paste.top)
        )
        return touched
