"""Edges and stripes, continued through holes: a membrane that is stretched along the lines of the picture.

What is known around a hole says which way its lines run (the structure tensor: Förstner and Gülch, 1987) and how
clearly (its coherence). Each unknown pixel then is a mean of its eight neighbours that follows the line through it, as
in coherence-enhancing diffusion (Weickert, 1999), and where there is no line, of all of them alike.

Wide holes are first filled at half size, and so on down: there the lines of both sides meet. What comes out is where
the finer fill starts, and tells its directions along with what is known.

On the evaluation set's true strokes (640x480) one size alone is 1.6 dB better in the text boxes of photos than the
plain membrane and 2.6 dB better than OpenCV's Navier-Stokes, in 0.15 s of one core. The sizes together are 0.7 dB
better where letters are large (half of the captured set's memes, huge and neon letters, true masks: 26.25 to 26.97 dB).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from models.filling.membrane import Bools, Floats, doubled, halved, membrane
from models.stopping import go_on

_SIGMA_PX = 5.0
"""Of the neighbourhood whose lines a pixel follows."""
_FLAT = 20.0
"""Squared grey levels a pixel, over the channels, below which a gradient is no line but noise."""
_STRICT = 10.0
"""How much less a neighbour off the line counts: by e^-10 across a perfect one."""
_BELIEVED = 0.5
"""How much the lines of what is filled count against those of what is known."""
_WIDE_PX, _HALVINGS = 6.0, 2
"""A hole with a pixel further than this from any known one starts from half its size, so often at most. Three
halvings fill no better, and mix what is beyond a narrow border into the hole."""
_SWEEPS, _OVER = 60, 1.3
"""Of successive over-relaxation. Half the sweeps cost 0.3 dB, twice as many bring 0.1."""
_MOST_STEPS, _LEAST_SWEEPS = 6_000_000, 8
"""Pixels times sweeps at most, about two seconds: in larger holes no line is foretold from their rim anyway."""
_AROUND = ((0, 1), (1, 0), (1, 1), (1, -1), (0, -1), (-1, 0), (-1, -1), (-1, 1))


def continued(values: Floats, holes: Bools, halvings: int = _HALVINGS) -> Floats:
    """A copy of `values` (h, w, 3), 0-255, with the marked pixels (h, w) filled; what they held does not matter.

    At most `halvings` times the fill starts from one of half the size.
    """
    if not holes.any() or holes.all():
        return membrane(values, holes)
    filled = _start(values, holes, halvings)
    coherence, tangent = _lines(filled, holes)
    _relax(filled, holes, coherence[holes], tangent[holes])
    return filled


def _start(values: Floats, holes: Bools, halvings: int) -> Floats:
    if halvings and cv2.distanceTransform(holes.view(np.uint8), cv2.DIST_L2, 3).max() > _WIDE_PX:
        half, missing = halved(np.where(holes[..., np.newaxis], np.float32(0), values), holes)
        if missing.any():
            return np.where(
                holes[..., np.newaxis], doubled(continued(half, missing, halvings - 1), holes.shape), values
            )
    return membrane(values, holes)


def _lines(filled: Floats, holes: Bools) -> tuple[Floats, Floats]:
    """Coherence, 0-1, and direction (radians, x to y) of the lines at each pixel, from what is around it."""
    across, down = (cv2.Sobel(filled, cv2.CV_32F, *order, ksize=3, scale=1 / 8) for order in ((1, 0), (0, 1)))
    known = np.where(holes, np.float32(_BELIEVED), np.float32(1))
    weight = cv2.GaussianBlur(known, (0, 0), _SIGMA_PX) + np.float32(1e-4)
    xx, yy, xy = (
        cv2.GaussianBlur((one * other).sum(axis=2) * known, (0, 0), _SIGMA_PX) / weight
        for one, other in ((across, across), (down, down), (across, down))
    )
    coherence = np.sqrt(np.square(xx - yy) + 4 * np.square(xy)) / (xx + yy + _FLAT)
    tangent = 0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2
    return np.asarray(coherence, np.float32), np.asarray(tangent, np.float32)


def _relax(filled: Floats, holes: Bools, coherence: Floats, tangent: Floats) -> None:
    """In place. Pixels of one colour of a 2x2 pattern do not touch, so each colour is updated at once."""
    height, width, channels = filled.shape
    flat = filled.reshape(-1, channels)
    row, column = np.nonzero(holes)
    weights = _weights(coherence, tangent)
    around = np.stack([np.clip(row + y, 0, height - 1) * width + np.clip(column + x, 0, width - 1) for y, x in _AROUND])
    colour = row % 2 * 2 + column % 2
    parts = [
        (row[own] * width + column[own], around[:, own], weights[:, own, np.newaxis])
        for own in (np.flatnonzero(colour == number) for number in range(4))
    ]
    for _ in range(max(_LEAST_SWEEPS, min(_SWEEPS, _MOST_STEPS // len(row)))):
        go_on()
        for here, neighbours, share in parts:
            mean = share[0] * flat[neighbours[0]]
            for one, part in zip(neighbours[1:], share[1:], strict=True):
                mean += part * flat[one]
            flat[here] = (1 - _OVER) * flat[here] + _OVER * mean


def _weights(coherence: Floats, tangent: Floats) -> NDArray[np.float32]:
    """(8, n): of each neighbour; together 1."""
    weights = np.empty((len(_AROUND), len(coherence)), np.float32)
    for weight, (y, x) in zip(weights, _AROUND, strict=True):
        off_line = np.square(np.sin(np.arctan2(y, x) - tangent))
        weight[:] = np.exp(-_STRICT * coherence * off_line) / (y * y + x * x)
    return np.asarray(weights / weights.sum(axis=0), np.float32)
