"""The window planner: which parts of an image a model has to see, so that cost follows the masked pixels.

    windows = plan(mask, facts, parameters, limits)
    for window in windows: crop, hole = cut(image, mask, window)      # to any replica, in any order
    canvas = Canvas(image, mask); canvas.paste(window, result)        # paste.py

`Original`, `Crop` and `Resize` are IOPaint's, to the byte (iopaint.py). `Auto` is ours (auto.py):

1. Boxes around the connected holes of the mask (components.py). A box that does not fit into the longest forward is cut
   into tiles if enough is known around each, else its window is run at reduced size and only its masked pixels come
   back enlarged.
2. Each box gets a margin of context, clipped at the image.
3. Boxes share a window where that is cheaper: greedy merging (merging.py) by price = padded pixels of the window's
   bucket + the fixed price of a call.
4. Windows grow to their bucket's shape with real neighbouring pixels; only where the image ends does the replica
   mirror pixels (padding.py).
5. If all this costs more than one window over the whole image, that window is the plan. A plan never has more padded
   pixels than the whole image unreduced, even where the whole image would have to be reduced.

Prices are pixel equivalents: LaMa takes 17 us a pixel on 2 CPU cores and 50 ms a call, so a call costs as much as about
3,000 pixels (ModelFacts.cost; limits.py has the other constants with their reasons). Against the best of all partitions
of up to 7 boxes, merging found the optimum in 99 % of 500 random cases and cost at most 6 % more (test_windows.py
repeats some).

What it can not do: see that two holes lie on the same texture and would profit from each other; avoid a seam where a
hole longer than the longest forward is cut into tiles; keep full resolution on an image over the longest forward where
holes lie so densely that windows with their margins would cost more than the image (5 then reduces all of it).
"""

from dataclasses import replace

from models.base import ModelFacts
from models.errors import InvalidRequest
from models.planning.auto import plan_by_cost
from models.planning.iopaint import plan_as_iopaint
from models.planning.limits import PlanLimits
from models.planning.window import Scaling, Window, cut, moved
from models.types import Box, HDStrategy, InpaintParameters, Mask

__all__ = ["PlanLimits", "Scaling", "Window", "cut", "plan"]

DEFAULT_LIMITS = PlanLimits()


def plan(
    mask: Mask, facts: ModelFacts, parameters: InpaintParameters, limits: PlanLimits = DEFAULT_LIMITS
) -> tuple[Window, ...]:
    """The windows to run, numbered from 0 in reading order (Crop: in IOPaint's order). None for an empty mask.

    Pure and deterministic; `mask` (height, width) holds 0 and 255 only and is not written to. `limits` bind `Auto`
    only, and the memory of one forward always. Equal arguments give equal plans.

    Raises: InvalidRequest if an IOPaint strategy asks for too much at once.
    """
    if parameters.use_croper and facts.diffusion:
        return _cropped(mask, facts, parameters, limits)
    if parameters.hd_strategy is HDStrategy.AUTO:
        return plan_by_cost(mask, facts, limits)
    return plan_as_iopaint(mask, facts, parameters, limits.forward_bytes)


def _cropped(mask: Mask, facts: ModelFacts, parameters: InpaintParameters, limits: PlanLimits) -> tuple[Window, ...]:
    """InpaintModel._apply_cropper: the part inside the crop, planned by itself."""
    left, top = parameters.croper_x, parameters.croper_y
    right, bottom = left + parameters.croper_width, top + parameters.croper_height
    crop = Box(max(left, 0), max(top, 0), min(right, mask.shape[1]), min(bottom, mask.shape[0]))
    if crop.width <= 0 or crop.height <= 0:
        raise InvalidRequest("croper_x: the crop lies outside the image", field="croper_x")
    inside = plan(mask[crop.slices], facts, replace(parameters, use_croper=False), limits)
    return tuple(moved(window, crop.left, crop.top) for window in inside)
