"""What a run on Ray Data is configured with: the YAML file, and what is asked of every picture."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError

from deployments.config.models import Resources, Strict
from deployments.config.settings import AppConfig, ConfigurationError, Settings


class BatchConfig(Strict):
    """`workers` are processes, each with the whole pipeline and a model of its own (0: as many as the machine or
    cluster has room for by their `resources`). Each works on `pictures` at once, and fetches as many more meanwhile: so
    many gather their windows into the model's batches, and so many are in memory. `app` is as in serve_config.yaml."""

    workers: int = Field(0, ge=0)
    pictures: int = Field(4, ge=1, le=1000)
    resources: Resources = Resources(num_cpus=1)
    app: AppConfig = AppConfig()


@dataclass(frozen=True, slots=True)
class Plan:
    """What every worker is told. `source` and `target` are folders or fsspec URLs; `asked` are fields of a task, as on
    the wire, `regions_of` those of single pictures by their path in `source`."""

    source: str
    target: str
    settings: Settings
    asked: dict[str, Any]
    regions_of: dict[str, Any] | None = None
    threads: int = 1


def read_config(path: Path | None) -> BatchConfig:
    """Raises: ConfigurationError with one line that names what is wrong."""
    if path is None:
        return BatchConfig()
    try:
        return BatchConfig.model_validate(yaml.safe_load(path.read_text()) or {})
    except (OSError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path}: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigurationError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
