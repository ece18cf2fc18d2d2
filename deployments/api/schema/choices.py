"""Words a client may choose from, understood in any case."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from deployments.messages.jobs import OutputFormat, ResultKind
from models.types import FillMode, HDStrategy, MaskMode

SD_SAMPLERS: Mapping[str, str] = {
    "dpm_plus_plus_2m": "DPM++ 2M",
    "dpm_plus_plus_2m_karras": "DPM++ 2M Karras",
    "dpm_plus_plus_2m_sde": "DPM++ 2M SDE",
    "dpm_plus_plus_2m_sde_karras": "DPM++ 2M SDE Karras",
    "dpm_plus_plus_sde": "DPM++ SDE",
    "dpm_plus_plus_sde_karras": "DPM++ SDE Karras",
    "dpm2": "DPM2",
    "dpm2_karras": "DPM2 Karras",
    "dpm2_a": "DPM2 a",
    "dpm2_a_karras": "DPM2 a Karras",
    "euler": "Euler",
    "euler_a": "Euler a",
    "heun": "Heun",
    "lms": "LMS",
    "lms_karras": "LMS Karras",
    "ddim": "DDIM",
    "pndm": "PNDM",
    "uni_pc": "UniPC",
    "lcm": "LCM",
}
"""Members and values of iopaint.schema.SDSampler; a test holds the two together."""


class OneOf:
    """Annotation: any spelling of a choice becomes its meaning; the JSON schema and errors list the choices, without
    the `synonyms`."""

    def __init__(self, choices: Mapping[str, Any], synonyms: Mapping[str, Any] | None = None) -> None:
        self.choices = choices
        choices = {**choices, **(synonyms or {})}
        self.meanings = {word.casefold(): meaning for word, meaning in choices.items()}

    def choose(self, value: object) -> Any:
        if isinstance(value, str) and (word := value.strip().casefold()) in self.meanings:
            return self.meanings[word]
        raise PydanticCustomError("unknown_choice", "should be one of {choices}", {"choices": ", ".join(self.choices)})

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.choose)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.choices)}


Strategy: TypeAlias = Annotated[HDStrategy, OneOf({strategy.value: strategy for strategy in HDStrategy})]
Masking: TypeAlias = Annotated[MaskMode, OneOf({mode.value: mode for mode in MaskMode})]
Fill: TypeAlias = Annotated[FillMode, OneOf({mode.value: mode for mode in FillMode})]
Result: TypeAlias = Annotated[ResultKind, OneOf({kind.value: kind for kind in ResultKind})]


class BadRegion(StrEnum):
    """What becomes of a region that lies outside the image or has no area."""

    ERROR = "error"
    CLIP = "clip"
    SKIP = "skip"


OnBad: TypeAlias = Annotated[BadRegion, OneOf({choice.value: choice for choice in BadRegion})]

SAME = "same"
"""As output format: the input's."""

Format: TypeAlias = Annotated[
    OutputFormat | Literal["same"],
    OneOf({f.value: f for f in OutputFormat} | {"jpg": OutputFormat.JPEG, SAME: SAME}),
]
SDSampler: TypeAlias = Annotated[str, OneOf({value: value for value in SD_SAMPLERS.values()}, SD_SAMPLERS)]
LDMSampler: TypeAlias = Annotated[str, OneOf({"ddim": "ddim", "plms": "plms"})]
CV2Flag: TypeAlias = Annotated[str, OneOf({"INPAINT_NS": "INPAINT_NS", "INPAINT_TELEA": "INPAINT_TELEA"})]
POWERPAINT_TASKS = ("text-guided", "context-aware", "shape-guided", "object-remove")
"""Of iopaint.schema.PowerPaintTask those that change what is masked; outpainting enlarges the image."""

PowerPaintTask: TypeAlias = Annotated[str, OneOf({task: task for task in POWERPAINT_TASKS})]
