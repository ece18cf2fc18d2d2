"""What travels between the ingress, the pipeline and the task tracker. Plain frozen data; no framework."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from models.types import FillMode, Image, InpaintParameters, MaskMode, Region

Answer = TypeVar("Answer")


class OutputFormat(StrEnum):
    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"
    AVIF = "avif"

    @property
    def media_type(self) -> str:
        return f"image/{self.value}"


class ResultKind(StrEnum):
    """`IMAGE` is the picture without its text, `MASK` what was filled (white), `LAYER` the filled pixels alone, on
    nothing; the last two are PNG files."""

    IMAGE = "image"
    MASK = "mask"
    LAYER = "layer"


@dataclass(frozen=True, slots=True)
class ErasedInfo:
    """What is said about a result besides its bytes.

    `pages` is how many pictures the file held, of which this is one. `model` answered, or "none" if there was nothing
    to fill; `fallback_for` names the wanted model if that could not. `total_area_px` is the area of the mask.
    `stroke_fallbacks` counts regions that were filled as boxes although strokes were asked for (None: not asked).
    `fitted_count` of the regions (or separate areas of a mask) lie on smooth ground and were fitted without the model
    (None: not known, an older record). `seed` is set by diffusion models. `timings_s`: queue, decode, detect, mask,
    fit, inpaint, verify, encode, as far as there was such work (and load, where a request waited for a model to load).
    """

    media_type: str
    model: str
    width: int
    height: int
    regions_count: int
    total_area_px: int
    pages: int = 1
    fallback_for: str | None = None
    stroke_fallbacks: int | None = None
    fitted_count: int | None = None
    seed: int | None = None
    processing_time_s: float = 0.0
    timings_s: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Erased:
    """The result: an encoded image file and the facts about it."""

    image: bytes
    info: ErasedInfo


@dataclass(frozen=True, slots=True)
class DetectedText:
    """One found text: polygon vertices (x, y) in pixels of the upright image, and the detector's score, 0-1."""

    points: tuple[tuple[float, float], ...]
    confidence: float


@dataclass(frozen=True, slots=True)
class Detection:
    texts: tuple[DetectedText, ...]
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Job(Generic[Answer]):
    """One image and what the pipeline is to answer about it. `image` is an encoded file, `page` which of its
    pictures, from 0; `deadline` is when its request gives up, epoch seconds (None: never)."""

    request_id: str
    image: bytes
    page: int = field(default=0, kw_only=True)
    deadline: float | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class EraseJob(Job[Erased]):
    """One image and what to remove from it.

    Exactly one of `mask`, `regions`, `detect` says where. `mask` is an encoded file. `allow_full_mask`: a mask of over
    99 % of the picture is meant so. `model` is a served model's name, or "" for the default one. `verify` None means:
    on if strokes are used. `min_confidence` (0-1) goes to the text detector; `dilation_px` is added to the mask,
    wherever it came from. Nothing in `keep` is touched, nor text found mostly in it; text is looked for only `within`
    those regions, if there are any. `fill` None means: fit smooth ground where the planner is ours. `like_input`: the
    result is compressed as the input was, unless `output_quality` (1-100) is given; None is 95. `created_at` is when
    the request had been read, epoch seconds (0: unknown). `pixels` is the size of the image, as its header says (0:
    unknown).
    """

    pixels: int = 0
    mask: bytes | None = None
    allow_full_mask: bool = False
    regions: tuple[Region, ...] = ()
    detect: bool = False
    model: str = ""
    parameters: InpaintParameters = field(default_factory=InpaintParameters)
    mask_mode: MaskMode = MaskMode.BOX
    verify: bool | None = None
    min_confidence: float = 0.6
    dilation_px: int = 0
    keep: tuple[Region, ...] = ()
    within: tuple[Region, ...] = ()
    fill: FillMode | None = None
    result: ResultKind = ResultKind.IMAGE
    output_format: OutputFormat = OutputFormat.PNG
    output_quality: int | None = None
    like_input: bool = False
    created_at: float = 0.0


@dataclass(frozen=True, slots=True)
class DetectJob(Job[Detection]):
    """One image to find text in; texts the detector is less sure of than `min_confidence` (0-1) are left out, and
    so is what does not lie `within` those regions, if there are any."""

    min_confidence: float = 0.6
    within: tuple[Region, ...] = ()


@dataclass(frozen=True, slots=True)
class Filled:
    """A window as a model replica gives it back; `ready_at` is when its model had been loaded, epoch seconds."""

    image: Image
    ready_at: float


class ModelState(StrEnum):
    READY = "ready"
    LOADING = "loading"
    NOT_LOADED = "not_loaded"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """State of one model over all its live replicas. `reason` says why it is not ready; `download` is 0-1 while
    weights are being fetched; `windows` have been run in `forwards`."""

    name: str
    state: ModelState
    device: str
    replicas: int = 0
    reason: str | None = None
    download: float | None = None
    gpu_memory_bytes: int | None = None
    forwards: int = 0
    windows: int = 0
