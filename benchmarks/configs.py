"""Serve config files for services that are started to be measured."""

from collections.abc import Sequence
from pathlib import Path

import yaml

from deployments.config.settings import (
    AppConfig,
    EraserConfig,
    GatewayConfig,
    ModelConfig,
    OwnFacts,
    ReplicaScaling,
    Resources,
)

SMALL = Resources(num_cpus=0.01)
"""All processes share the machine as they do without Ray; it must only not run out of what it counts."""

SLEEPER = "sleeper"
SLEEPER_VARIABLE = "SLEEPER_SECONDS"


def sleeping(
    *, replicas: int = 1, erasers: int = 1, more_models: Sequence[str] = (), detector: bool = False
) -> AppConfig:
    """One gateway and fixed numbers of Erasers and of replicas of the sleeping model, which is the default one."""
    sleeper = ModelConfig(
        name=SLEEPER, loader="benchmarks.sleeper:load", facts=OwnFacts(), scaling=_fixed(replicas), resources=SMALL
    )
    others = tuple(ModelConfig(name=name, resources=SMALL) for name in more_models)
    return AppConfig(
        model=SLEEPER,
        models=(sleeper, *others),
        gateway=GatewayConfig(resources=SMALL, max_waiting=1024),
        eraser=EraserConfig(scaling=_fixed(erasers), resources=SMALL, max_images=32),
        detector=ModelConfig(name="detector", resources=SMALL) if detector else None,
    )


def write_config(folder: Path, app: AppConfig) -> Path:
    """As `serve run` and `python -m deployments` read it."""
    application = {
        "name": "text-removal",
        "route_prefix": "/",
        "import_path": "deployments.app:build",
        "args": app.model_dump(mode="json"),
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "serve_config.yaml"
    path.write_text(yaml.safe_dump({"applications": [application]}, sort_keys=False))
    return path


def _fixed(replicas: int) -> ReplicaScaling:
    return ReplicaScaling(min_replicas=replicas, max_replicas=replicas)
