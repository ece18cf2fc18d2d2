"""How far the ring around letters reaches, measured on the picture, and the mask grown until it has gone.

Sharpening, JPEG and chroma subsampling leave a ring around letters whose width no constant fits: none on a rendered
screenshot, two pixels on a scan, eight where the chroma of a strongly compressed photo has run. What fills a hole takes
its colours from the hole's border, so a ring that is left there becomes a ghost of the text. Colours are CIELAB, where
2.3 is just noticeable (Mahy et al., 1994).
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.types import Image, Mask

Floats = NDArray[np.floating]

LEAST_PX, LEAST_OF_SMALL_PX = 2, 1
"""No letter grows by less. The second holds where the gaps are as narrow as a ring, and on backgrounds whose every
pixel the filler would have to invent (`_ROUGH`); there, a second pixel costs 0.3 dB."""
_SMALL_LETTER_PX, _LETTER_OF_LINE = 15, 0.65
_ROUGH = 1.0

_MOST_OF_LINE, _MOST_PX = 0.3, 12
"""No ring is looked for beyond this share of the line's height, plus `LEAST_PX`, or beyond this many pixels."""

_OUTER_PX = 4
"""A distance from the letters is compared with the next so many: the background varies less over these than the ring
does, whatever it is."""

_SHIFT, _UNREST = 0.4, 0.5
_SHIFT_OF_ROUGH, _UNREST_OF_ROUGH = 0.2, 0.3
_DOUBT = 2.5
"""Background is where the mean colour changes outwards by less than `_SHIFT`, and single pixels differ by at most
`_UNREST` more than further out; plus shares of how rough the background is and `_DOUBT` standard errors, for what
shows on paper is lost in grass. Chosen on shared real pictures and on the evaluation's scenes, sharpened and coded."""

LARGEST_PX = 3_000_000
"""Of larger regions a reduced picture is measured: a pixel takes some 120 bytes meanwhile."""

_FEWEST, _FEWEST_OF_CELL = 12, 4
"""Fewer pixels than this at a distance say nothing about it."""

_STANDS_OUT, _STANDS_OUT_OF_INK, _STANDS_OUT_OF_ROUGH = 8.0, 0.3, 4.0
"""A pixel that differs from the background by more than each of these (the others as shares of what letters differ by
and of the roughness) is no ring's; and another thing than a letter if it hangs together with pixels beyond any ring."""

_GLOW, _FADES = 0.95, 0.7
"""What stands next to this share of the letters' edge is no other thing but their glow, if it fades to this share
twice: over either half of how far a ring may reach. Something flat around letters does not."""


def margin_px(line_height: float) -> int:
    """The surroundings `with_ring` needs to see around letters in lines of this height."""
    return _reach_px(line_height) + _OUTER_PX + 2


def with_ring(image: Image, ink: Mask, own: Mask, ground: Mask, line_height: float) -> Mask:
    """`own` grown by as many pixels as it takes until what lies around it is background.

    `image` (h, w, 3) is the region with surroundings; `ink` (h, w) the letters in it, those of other regions included,
    `own` those of this region; `ground` marks where background is measured, usually the region. Other things than
    letters (the border of a panel, a line) are not grown over.
    """
    factor = int(np.ceil(np.sqrt(ink.size / LARGEST_PX)))
    if factor == 1:
        width, things = _measured(image, ink, ground, line_height)
    else:
        size = (max(1, ink.shape[1] // factor), max(1, ink.shape[0] // factor))
        small, marked, free = (cv2.resize(a, size, interpolation=cv2.INTER_AREA) for a in (image, ink, ground))
        narrow, found = _measured(small, np.where(marked > 0, 255, 0).astype(np.uint8), free, line_height / factor)
        width = min(narrow * factor, _MOST_PX)
        things = np.asarray(cv2.resize(found, ink.shape[::-1], interpolation=cv2.INTER_NEAREST), np.uint8)
    return np.asarray(grown(own, width) & ~things | grown(own, LEAST_OF_SMALL_PX), np.uint8)


def _measured(image: Image, ink: Mask, ground: Mask, line_height: float) -> tuple[int, Mask]:
    """How wide the ring is, and a mask (h, w) of other things that stand there."""
    reach = _reach_px(line_height)
    far = np.asarray(cv2.distanceTransform((ink == 0).astype(np.uint8), cv2.DIST_L2, 3))
    clear = _clear(far, ground, reach)
    if np.count_nonzero(clear) < _FEWEST:
        return LEAST_OF_SMALL_PX, np.zeros_like(ink)
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    off = lab - background(lab, clear, 2 * line_height)
    rough = float(np.median(_length(lab - background(lab, clear, 2 * _OUTER_PX + 1))[clear]))
    things = _things(_length(off), far, ink, rough, reach)
    seen = (ink == 0) & (ground > 0) & (things == 0) & (far <= reach + _OUTER_PX + 1)
    profile = _profile(off[seen], far[seen], _cells(seen, line_height), rough)
    tight = line_height * _LETTER_OF_LINE < _SMALL_LETTER_PX or rough > _ROUGH
    return profile.first_quiet(LEAST_OF_SMALL_PX if tight else LEAST_PX, reach), things


@dataclass(frozen=True, slots=True)
class _Profile:
    """What the surroundings of letters look like at each distance: `pixels` (cells, distances) are counts, `sums`
    (cells, distances, 4) the sums of their difference from the background (L, a, b) and of its length."""

    pixels: Floats
    sums: Floats
    rough: float

    def first_quiet(self, least: int, reach: int) -> int:
        """The first width behind which two pixels are background."""
        for width in range(least, reach):
            if self._is_quiet(width + 1) and self._is_quiet(width + 2):
                return width
        return reach

    def _is_quiet(self, distance: int) -> bool:
        """Median over the cells, so that a ring counts and an edge of the background that passes there does not."""
        outer = slice(distance + 1, distance + 1 + _OUTER_PX)
        here, there = self.pixels[:, distance], self.pixels[:, outer].sum(axis=1)
        known = (here >= _FEWEST_OF_CELL) & (there >= _FEWEST_OF_CELL)
        if here[known].sum() < _FEWEST:
            return True
        inner_mean = self.sums[known, distance] / here[known, None]
        change = inner_mean - self.sums[known, outer].sum(axis=1) / there[known, None]
        middle = _median(change, here[known])
        spread = np.abs(change - middle).mean(axis=0)
        error = _DOUBT / np.sqrt(len(change)) if len(change) > 2 else _DOUBT
        shift = float(_length(middle[:3]))
        return bool(
            shift <= _SHIFT + _SHIFT_OF_ROUGH * self.rough + error * float(_length(spread[:3]))
            and middle[3] <= _UNREST + _UNREST_OF_ROUGH * self.rough + error * spread[3]
        )


def grown(ink: Mask, pixels: int) -> Mask:
    """Every pixel at most `pixels` and a half from a marked one, measured straight."""
    x = np.arange(-pixels, pixels + 1)
    disc = (x**2 + x[:, None] ** 2 <= (pixels + 0.5) ** 2).astype(np.uint8)
    return np.asarray(cv2.dilate(ink, disc), np.uint8)


def _reach_px(line_height: float) -> int:
    return int(np.clip(round(line_height * _MOST_OF_LINE) + LEAST_PX, 2 * LEAST_PX, _MOST_PX))


def _profile(off: Floats, far: Floats, cells: NDArray[np.intp], rough: float) -> _Profile:
    """`off` (n, 3) is how pixels differ from the background, `far` (n,) their distance from the letters."""
    distances = _MOST_PX + _OUTER_PX + 3
    count = int(cells.max()) + 1 if cells.size else 1
    index = cells * distances + np.ceil(far).astype(np.intp)

    def summed(values: Floats | None) -> Floats:
        return np.bincount(index, values, count * distances).reshape(count, distances).astype(np.float64)

    planes = [*(summed(off[:, channel]) for channel in range(3)), summed(_length(off))]
    return _Profile(summed(None), np.stack(planes, axis=2), rough)


def _cells(seen: NDArray[np.bool_], side: float) -> NDArray[np.intp]:
    """For each seen pixel the number of the square of about that side in which it lies, 0 upwards without gaps."""
    rows, columns = np.nonzero(seen)
    pixels = max(1, round(side))
    number = rows // pixels * (seen.shape[1] // pixels + 1) + columns // pixels
    return np.asarray(np.unique(number, return_inverse=True)[1], np.intp)


def _median(values: Floats, weights: Floats) -> Floats:
    """Of each column of `values` (n, c)."""
    order = np.argsort(values, axis=0)
    below = weights[order].cumsum(axis=0)
    pick = (below >= below[-1:] / 2).argmax(axis=0)
    return np.asarray(np.take_along_axis(np.take_along_axis(values, order, axis=0), pick[None], axis=0)[0])


def _things(length: Floats, far: Floats, ink: Mask, rough: float, reach: int) -> Mask:
    """What stands out from the background as clearly as the letters do and is none of them, with a pixel around it."""
    contrast = float(np.median(length[ink > 0])) if ink.any() else 0.0
    least = max(_STANDS_OUT, _STANDS_OUT_OF_INK * contrast, _STANDS_OUT_OF_ROUGH * rough)
    strong = ((length > least) & (ink == 0)).astype(np.uint8)
    count, labels = cv2.connectedComponents(strong, connectivity=8)
    furthest = np.zeros(count, far.dtype)
    marked = labels > 0
    np.maximum.at(furthest, labels[marked], far[marked])
    things = np.where((furthest > reach)[labels], 255, 0).astype(np.uint8)
    if _glows(things, length, far, reach):
        return np.zeros_like(ink)
    return np.asarray(cv2.dilate(things, np.ones((3, 3), np.uint8)), np.uint8)


def _glows(things: Mask, length: Floats, far: Floats, reach: int) -> bool:
    near, half_way, beyond = ((far > d) & (far <= d + 2) for d in (0, reach // 2, reach))
    if not (near.any() and half_way.any() and beyond.any()) or (things[near] > 0).mean() < _GLOW:
        return False
    first, second, third = (float(np.median(length[where])) for where in (near, half_way, beyond))
    return second < _FADES * first and third < _FADES * second


def _clear(far: Floats, ground: Mask, reach: int) -> NDArray[np.bool_]:
    """Where nothing of a ring can be; in dense text, what is furthest from the letters."""
    inside = ground > 0
    if not inside.any():
        return inside
    return np.asarray(inside & (far > min(reach, float(np.quantile(far[inside], 0.9)))), np.bool_)


def background(lab: Floats, clear: NDArray[np.bool_], side: float) -> Floats:
    """The mean colour of the clear pixels in a square of that side around each pixel; where there are none, of all."""
    weight = clear.astype(np.float32)
    size = (int(side) | 1, int(side) | 1)
    total = cv2.blur(weight, size, borderType=cv2.BORDER_CONSTANT)[..., None]
    near = cv2.blur(lab * weight[..., None], size, borderType=cv2.BORDER_CONSTANT)
    few = 0.5 / (size[0] * size[1])
    mean = np.where(total > few, near / np.maximum(total, few), lab[clear].mean(axis=0))
    return np.asarray(mean, np.float32)


def _length(colours: Floats) -> Floats:
    return np.asarray(np.sqrt((colours * colours).sum(axis=-1)))
