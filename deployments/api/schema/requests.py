"""What the bodies have in common: the parameters clients send, and how they become a job.

A parameter stands here twice: where it is declared, and in the `job` of its class. Unknown fields are ignored:
existing clients send more than this service reads.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from deployments.api.schema.choices import (
    SAME,
    CV2Flag,
    Fill,
    Format,
    LDMSampler,
    Masking,
    PowerPaintTask,
    Result,
    SDSampler,
    Strategy,
)
from deployments.api.schema.iopaint_fields import Unserved
from deployments.api.schema.regions.forms import RegionForms, some_regions
from deployments.api.schema.values import File
from deployments.messages.jobs import EraseJob, OutputFormat, ResultKind
from models.codec.headers import SUPPORTED
from models.types import HDStrategy, InpaintParameters, MaskMode, Region

Examples: TypeAlias = dict[str, dict[str, Any]]
"""Bodies by what they show."""

MAX_SEED = 2**32 - 1
"""The largest seed numpy takes."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a job takes from its request beside the body: `accepts` is the format the client ranks highest, `deadline`
    epoch seconds (None: no limit)."""

    request_id: str
    accepts: OutputFormat
    deadline: float | None


@dataclass(frozen=True, slots=True)
class Where:
    """The part of a job that says what to erase; exactly one field is set."""

    mask: bytes | None = None
    regions: tuple[Region, ...] = ()
    detect: bool = False


class Body(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)

    examples: ClassVar[Examples] = {}

    synonyms: ClassVar[Mapping[str, str]] = {}
    """Other names of fields, for clients of other services."""

    image: Annotated[File, Field(description=f"The image file ({SUPPORTED}), with or without a `data:` prefix.")]
    page: Annotated[
        int, Field(ge=0, le=100_000, description="Which page or frame, from 0; `X-Pages` says how many there are.")
    ] = 0


class Finding(BaseModel):
    """What the text detector is asked for."""

    within: Annotated[
        RegionForms | None, Field(description="Text is looked for only here; as `regions`. By default everywhere.")
    ] = None
    min_confidence: Annotated[float, Field(ge=0, le=1, description="Texts the detector is less sure of are left.")] = (
        0.6
    )

    @property
    def inside(self) -> tuple[Region, ...]:
        """Raises: InvalidRequest."""
        return () if self.within is None else some_regions(self.within, "within")


class Options(Body, Unserved, ABC):
    """The parameters every request that erases may send."""

    default_mask_mode: ClassVar[MaskMode] = MaskMode.BOX

    allow_full_mask: Annotated[bool, Field(description="A mask of over 99 % of the picture is meant so.")] = False
    model: Annotated[str, Field(max_length=200, description="A served model; empty: the service's default.")] = ""
    hd_strategy: Annotated[Strategy, Field(description="`Auto` is this service's planner, the rest is IOPaint's.")] = (
        HDStrategy.AUTO
    )
    hd_strategy_crop_trigger_size: Annotated[int, Field(ge=0, le=65536)] = 1280
    hd_strategy_crop_margin: Annotated[int, Field(ge=0, le=65536)] = 32
    hd_strategy_resize_limit: Annotated[int, Field(ge=16, le=65536)] = 1280
    mask_mode: Annotated[
        Masking | None,
        Field(description="`box` fills a region, `strokes` only the glyphs inside; by default as the path says."),
    ] = None
    verify: Annotated[
        bool | None, Field(description="Look again afterwards; a region still readable is redone. On with `strokes`.")
    ] = None
    dilation: Annotated[int, Field(ge=0, le=256, description="Pixels by which the mask is grown.")] = 0
    keep: Annotated[
        RegionForms, Field(description="Regions that are never touched, nor text found in them; as `regions`.")
    ] = ()
    fill: Annotated[
        Fill | None,
        Field(
            description="`auto` fits what lies on flat or smooth ground and leaves the rest to the model, `model` all "
            "to the model; by default `auto` with hd_strategy `Auto` and a model that is not a diffusion model."
        ),
    ] = None
    sd_seed: Annotated[int, Field(ge=-1, le=MAX_SEED, description="-1: a random one, told in `X-Seed`.")] = -1
    sd_steps: Annotated[int, Field(ge=1, le=1000)] = 25
    sd_strength: Annotated[float, Field(gt=0, le=1)] = 1.0
    sd_guidance_scale: Annotated[float, Field(ge=0, le=100)] = 7.5
    sd_sampler: Annotated[SDSampler, Field(description="IOPaint's name or, in lower case, its key.")] = "DDIM"
    sd_scale: Annotated[float, Field(gt=0, le=1, description="The model sees the window this much smaller.")] = 1.0
    sd_mask_blur: Annotated[
        int,
        Field(ge=0, le=256, description="The result is blended over so many pixels around the mask."),
    ] = 0
    sd_match_histograms: bool = False
    sd_keep_unmasked_area: Annotated[
        bool, Field(description="false: the whole image is the model's, not only what is masked.")
    ] = True
    sd_lcm_lora: Annotated[
        bool, Field(description="Adds the LCM-LoRA and its sampler: 4 to 8 steps do, with a guidance of 1 to 2.")
    ] = False
    use_croper: Annotated[bool, Field(description="A diffusion model sees only the `croper_*` box.")] = False
    croper_x: Annotated[int, Field(ge=-1_000_000, le=1_000_000)] = 0
    croper_y: Annotated[int, Field(ge=-1_000_000, le=1_000_000)] = 0
    croper_width: Annotated[int, Field(ge=1, le=1_000_000)] = 512
    croper_height: Annotated[int, Field(ge=1, le=1_000_000)] = 512
    powerpaint_task: Annotated[
        PowerPaintTask, Field(description="By default `text-guided` with a prompt, else `object-remove`.")
    ] = ""
    fitting_degree: Annotated[float, Field(gt=0, le=1, description="Of PowerPaint: to the mask's shape.")] = 1.0
    prompt: Annotated[str, Field(max_length=10_000)] = ""
    negative_prompt: Annotated[str, Field(max_length=10_000)] = ""
    ldm_steps: Annotated[int, Field(ge=1, le=1000)] = 20
    ldm_sampler: LDMSampler = "plms"
    zits_wireframe: bool = True
    cv2_flag: CV2Flag = "INPAINT_NS"
    cv2_radius: Annotated[int, Field(ge=1, le=100)] = 4
    output_format: Annotated[
        Format | None,
        Field(
            description="By default the image type that stands first in `Accept`, else `png`. `same`: as the input, "
            "compressed as that is; what cannot be written becomes `png`, HEIC becomes `jpeg`."
        ),
    ] = None
    output_quality: Annotated[
        int | None, Field(ge=1, le=100, description="Of `jpeg`, `webp` and `avif`; 95, or the input's with `same`.")
    ] = None
    result: Annotated[
        Result,
        Field(description="`image`, or as PNG: `mask` (white: filled), `layer` (transparent but for what was filled)."),
    ] = ResultKind.IMAGE

    @property
    def parameters(self) -> InpaintParameters:
        return InpaintParameters(**{name: getattr(self, name) for name in InpaintParameters.__dataclass_fields__})

    @abstractmethod
    def where(self) -> Where:
        """Raises: InvalidRequest."""

    def job(self, origin: Origin) -> EraseJob:
        """What is asked for, whether or not it can be done. Raises: InvalidRequest."""
        where = self.where()
        return EraseJob(
            request_id=origin.request_id,
            image=self.image,
            mask=where.mask,
            allow_full_mask=self.allow_full_mask,
            regions=where.regions,
            detect=where.detect,
            model=self.model,
            parameters=self.parameters,
            mask_mode=self.mask_mode or self.default_mask_mode,
            verify=self.verify,
            dilation_px=self.dilation,
            keep=tuple(form.region() for form in self.keep),
            fill=self.fill,
            result=self.result,
            output_format=origin.accepts if self.output_format in (None, SAME) else OutputFormat(self.output_format),
            like_input=self.output_format == SAME,
            page=self.page,
            output_quality=self.output_quality,
            deadline=origin.deadline,
        )


class FindingOptions(Options, Finding):
    """As `Options`, where text may have to be found first."""

    def job(self, origin: Origin) -> EraseJob:
        return replace(super().job(origin), min_confidence=self.min_confidence, within=self.inside)
