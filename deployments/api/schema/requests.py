"""The bodies clients send. Unknown fields are ignored: existing clients send more than this service reads."""

import re
from typing import Annotated, ClassVar, TypeAlias

from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from deployments.api.body import base64_files
from deployments.api.schema.choices import CV2Flag, Fill, Format, LDMSampler, SDSampler, Strategy
from deployments.api.schema.region_forms import RegionForms
from models.types import HDStrategy, InpaintParameters, MaskMode

MAX_SEED = 2**32 - 1
"""The largest seed numpy takes."""

TASK_ID = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,128}")
HTTP_URL = TypeAdapter(AnyHttpUrl)
MAX_URL_LENGTH = 2048


def _file(value: object) -> bytes:
    """Raises: InvalidImage, which pydantic lets pass, so that it keeps its own status."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return base64_files.decode(value)
    raise PydanticCustomError("base64_text", "should be a base64 text")


def _task_id(value: str) -> str:
    if not TASK_ID.fullmatch(value):
        raise PydanticCustomError("task_id", "should be 1 to 128 of A-Z a-z 0-9 . _ - (and not only dots)")
    return value


def _callback_url(value: str) -> str:
    """As sent: a normalised URL is not what the client wrote. Empty means none."""
    if not value:
        return value
    try:
        HTTP_URL.validate_python(value)
    except ValidationError as error:
        raise PydanticCustomError(
            "url", "should be an http(s) URL: {reason}", {"reason": error.errors()[0]["msg"]}
        ) from None
    return value


File: TypeAlias = Annotated[
    bytes, PlainValidator(_file), WithJsonSchema({"type": "string", "contentEncoding": "base64"})
]
TaskId: TypeAlias = Annotated[
    str, AfterValidator(_task_id), WithJsonSchema({"type": "string", "pattern": "^[A-Za-z0-9._-]{1,128}$"})
]
CallbackUrl: TypeAlias = Annotated[str, Field(max_length=MAX_URL_LENGTH), AfterValidator(_callback_url)]


class Body(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)

    image: Annotated[
        File, Field(description="The image file (JPEG, PNG, WebP, BMP or TIFF), with or without a `data:` prefix.")
    ]


class Finding(BaseModel):
    """What the text detector is asked for."""

    min_confidence: Annotated[float, Field(ge=0, le=1, description="Texts the detector is less sure of are left.")] = (
        0.6
    )
    dilation: Annotated[int, Field(ge=0, le=256, description="Pixels by which a found text's outline is grown.")] = 0


class Options(Body):
    """The parameters every request that erases may send."""

    default_mask_mode: ClassVar[MaskMode] = MaskMode.BOX

    model: Annotated[str, Field(max_length=200, description="A served model; empty: the service's default.")] = ""
    hd_strategy: Annotated[Strategy, Field(description="`Auto` is this service's planner, the rest is IOPaint's.")] = (
        HDStrategy.AUTO
    )
    hd_strategy_crop_trigger_size: Annotated[int, Field(ge=0, le=65536)] = 1280
    hd_strategy_crop_margin: Annotated[int, Field(ge=0, le=65536)] = 32
    hd_strategy_resize_limit: Annotated[int, Field(ge=16, le=65536)] = 1280
    mask_mode: Annotated[
        Fill | None,
        Field(description="`box` fills a region, `strokes` only the glyphs inside; by default as the path says."),
    ] = None
    verify: Annotated[
        bool | None, Field(description="Look again afterwards; a region still readable is redone. On with `strokes`.")
    ] = None
    sd_seed: Annotated[int, Field(ge=-1, le=MAX_SEED, description="-1: a random one, told in `X-Seed`.")] = -1
    sd_steps: Annotated[int, Field(ge=1, le=1000)] = 25
    sd_strength: Annotated[float, Field(gt=0, le=1)] = 1.0
    sd_guidance_scale: Annotated[float, Field(ge=0, le=100)] = 7.5
    sd_sampler: Annotated[SDSampler, Field(description="IOPaint's name or, in lower case, its key.")] = "DDIM"
    prompt: Annotated[str, Field(max_length=10_000)] = ""
    negative_prompt: Annotated[str, Field(max_length=10_000)] = ""
    ldm_steps: Annotated[int, Field(ge=1, le=1000)] = 20
    ldm_sampler: LDMSampler = "plms"
    zits_wireframe: bool = True
    cv2_flag: CV2Flag = "INPAINT_NS"
    cv2_radius: Annotated[int, Field(ge=1, le=100)] = 4
    output_format: Annotated[Format | None, Field(description="By default what `Accept` asks for, else `png`.")] = None
    output_quality: Annotated[int, Field(ge=1, le=100, description="Of `jpeg` and `webp`.")] = 95

    @property
    def parameters(self) -> InpaintParameters:
        return InpaintParameters(**{name: getattr(self, name) for name in InpaintParameters.__dataclass_fields__})


class InpaintBody(Options):
    """An image and a mask of the same size; grey above 127 is filled."""

    mask: Annotated[File, Field(description="The mask file; grey above 127 is filled.")]


class RegionsBody(Options):
    """An image and where to erase."""

    regions: RegionForms


class DetectBody(Body, Finding):
    """An image to find text in."""


class RemoveTextBody(Options, Finding):
    """An image to find text in and remove it from; `mask_mode` is `strokes` unless told otherwise."""

    default_mask_mode: ClassVar[MaskMode] = MaskMode.STROKES


class TaskBody(Options, Finding):
    """A task: an image, where to erase (exactly one of `regions`, `mask`, `detect`), and how to be told."""

    regions: RegionForms | None = None
    mask: Annotated[File | None, Field(description="The mask file; grey above 127 is filled.")] = None
    detect: Annotated[bool, Field(description="Find the text first.")] = False
    task_id: Annotated[TaskId | None, Field(description="Names the task; made up if left out.")] = None
    enable_progress: bool = True
    progress_interval: Annotated[float, Field(ge=0, le=3600, description="Seconds between two updates.")] = 1.0
    callback_url: Annotated[CallbackUrl | None, Field(description="Told by POST when the task has ended.")] = None
