"""What a window costs, and the limits a plan keeps. The constants are argued here; the planner is in auto.py."""

from dataclasses import dataclass

from models.base import ModelFacts


@dataclass(frozen=True, slots=True)
class CostModel:
    """Seconds for a window = padded pixels * `pixel_s` + `call_s`. Only the ratio of the two decides a plan.

    Defaults: LaMa of true size on 2 CPU cores, fp32. `pixel_s` is the slope from 64x64 to 1024x1024. `call_s` is what
    a line through times at 64x64 to 256x256 leaves at zero pixels (30-50 ms: hundreds of layers are dispatched, 200 MB
    of weights are read), and about 10 ms for the hop between processes.
    """

    pixel_s: float = 17e-6
    call_s: float = 0.05

    @property
    def call_px(self) -> int:
        """The fixed price of a call in pixels: two windows that save this many pixels apart are worth two calls."""
        return round(self.call_s / self.pixel_s)


@dataclass(frozen=True, slots=True)
class PlanLimits:
    """What the service allows a plan, and its tuning.

    `max_window_px`: longest side of one forward (MAX_IMAGE_SIZE), padding included; a model whose `min_size` or
    `pad_multiple` is larger gets that.
    `bucket_ratio`: each window side is one of a ladder of lengths this far apart, so that windows of different images
    have the same shape and can run as one batch. 1.0625 costs 3 % per side on average, filled with real neighbours, and
    leaves 63 lengths up to 2048. 1 means every multiple the model takes, for a device that gains nothing by batches.
    `margin_floor_px`: known pixels around a hole, at least: three cells of the 8-fold reduced grid the networks work
    on. `margin_ratio` of the hole's shorter side is given if that is more: with 0.25 a hole never fills more than two
    thirds of its window's side. `margin_cap_px` ends that. Up to a hole of 128 px this stays below the 32 px that
    IOPaint's API takes by default, so the windows are smaller than its crops.
    `diffusion_call_px` is the fixed price of a call for diffusion models: one window of the 512x512 they are trained
    on, the least a second call costs them; `diffusion_side_px` is that length.
    """

    max_window_px: int = 2048
    cost: CostModel = CostModel()
    bucket_ratio: float = 1.0625
    margin_floor_px: int = 24
    margin_ratio: float = 0.25
    margin_cap_px: int = 256
    diffusion_call_px: int = 512 * 512
    diffusion_side_px: int = 512

    def call_px(self, facts: ModelFacts) -> int:
        """The fixed price of one call of that model, in pixels."""
        return self.diffusion_call_px if facts.diffusion else self.cost.call_px
