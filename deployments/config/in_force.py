"""What is in force: the result of all configuration."""

import socket
import tomllib
from pathlib import Path
from uuid import uuid4

from pydantic import Field

from deployments.config.api_settings import AdmissionSettings, ApiSettings
from deployments.config.app import AppConfig
from deployments.config.models import Strict

VERSION: str = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]["version"]

PRIVATE_NETWORKS = (
    "127.0.0.0/8",
    "::1/128",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "fc00::/7",
)
"""Where reverse proxies are unless somebody says otherwise."""


class Settings(Strict):
    """What is in force: the YAML file under the environment, read once in `build` and handed to every replica."""

    app: AppConfig
    service_id: str = Field(default_factory=lambda: f"{socket.gethostname()}-{uuid4().hex[:8]}")
    """One for all replicas of a running service, another for each start and deployment."""
    default_model: str
    fallback_model: str
    device: str
    low_mem: bool
    cpu_offload: bool
    log_level: str
    log_format: str = "text"
    max_image_size: int
    max_file_size: int
    max_image_pixels: int
    request_timeout_s: float
    admission: AdmissionSettings
    drain_s: float
    cors_origins: tuple[str, ...]
    api_keys: tuple[str, ...] = Field(repr=False)
    task_store_url: str
    blob_store_url: str
    task_ttl_s: float
    callback_allowed_hosts: tuple[str, ...]
    callback_secret: str = Field(repr=False)
    trusted_proxies: tuple[str, ...] = PRIVATE_NETWORKS
    root_path: str = ""

    @property
    def api(self) -> ApiSettings:
        return ApiSettings(
            version=VERSION,
            default_model=self.default_model,
            fallback_model=self.fallback_model,
            models=tuple(model.model_facts for model in self.app.models),
            device=self.device,
            max_image_size=self.max_image_size,
            max_file_size_bytes=self.max_file_size,
            max_image_pixels=self.max_image_pixels,
            request_timeout_s=self.request_timeout_s,
            admission=self.admission,
            cors_origins=self.cors_origins,
            api_keys=self.api_keys,
            echo_request_ids=False,
            trusted_proxies=self.trusted_proxies,
            root_path=self.root_path,
        )
