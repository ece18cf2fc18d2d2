"""What a request may ask for, in the names of the wire. A test holds them against the service's openapi.json.

Everything is optional: what is left out, or None, is as the service does it by default. What each means stands in the
service's own /docs.
"""

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

from typing_extensions import TypedDict

from text_removal.regions import RegionLike, regions_json

HdStrategy: TypeAlias = Literal["Auto", "Original", "Crop", "Resize"]
MaskMode: TypeAlias = Literal["box", "strokes"]
Fill: TypeAlias = Literal["auto", "model"]
OutputFormat: TypeAlias = Literal["png", "jpeg", "webp", "avif", "jpg", "same"]
ResultKind: TypeAlias = Literal["image", "mask", "layer"]
OnBadRegion: TypeAlias = Literal["error", "clip", "skip"]
LdmSampler: TypeAlias = Literal["ddim", "plms"]
Cv2Flag: TypeAlias = Literal["INPAINT_NS", "INPAINT_TELEA"]
PowerPaintTask: TypeAlias = Literal["text-guided", "context-aware", "shape-guided", "object-remove"]


class EraseOptions(TypedDict, total=False):
    """Of every request that erases."""

    page: int | None
    allow_full_mask: bool | None
    model: str | None
    hd_strategy: HdStrategy | None
    hd_strategy_crop_trigger_size: int | None
    hd_strategy_crop_margin: int | None
    hd_strategy_resize_limit: int | None
    mask_mode: MaskMode | None
    verify: bool | None
    dilation: int | None
    keep: Sequence[RegionLike] | None
    fill: Fill | None
    sd_seed: int | None
    sd_steps: int | None
    sd_strength: float | None
    sd_guidance_scale: float | None
    sd_sampler: str | None
    sd_scale: float | None
    sd_mask_blur: int | None
    sd_match_histograms: bool | None
    sd_keep_unmasked_area: bool | None
    sd_lcm_lora: bool | None
    use_croper: bool | None
    croper_x: int | None
    croper_y: int | None
    croper_width: int | None
    croper_height: int | None
    powerpaint_task: PowerPaintTask | None
    fitting_degree: float | None
    prompt: str | None
    negative_prompt: str | None
    ldm_steps: int | None
    ldm_sampler: LdmSampler | None
    zits_wireframe: bool | None
    cv2_flag: Cv2Flag | None
    cv2_radius: int | None
    output_format: OutputFormat | None
    output_quality: int | None
    result: ResultKind | None


class RemoveTextOptions(EraseOptions, total=False):
    """Where text is found by the service."""

    within: Sequence[RegionLike] | None
    min_confidence: float | None


class DetectOptions(TypedDict, total=False):
    """Of a request that only looks."""

    page: int | None
    within: Sequence[RegionLike] | None
    min_confidence: float | None


class TaskOptions(RemoveTextOptions, total=False):
    """Of a task."""

    on_bad_region: OnBadRegion | None
    enable_progress: bool | None
    progress_interval: float | None
    callback_url: str | None


class RegionOptions(EraseOptions, total=False):
    """Where regions are given."""

    on_bad_region: OnBadRegion | None


REGION_FIELDS = frozenset({"regions", "keep", "within"})


def form_fields(values: Any) -> dict[str, str]:
    """Options as the fields of a form; what is None is left out."""
    fields: dict[str, str] = {}
    for name, value in dict(values).items():
        if value is None:
            continue
        if name in REGION_FIELDS:
            fields[name] = regions_json(value)
        elif isinstance(value, bool):
            fields[name] = "true" if value else "false"
        else:
            fields[name] = str(value)
    return fields
