"""The nouns every part of the service shares. No framework is imported here."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.uint8]
"""(height, width, 3), RGB, 0-255."""

Mask: TypeAlias = NDArray[np.uint8]
"""(height, width); 255 = fill this pixel, 0 = keep it. No other value occurs."""

Images: TypeAlias = NDArray[np.uint8]
"""(count, height, width, 3), RGB: windows of one shape, to be run as one batch."""

Masks: TypeAlias = NDArray[np.uint8]
"""(count, height, width); same meaning as `Mask`."""


@dataclass(frozen=True, slots=True)
class Box:
    """A pixel rectangle; `right` and `bottom` are exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def area(self) -> int:
        return self.width * self.height

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of this box in a (height, width, ...) array."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


@dataclass(frozen=True, slots=True)
class Region:
    """Where text is, as the client said it, in pixels of the upright image (EXIF orientation applied).

    `points` are polygon vertices (x, y), at least 3; a rectangle has its 4 corners and `rectangle` set, so that it is
    rounded outwards as a rectangle and not rasterised as a polygon.
    """

    points: tuple[tuple[float, float], ...]
    rectangle: bool = False


class HDStrategy(StrEnum):
    """How a large image is brought to the model. `AUTO` is our planner, the others are exactly IOPaint's."""

    AUTO = "Auto"
    ORIGINAL = "Original"
    CROP = "Crop"
    RESIZE = "Resize"


class MaskMode(StrEnum):
    """`BOX` fills each region, `STROKES` only the glyphs inside it."""

    BOX = "box"
    STROKES = "strokes"


class FillMode(StrEnum):
    """`AUTO` fits what lies on smooth ground and leaves the rest to the model, `MODEL` leaves it all."""

    AUTO = "auto"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class InpaintParameters:
    """What a request may ask of a model. Names and meanings are IOPaint's (schema.InpaintRequest).

    `sd_seed` -1 asks for a random one. `sd_sampler` is a value of IOPaint's SDSampler ("DDIM"); `sd_strength` is in
    (0, 1]; `cv2_radius` and the `hd_strategy_*` sizes are pixels.

    Of diffusion models only: `sd_scale` (0, 1] shrinks what the model sees; `sd_mask_blur` blends over so many pixels
    around the mask, and without `sd_keep_unmasked_area` all pixels change; `sd_lcm_lora` adds the LCM-LoRA and takes
    its sampler, whatever `sd_sampler` says; the `croper_*` box (pixels, clipped at the image) is all that is seen and
    changed with `use_croper`. `powerpaint_task` "" leaves it to the model; `fitting_degree` (0, 1]
    is PowerPaint's too.
    """

    hd_strategy: HDStrategy = HDStrategy.AUTO
    hd_strategy_crop_trigger_size: int = 1280
    hd_strategy_crop_margin: int = 32
    hd_strategy_resize_limit: int = 1280
    sd_seed: int = -1
    sd_steps: int = 25
    sd_strength: float = 1.0
    sd_guidance_scale: float = 7.5
    sd_sampler: str = "DDIM"
    prompt: str = ""
    negative_prompt: str = ""
    ldm_steps: int = 20
    ldm_sampler: str = "plms"
    zits_wireframe: bool = True
    cv2_flag: str = "INPAINT_NS"
    cv2_radius: int = 4
    sd_scale: float = 1.0
    sd_mask_blur: int = 0
    sd_match_histograms: bool = False
    sd_keep_unmasked_area: bool = True
    sd_lcm_lora: bool = False
    use_croper: bool = False
    croper_x: int = 0
    croper_y: int = 0
    croper_width: int = 512
    croper_height: int = 512
    powerpaint_task: str = ""
    fitting_degree: float = 1.0


PLANNING = ("hd_strategy", "use_croper", "croper_")

MODEL_PARAMETERS = tuple(field.name for field in fields(InpaintParameters) if not field.name.startswith(PLANNING))
"""Those that models may read; the rest is the planner's."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Work really done: `done` of `total` windows (or diffusion steps) of one stage have finished.

    `stage` is one of preparing, masking, inpainting, finalizing. While inpainting, `regions_done` of the request's
    `regions` are finished, as far as whoever tells this knows (0: not at all).
    """

    stage: str
    done: int
    total: int
    regions_done: int = 0
    regions: int = 0


StepCallback: TypeAlias = Callable[[int, int], Any]
"""Called by a diffusion model after each step with (done, total); may raise `Cancelled` to stop the forward."""
