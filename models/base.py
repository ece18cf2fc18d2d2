"""What a model is to the rest of the service: facts as data, and one method."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from models.types import Images, InpaintParameters, Masks, StepCallback


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """Facts about a model that planning, padding and batching need before it is loaded.

    Sizes are pixels. A window is padded (symmetric, at the bottom and right, as IOPaint pads) to a multiple of
    `pad_multiple`, at least `min_size`, and to a square if `pad_to_square`.

    `batchable`: several windows of one shape can run in one forward. `own_crop`: the model crops and resizes by rules
    of its own inside its call (IOPaint's migan and fcf), so it must see the whole image for the IOPaint strategies.
    `loader` is "module:function", a `Loader`. `mps`: runs on Apple's GPU; if not, it runs on the CPU there. `weights`
    names files of models.weights.files; `licence` is that of the weights.
    """

    name: str
    loader: str
    summary: str = ""
    pad_multiple: int = 8
    min_size: int = 1
    pad_to_square: bool = False
    batchable: bool = False
    own_crop: bool = False
    diffusion: bool = False
    mps: bool = True
    speed: str = "medium"
    licence: str = "Apache-2.0"
    weights: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How to load a model. `device` is cpu, cuda, cuda:N or mps; `threads` None leaves the process as it is.

    `low_mem` and `cpu_offload` mean something to diffusion models only; models/diffusion.py says what. `on_download`
    is called with the share (0-1) of the model's weights that has arrived, in the thread that loads.
    """

    device: str = "cpu"
    threads: int | None = None
    low_mem: bool = False
    cpu_offload: bool = False
    on_download: Callable[[float], None] | None = None


class Inpainter(Protocol):
    """A loaded model. Called from one thread only, never concurrently."""

    def inpaint(
        self, images: Images, masks: Masks, parameters: InpaintParameters, on_step: StepCallback | None = None
    ) -> Images:
        """Fill the masked pixels.

        `images` (n, h, w, 3) and `masks` (n, h, w) already have a shape the model's facts admit; n > 1 only if the
        model is batchable. Returns (n, h, w, 3) RGB uint8; pixels outside the mask may be anything: the caller pastes
        masked pixels only. Never writes into its arguments. Raises whatever the model raises.
        """
        ...


class Loader(Protocol):
    """Makes a model ready to run."""

    def __call__(self, facts: ModelFacts, options: LoadOptions) -> Inpainter:
        """Fetches weights that are missing. Raises: WeightsUnavailable, ModelUnavailable."""
        ...
