"""What the HTTP layer is told of the configuration."""

from dataclasses import dataclass

from models.base import ModelFacts


@dataclass(frozen=True, slots=True)
class AdmissionSettings:
    """`max_waiting` requests are worked on or wait at one door, and the bytes of their bodies and answers are
    `max_held_bytes` at most. One client may have `client_share` of either: a key, else an address."""

    max_waiting: int
    max_held_bytes: int
    client_share: float


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """The part of the configuration the HTTP layer itself enforces or reports."""

    version: str
    default_model: str
    fallback_model: str
    models: tuple[ModelFacts, ...]
    device: str
    max_image_size: int
    max_file_size_bytes: int
    max_image_pixels: int
    request_timeout_s: float
    admission: AdmissionSettings
    cors_origins: tuple[str, ...] = ("*",)
    api_keys: tuple[str, ...] = ()
    echo_request_ids: bool = True
    trusted_proxies: tuple[str, ...] = ("127.0.0.1",)
    root_path: str = ""

    @property
    def model_names(self) -> tuple[str, ...]:
        return tuple(facts.name for facts in self.models)
