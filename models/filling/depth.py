"""Deep holes: what is far from every known pixel hangs on all of the rim, so there it is the whole or nothing."""

import cv2
import numpy as np

from models.filling.membrane import Bools, Floats

DEEP_PX = 20.0
_BENT = 6.0
"""Grey levels that the rim's surface may differ from a plane at nineteen of twenty places: what is bent more is no
longer foretold by its rim."""
_BAD_SHARE = 0.05


def settled(good: Bools, unheard: Bools, holes: Bools, smooth: Floats) -> Bools:
    """The pixels of `holes` to be fitted, all (h, w). `good` is each place's own verdict, `unheard` marks places too
    far from known pixels to have one, and `smooth` (h, w, 3) is the surface.

    Where a hole is deeper than DEEP_PX, all that lies around the depth is fitted, if nearly all of it that has a
    verdict is good and its rim is plane, or none of it.
    """
    fitted = holes & good
    depth = cv2.distanceTransform(holes.view(np.uint8), cv2.DIST_L2, 3)
    core = depth > DEEP_PX
    if not core.any():
        return fitted
    from_core = cv2.distanceTransform((~core).view(np.uint8), cv2.DIST_L2, 3)
    thick = holes & (from_core <= DEEP_PX + 1)
    _, numbers, stats, _ = cv2.connectedComponentsWithStats(thick.view(np.uint8), connectivity=8)
    for number, (left, top, width, height, _) in enumerate(stats.tolist()[1:], start=1):
        part = np.s_[top : top + height, left : left + width]
        own = numbers[part] == number
        heard = own & ~unheard[part]
        bad = int(np.count_nonzero(heard & ~good[part])) / max(1, int(np.count_nonzero(heard)))
        rim = own & (depth[part] < 2)
        fitted[part][own] = bad <= _BAD_SHARE and _is_plane(smooth[part], rim)
    return fitted


def _is_plane(smooth: Floats, rim: Bools) -> bool:
    row, column = np.nonzero(rim)
    if not len(row):
        return False
    terms = np.stack([np.ones(len(row)), row, column], axis=1)
    values = smooth[rim].astype(np.float64)
    plane, *_ = np.linalg.lstsq(terms, values, rcond=None)
    off = np.abs(values - terms @ plane).max(axis=1)
    return bool(np.percentile(off, 95) <= _BENT)
