"""How many pixels one forward may take, found by trying."""

from collections.abc import Callable
from math import isqrt

from models.cuda.staging import Shape
from models.errors import OutOfDeviceMemory

PROBE_PIXELS = 1 << 20
"""Large enough for what a forward takes whatever its size to hardly count, small enough for any device."""

LEAST_PIXELS = 64 * 64

WINDOW_SIDE_PX = 512


def find(peak_bytes: Callable[[int], int], available_bytes: int, most_px: int) -> int:
    """The most pixels, at most `most_px`, whose forward fits into `available_bytes`.

    `peak_bytes` runs a forward of about that many pixels and returns what it took at its peak, or raises
    OutOfDeviceMemory. The answer has been run, unless it is LEAST_PIXELS: then the device has no room to speak of.
    """
    probe = max(min(PROBE_PIXELS, most_px), LEAST_PIXELS)
    while (taken := _try(peak_bytes, probe)) is None:
        if probe <= LEAST_PIXELS:
            return min(LEAST_PIXELS, most_px)
        probe = max(probe // 2, LEAST_PIXELS)
    found = min(most_px, int(available_bytes / max(taken, 1) * probe))
    while found > probe and _try(peak_bytes, found) is None:
        found //= 2
    return max(found, min(LEAST_PIXELS, most_px))


def _try(peak_bytes: Callable[[int], int], pixels: int) -> int | None:
    try:
        return peak_bytes(pixels)
    except OutOfDeviceMemory:
        return None


def shape_of(pixels: int) -> Shape:
    """A batch of square windows of at most that many pixels (64x64 at least)."""
    side = max(min(WINDOW_SIDE_PX, isqrt(pixels) // 8 * 8), 64)
    return max(1, pixels // side**2), side, side
