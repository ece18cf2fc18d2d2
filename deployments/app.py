"""The whole system on one page: every deployment, what it is given, and how it scales.

`serve run serve_config.yaml` and `python -m deployments` both end up in `build`. It is the only place that knows
every other.

    Gateway ──▶ Eraser ──▶ Inpainter (one deployment per model)
       │           └─────▶ TextDetector
       └─────▶ TaskTracker ──▶ Eraser

Two edges close a circle, which a graph of bound deployments cannot have: model replicas report to the tracker, so they
look it up by its name.
"""

from typing import Any

from ray import serve
from ray.serve import Application, Deployment
from ray.serve.schema import LoggingConfig

from deployments.config.settings import (
    AppConfig,
    Environment,
    ModelConfig,
    ReplicaScaling,
    Resources,
    Settings,
    resolve,
)
from deployments.gateway.gateway import Gateway
from deployments.inference.inpainter import Inpainter
from deployments.inference.text_detector import TextDetector
from deployments.pipeline.eraser import Eraser
from deployments.pipeline.warming import warm_up
from deployments.remote.calls import Handle
from deployments.remote.clients import RemoteEraser, RemoteModel, RemoteReports, RemoteTextFinder, RemoteTracker
from deployments.threads import step_back
from deployments.tracking.replica import TrackerHost

TASK_TRACKER = "TaskTracker"

QUIET = LoggingConfig(enable_access_log=False)
"""Serve would log every call between deployments; ours are one line per image."""


class InpainterReplica(Inpainter):
    def __init__(self, config: ModelConfig, settings: Settings) -> None:
        step_back()
        here = serve.get_replica_context()
        tracker = serve.get_deployment_handle(TASK_TRACKER, here.app_name)
        super().__init__(config, settings, RemoteReports(tracker), here.replica_id.unique_id)


class TextDetectorReplica(TextDetector):
    def __init__(self, config: ModelConfig, settings: Settings) -> None:
        step_back()
        super().__init__(config, settings)


class EraserReplica(Eraser):
    def __init__(self, settings: Settings, models: dict[str, Handle], text: Handle | None) -> None:
        step_back()
        super().__init__(
            settings,
            {name: RemoteModel(handle) for name, handle in models.items()},
            RemoteTextFinder(text) if text is not None else None,
        )
        warm_up()


class TaskTrackerReplica(TrackerHost):
    def __init__(self, settings: Settings, eraser: Handle) -> None:
        super().__init__(settings, RemoteEraser(eraser))

    async def __del__(self) -> None:
        """Serve awaits this when it stops the replica in good order."""
        await self.stop()


@serve.ingress()
class GatewayReplica(Gateway):
    def __init__(self, settings: Settings, eraser: Handle, tracker: Handle) -> None:
        super().__init__(settings, RemoteEraser(eraser), RemoteTracker(tracker))


def build(config: AppConfig) -> Application:
    """The application for this configuration under the present environment.

    Raises: ConfigurationError with one line that names the setting.
    """
    settings = resolve(config, Environment.read())
    app = settings.app
    models = {
        model.name: _deployment(
            InpainterReplica,
            name=f"Inpainter-{model.name.replace('/', '-')}",
            max_ongoing_requests=256,
            graceful_shutdown_timeout_s=settings.drain_s,
            **_scaled(model.scaling),
            **_actor(model.resources),
        ).bind(model, settings)
        for model in app.models
    }
    text = app.detector and _deployment(
        TextDetectorReplica,
        name="TextDetector",
        max_ongoing_requests=64,
        **_scaled(app.detector.scaling),
        **_actor(app.detector.resources),
    ).bind(app.detector, settings)
    eraser = _deployment(
        EraserReplica,
        name="Eraser",
        graceful_shutdown_timeout_s=settings.drain_s,
        # The replica counts itself what it has in work: tasks that wait for a place there may not use up Serve's.
        max_ongoing_requests=app.eraser.max_images + app.tasks.max_running,
        **_scaled(app.eraser.scaling),
        **_actor(app.eraser.resources),
    ).bind(settings, models, text)
    tracker = _deployment(
        TaskTrackerReplica,
        name=TASK_TRACKER,
        num_replicas=1,
        max_ongoing_requests=100_000,
        health_check_period_s=2,
        # Serve waits for open calls, and watches stay open: they end when the tracker does.
        graceful_shutdown_timeout_s=3,
        **_actor(app.tasks.resources),
    ).bind(settings, eraser)
    return _deployment(
        GatewayReplica,
        name="Gateway",
        graceful_shutdown_timeout_s=settings.drain_s,
        num_replicas=app.gateway.num_replicas,
        max_ongoing_requests=app.gateway.max_connections,
        **_actor(app.gateway.resources),
    ).bind(settings, eraser, tracker)


def _deployment(replica: type, **options: Any) -> Deployment:
    made: Deployment = serve.deployment(logging_config=QUIET, **options)(replica)
    return made


def _scaled(scaling: ReplicaScaling) -> dict[str, Any]:
    if scaling.min_replicas == scaling.max_replicas:
        return {"num_replicas": scaling.min_replicas}
    return {
        "autoscaling_config": {
            "min_replicas": scaling.min_replicas,
            "max_replicas": scaling.max_replicas,
            "target_ongoing_requests": scaling.target_ongoing_requests,
            "upscale_delay_s": scaling.upscale_delay_s,
            "downscale_delay_s": scaling.downscale_delay_s,
        }
    }


def _actor(resources: Resources) -> dict[str, Any]:
    options: dict[str, Any] = {"num_cpus": resources.num_cpus, "num_gpus": resources.num_gpus}
    if resources.memory_bytes is not None:
        options["memory"] = resources.memory_bytes
    return {"ray_actor_options": options}
