"""The body of each route, what it asks for, and requests that really work: a test sends each of the examples."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, ClassVar, TypeAlias

from pydantic import Field

from deployments.api.ports import TaskOptions
from deployments.api.schema.choices import BadRegion, OnBad
from deployments.api.schema.examples import CORNERS, IMAGE, MASK, POLYGON, RECTANGLE
from deployments.api.schema.fields import PAINT_BY_EXAMPLE_FILE
from deployments.api.schema.regions.forms import RegionForms, some_regions
from deployments.api.schema.requests import Body, Examples, Finding, FindingOptions, Options, Origin, Where
from deployments.api.schema.values import CallbackUrl, File, TaskId
from deployments.messages.jobs import DetectJob
from models.errors import InvalidRequest
from models.types import MaskMode

OnBadRegion: TypeAlias = Annotated[
    OnBad,
    Field(
        description="For a region outside the image or without area: refuse the request, take the nearest pixels "
        "inside (`clip`), or leave the region out (`skip`)."
    ),
]


class InpaintBody(Options):
    """An image and a mask of the same size; grey above 127 is filled."""

    examples: ClassVar[Examples] = {"mask": {"image": IMAGE, "mask": MASK}}

    mask: Annotated[File, Field(description="The mask file; grey above 127 is filled.")]

    def where(self) -> Where:
        return Where(mask=self.mask)


class LamaCleanerBody(InpaintBody):
    """As lama-cleaner's clients send it: a form, with these names. Its page sends the settings of every model whichever
    is served (`paintByExampleSteps`, `p2pSteps`, ...): of models that are not served here they ask for nothing. Nor is
    `sizeLimit` looked at: a result is as large as its image."""

    synonyms: ClassVar[Mapping[str, str]] = {
        "ldmSteps": "ldm_steps",
        "ldmSampler": "ldm_sampler",
        "zitsWireframe": "zits_wireframe",
        "hdStrategy": "hd_strategy",
        "hdStrategyCropMargin": "hd_strategy_crop_margin",
        "hdStrategyCropTrigerSize": "hd_strategy_crop_trigger_size",
        "hdStrategyResizeLimit": "hd_strategy_resize_limit",
        "negativePrompt": "negative_prompt",
        "useCroper": "use_croper",
        "croperX": "croper_x",
        "croperY": "croper_y",
        "croperWidth": "croper_width",
        "croperHeight": "croper_height",
        "sdScale": "sd_scale",
        "sdMaskBlur": "sd_mask_blur",
        "sdMatchHistograms": "sd_match_histograms",
        "sdSeed": "sd_seed",
        "sdSteps": "sd_steps",
        "sdStrength": "sd_strength",
        "sdGuidanceScale": "sd_guidance_scale",
        "sdSampler": "sd_sampler",
        "cv2Flag": "cv2_flag",
        "cv2Radius": "cv2_radius",
        PAINT_BY_EXAMPLE_FILE: "paint_by_example_example_image",
    }


class RegionsBody(Options):
    """An image and where to erase."""

    examples: ClassVar[Examples] = {
        "rectangle": {"image": f"data:image/png;base64,{IMAGE}", "regions": [RECTANGLE]},
        "corners": {"image": IMAGE, "regions": [CORNERS], "hd_strategy": "Original"},
        "polygon": {"image": IMAGE, "regions": [POLYGON], "output_format": "webp", "output_quality": 90},
        "bounding box": {"image": IMAGE, "regions": [{"text": "Text", "bounding_box": RECTANGLE}]},
        "glyphs only": {"image": IMAGE, "regions": [RECTANGLE], "mask_mode": "strokes", "verify": True},
        "bad ones left out": {"image": IMAGE, "regions": [RECTANGLE, [900, 0, 950, 9]], "on_bad_region": "skip"},
        "by the model": {"image": IMAGE, "regions": [RECTANGLE], "fill": "model", "dilation": 1, "result": "layer"},
    }

    regions: RegionForms
    on_bad_region: OnBadRegion = BadRegion.ERROR

    def where(self) -> Where:
        return Where(regions=some_regions(self.regions, "regions"))


class DetectBody(Body, Finding):
    """An image to find text in."""

    examples: ClassVar[Examples] = {
        "image": {"image": IMAGE, "min_confidence": 0.6},
        "in a part": {"image": IMAGE, "within": [RECTANGLE]},
    }

    def job(self, origin: Origin) -> DetectJob:
        return DetectJob(
            origin.request_id, self.image, page=self.page, deadline=origin.deadline,
            min_confidence=self.min_confidence, within=self.inside,
        )  # fmt: skip


class RemoveTextBody(FindingOptions):
    """An image to find text in and remove it from; `mask_mode` is `strokes` unless told otherwise."""

    examples: ClassVar[Examples] = {
        "image": {"image": IMAGE},
        "grown": {"image": IMAGE, "dilation": 2, "mask_mode": "box"},
        "not everywhere": {"image": IMAGE, "within": [RECTANGLE], "keep": [{"x": 40, "y": 0, "width": 8, "height": 8}]},
    }

    default_mask_mode: ClassVar[MaskMode] = MaskMode.STROKES

    def where(self) -> Where:
        return Where(detect=True)


class BackgroundBody(FindingOptions):
    """An image, where to erase (exactly one of `regions`, `mask`, `detect`), and how to be told."""

    regions: RegionForms | None = None
    on_bad_region: OnBadRegion = BadRegion.ERROR
    mask: Annotated[File | None, Field(description="The mask file; grey above 127 is filled.")] = None
    detect: Annotated[bool, Field(description="Find the text first.")] = False
    enable_progress: bool = True
    progress_interval: Annotated[float, Field(ge=0, le=3600, description="Seconds between two updates.")] = 1.0
    callback_url: Annotated[CallbackUrl | None, Field(description="Told by POST when the task has ended.")] = None

    def where(self) -> Where:
        regions = () if self.regions is None else some_regions(self.regions, "regions")
        if [self.mask is not None, self.regions is not None, self.detect].count(True) != 1:
            raise InvalidRequest("regions: exactly one of regions, mask and detect must be given", field="regions")
        return Where(self.mask, regions, self.detect)

    @property
    def options(self) -> TaskOptions:
        return TaskOptions(None, self.enable_progress, self.progress_interval, self.callback_url or None)


class TaskBody(BackgroundBody):
    """A task: an image, where to erase (exactly one of `regions`, `mask`, `detect`), and how to be told."""

    examples: ClassVar[Examples] = {
        "regions": {"image": IMAGE, "regions": [RECTANGLE], "progress_interval": 0.5},
        "mask": {"image": IMAGE, "mask": MASK, "enable_progress": False},
        "detected": {"image": IMAGE, "detect": True, "callback_url": "https://client.example.org/done"},
    }

    task_id: Annotated[TaskId | None, Field(description="Names the task; made up if left out.")] = None

    @property
    def options(self) -> TaskOptions:
        return replace(super().options, task_id=self.task_id)


BODIES: tuple[type[Body], ...] = (InpaintBody, RegionsBody, DetectBody, RemoveTextBody, TaskBody)
"""Those that OpenAPI describes."""
