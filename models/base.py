"""What a model is to the rest of the service: facts as data, and one method."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from models.types import MODEL_PARAMETERS, Images, InpaintParameters, Masks, StepCallback

LAMA_PIXEL_BYTES = 1536
"""Main memory of one forward of LaMa in fp32, a pixel: measured at 512x512 to 1536x1536, where it takes 3.6 GB."""

Precision = Literal["fp32", "bf16"]
"""Of the network's weights and features; what must be exact stays fp32."""


@dataclass(frozen=True, slots=True)
class CostModel:
    """Seconds for a window = padded pixels * `pixel_s` + `call_s`. Only the ratio of the two decides a plan.

    Defaults: LaMa of true size on 2 CPU cores, fp32. `pixel_s` is the slope from 64x64 to 1024x1024. `call_s` is what
    a line through times at 64x64 to 256x256 leaves at zero pixels (30-50 ms: hundreds of layers are dispatched, 200 MB
    of weights are read), and about 10 ms for the hop between processes. Other devices: `python -m benchmarks cost`.
    """

    pixel_s: float = 17e-6
    call_s: float = 0.05

    @property
    def call_px(self) -> int:
        """The fixed price of a call in pixels: two windows that save this many pixels apart are worth two calls."""
        return round(self.call_s / self.pixel_s)


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """Facts about a model that planning, padding and batching need before it is loaded.

    Sizes are pixels. A window is padded (symmetric, at the bottom and right, as IOPaint pads) to a multiple of
    `pad_multiple`, at least `min_size`, and to a square if `pad_to_square`.

    `batchable`: several windows of one shape can run in one forward, if they agree in `parameters`: the fields of
    InpaintParameters that change what the model gives. `own_crop_px`, if not 0: the model crops and resizes to squares
    of that side by rules of its own inside its call (IOPaint's migan and fcf), so it must see the whole image for the
    IOPaint strategies; `Auto` makes windows of that size for it. `shortest_px`: the shortest side of `Auto`'s windows,
    the size the model was trained at if it is lost on smaller ones. `pixel_bytes`: main memory of one forward, a pixel
    of its window.
    `loader` is "module:function", a `Loader`. `mps`: runs on Apple's GPU; if not, it runs on the CPU there. `weights`
    names files of models.weights.files; `licence` is that of the weights; `cost` is what the planner prices windows by.
    `bf16`: the model can run at that precision.
    """

    name: str
    loader: str
    summary: str = ""
    pad_multiple: int = 8
    min_size: int = 1
    pad_to_square: bool = False
    batchable: bool = False
    own_crop_px: int = 0
    shortest_px: int = 64
    pixel_bytes: int = LAMA_PIXEL_BYTES
    diffusion: bool = False
    mps: bool = True
    speed: str = "medium"
    licence: str = "Apache-2.0"
    weights: tuple[str, ...] = ()
    cost: CostModel = CostModel()
    bf16: bool = False
    parameters: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if unknown := set(self.parameters) - set(MODEL_PARAMETERS):
            raise ValueError(f"{self.name} is said to take {', '.join(sorted(unknown))}: no such parameter")


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How to load a model. `device` is cpu, cuda, cuda:N or mps; `threads` None leaves the process as it is.

    `low_mem` and `cpu_offload` mean something to diffusion models only; models/diffusion.py says what. `on_download`
    is called with the share (0-1) of the model's weights that has arrived, in the thread that loads. `precision` bf16
    is asked of models only whose facts admit it. `memory_fraction` (0-1) is the share of a CUDA device's memory the
    process may take. `sha256` has what weights files must have, by their names, beside what is known of them.
    """

    device: str = "cpu"
    threads: int | None = None
    low_mem: bool = False
    cpu_offload: bool = False
    on_download: Callable[[float], None] | None = None
    precision: Precision = "fp32"
    memory_fraction: float = 1.0
    sha256: Mapping[str, str] = field(default_factory=dict)


class InpaintModel(Protocol):
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


@runtime_checkable
class WarmsUp(Protocol):
    """A model that is slower, or less sure of its limits, before it has run."""

    def warm_up(self, max_pixels: int) -> int:
        """Called once, before the first `inpaint`, from the same thread. Returns the most pixels one forward may take,
        `max_pixels` or fewer. Raises whatever the model raises."""
        ...


@runtime_checkable
class OnDevice(Protocol):
    """A model on a device whose memory may run out: `inpaint` raises OutOfDeviceMemory then, having freed what it could
    do without, and goes on working."""

    def memory_bytes(self) -> int:
        """What this process holds of the device's memory now. May be called from any thread."""
        ...

    def inpaint_on_cpu(self, images: Images, masks: Masks, parameters: InpaintParameters) -> Images:
        """As `inpaint`, with the same weights, slowly: for a window that does not fit even alone."""
        ...


class Loader(Protocol):
    """Makes a model ready to run."""

    def __call__(self, facts: ModelFacts, options: LoadOptions) -> InpaintModel:
        """Fetches weights that are missing. Raises: WeightsUnavailable, ModelUnavailable."""
        ...
