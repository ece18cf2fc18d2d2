"""Configuration: the environment variables of the service and the application's arguments in the YAML file.

The only file under deployments/ that reads the environment. Where both name a thing, the environment wins.
"""

import os
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from deployments.config.api_settings import AdmissionSettings
from deployments.config.app import AppConfig as AppConfig
from deployments.config.app import EraserConfig as EraserConfig
from deployments.config.app import GatewayConfig as GatewayConfig
from deployments.config.app import PlannerConfig as PlannerConfig
from deployments.config.app import TasksConfig as TasksConfig
from deployments.config.in_force import PRIVATE_NETWORKS
from deployments.config.in_force import VERSION as VERSION
from deployments.config.in_force import Settings as Settings
from deployments.config.models import ModelConfig as ModelConfig
from deployments.config.models import OwnFacts as OwnFacts
from deployments.config.models import ReplicaScaling as ReplicaScaling
from deployments.config.models import Resources as Resources
from models import registry
from models.errors import UnknownModel

Words = Annotated[tuple[str, ...], NoDecode]
"""A comma-separated list in the environment."""


LOOPBACK = ("127.0.0.1", "localhost", "::1")


class ConfigurationError(ValueError):
    """A setting has a value that cannot be used; the message is one line and names it."""


class Environment(BaseSettings):
    """Every environment variable the service obeys. None: not set, the YAML file's value or its default holds."""

    model_config = SettingsConfigDict(env_prefix="", case_sensitive=False, extra="ignore", env_ignore_empty=True)

    iopaint_host: str = "0.0.0.0"
    iopaint_port: int = Field(8081, ge=1, le=65535)
    iopaint_model: str | None = None
    iopaint_device: Literal["cpu", "cuda", "mps"] | None = None
    iopaint_low_mem: bool = True
    iopaint_cpu_offload: bool = True
    iopaint_fallback_model: str | None = None
    iopaint_data_dir: Path = Path("data")
    iopaint_api_keys: Words = ()
    max_image_size: int = Field(2048, ge=64, le=16384)
    max_file_size: int = Field(52_428_800, ge=1024)
    max_image_pixels: int = Field(100_000_000, ge=1)
    request_timeout: float = Field(300, gt=0)
    max_waiting: int | None = Field(None, ge=1)
    max_held_bytes: int | None = Field(None, ge=2**20)
    client_share: float | None = Field(None, gt=0, le=1)
    drain_s: float = Field(30, ge=0, le=3600)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"
    log_format: Literal["text", "json"] = "text"
    cors_origins: Words = ("*",)
    task_store_url: str | None = None
    blob_store_url: str | None = None
    task_ttl: float = Field(86_400, gt=0)
    callback_allowed_hosts: Words = ()
    callback_secret: str = ""
    trusted_proxies: Words = PRIVATE_NETWORKS
    root_path: str = Field("", pattern=r"^((/[A-Za-z0-9._~-]+)*/?)$")

    @field_validator("iopaint_api_keys", "cors_origins", "callback_allowed_hosts", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value

    @field_validator("iopaint_api_keys", mode="before")
    @classmethod
    def _some_keys(cls, value: object) -> object:
        """Who sets the variable wants the service closed: no typing error may open it."""
        words = value.split(",") if isinstance(value, str) else []
        if isinstance(value, str) and not any(word.strip() for word in words):
            raise ValueError("no key in it; without the variable the service is open")
        if any(word.strip().endswith(":") for word in words):
            raise ValueError("a name without a key")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for word in value:
            if word != "*":
                ip_network(word, strict=False)
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    def admission(self, gateway: GatewayConfig) -> AdmissionSettings:
        return AdmissionSettings(
            gateway.max_waiting if self.max_waiting is None else self.max_waiting,
            gateway.max_held_bytes if self.max_held_bytes is None else self.max_held_bytes,
            gateway.client_share if self.client_share is None else self.client_share,
        )

    @classmethod
    def read(cls) -> Self:
        """Raises: ConfigurationError, one line that names the variable."""
        empty_is_meant: dict[str, Any] = {
            name: ""
            for name in ("iopaint_api_keys", "iopaint_fallback_model", "trusted_proxies")
            if os.environ.get(name.upper()) == ""
        }
        try:
            return cls(**empty_is_meant)
        except ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][0]).upper()
            given = os.environ.get(name, os.environ.get(name.lower()))
            if name == "IOPAINT_API_KEYS":
                given = "..."  # what is printed ends in logs
            raise ConfigurationError(f"{name}={given!r}: {first['msg']}") from None


def resolve(app: AppConfig, environment: Environment) -> Settings:
    """Lay the environment over the file. A model that is asked for by name but not listed is added to the served
    ones, so that `IOPAINT_MODEL=mat` alone is enough.

    Raises: ConfigurationError if a model is listed twice, unknown, or has not the precision asked for.
    """
    default = environment.iopaint_model or app.model
    fallback = app.fallback_model if environment.iopaint_fallback_model is None else environment.iopaint_fallback_model
    names = [model.name for model in app.models]
    if len(set(names)) < len(names):
        raise ConfigurationError(f"models: a model is listed twice: {', '.join(names)}")
    added = tuple(ModelConfig(name=name) for name in dict.fromkeys((default, fallback)) if name and name not in names)
    for model in app.models + added:
        _check(model)
    if app.detector is not None and app.detector.precision != "fp32":
        raise ConfigurationError(f"detector: precision {app.detector.precision}: the text detector runs in fp32 only")
    data = environment.iopaint_data_dir.expanduser().absolute()
    return Settings(
        app=app.model_copy(update={"models": app.models + added}),
        default_model=default,
        fallback_model="" if fallback == default else fallback,
        device=environment.iopaint_device or app.device,
        low_mem=environment.iopaint_low_mem,
        cpu_offload=environment.iopaint_cpu_offload,
        log_level=environment.log_level,
        log_format=environment.log_format,
        max_image_size=environment.max_image_size,
        max_file_size=environment.max_file_size,
        max_image_pixels=environment.max_image_pixels,
        request_timeout_s=environment.request_timeout,
        admission=environment.admission(app.gateway),
        drain_s=environment.drain_s,
        cors_origins=environment.cors_origins,
        api_keys=environment.iopaint_api_keys,
        task_store_url=environment.task_store_url or f"sqlite:///{data / 'tasks.sqlite3'}",
        blob_store_url=environment.blob_store_url or (data / "blobs").as_uri(),
        task_ttl_s=environment.task_ttl,
        callback_allowed_hosts=environment.callback_allowed_hosts,
        callback_secret=environment.callback_secret,
        trusted_proxies=environment.trusted_proxies,
        root_path=environment.root_path.rstrip("/"),
    )


PROXY_CHECK_S = "2"
"""Serve starts a dead proxy anew after three failed checks: 30 s and more with its own period of 10 s."""


def hand_down(settings: Settings) -> None:
    """Before Ray starts: its processes have this one's environment, and Serve's own know of the service only that. They
    take what the YAML file says, and the middleware in front of everything (`deployments/gateway/front.py`)."""
    admission = settings.admission
    os.environ["MAX_WAITING"] = str(admission.max_waiting)
    os.environ["MAX_HELD_BYTES"] = str(admission.max_held_bytes)
    os.environ["CLIENT_SHARE"] = str(admission.client_share)
    os.environ.setdefault("RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH", "deployments.gateway.front:middleware")
    os.environ.setdefault("RAY_SERVE_PROXY_HEALTH_CHECK_PERIOD_S", PROXY_CHECK_S)


def exposure(environment: Environment) -> tuple[str, ...]:
    """What whoever starts the service should know of who can reach it; one line for each."""
    if environment.iopaint_host in LOOPBACK:
        return ()
    place = f"{environment.iopaint_host}:{environment.iopaint_port}"
    told = []
    if not environment.iopaint_api_keys:
        told.append(f"whoever reaches {place} can use this service: set IOPAINT_API_KEYS (docs/security.md)")
    if os.environ.get("RAY_AUTH_MODE", "") == "disabled":
        told.append("RAY_AUTH_MODE=disabled: whoever reaches Ray's ports, on all addresses, can run code here")
    return tuple(told)


def _check(model: ModelConfig) -> None:
    try:
        facts = model.model_facts
    except UnknownModel as error:
        raise ConfigurationError(f"models: {error.message}") from None
    if unknown := sorted(set(model.sha256) - set(facts.weights)):
        files = ", ".join(facts.weights) or "none that are checked"
        raise ConfigurationError(f"models: sha256 of {', '.join(unknown)}: the files of model {model.name} are {files}")
    if model.precision == "bf16" and not facts.bf16:
        able = ", ".join(known.name for known in registry.MODELS if known.bf16)
        raise ConfigurationError(f"models: precision bf16 of model {model.name}: only {able} can run at that")
