"""What the service says of itself. Fields have the wire's names; a test holds them against openapi.json."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from text_removal.wire import from_wire

ModelState: TypeAlias = Literal["ready", "loading", "not_loaded", "error"]
HealthState: TypeAlias = Literal["healthy", "unhealthy"]


@dataclass(frozen=True)
class Model:
    name: str
    device: str
    status: ModelState
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Models:
    """`default` answers unless told otherwise, `fallback` where it cannot."""

    default: str
    fallback: str | None
    models: tuple[Model, ...]

    @classmethod
    def from_wire(cls, answer: Mapping[str, Any]) -> "Models":
        models = tuple(from_wire(Model, model) for model in answer["models"])
        return cls(answer["default"], answer["fallback"], models)


@dataclass(frozen=True)
class Health:
    """`healthy`: requests are answered, if need be by the fallback model (then `degraded`; `reasons` say why)."""

    status: HealthState
    message: str
    timestamp: str
    version: str
    degraded: bool
    reasons: tuple[str, ...]
    diagnostics: Mapping[str, Any]


@dataclass(frozen=True)
class Limits:
    """Pixels, bytes and seconds."""

    max_image_size: int
    max_file_size: int
    request_timeout: float
    max_image_pixels: int
    supported_formats: tuple[str, ...]


@dataclass(frozen=True)
class Info:
    name: str
    version: str
    model: Model
    capabilities: tuple[str, ...]
    limits: Limits
    output_formats: tuple[str, ...]

    @classmethod
    def from_wire(cls, answer: Mapping[str, Any]) -> "Info":
        return from_wire(
            cls,
            {
                **answer,
                "model": from_wire(Model, answer["model"]),
                "limits": from_wire(Limits, answer["limits"]),
            },
        )
