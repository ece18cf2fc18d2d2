"""The application's arguments in the YAML file: what is served, and how far each part may grow."""

from typing import Literal

from pydantic import Field

from deployments.config.models import ModelConfig, ReplicaScaling, Resources, Strict


class EraserConfig(Strict):
    """`max_images` are in work in one replica at once: it bounds memory. `synchronous_share` of them is kept free of
    tasks, so that a long queue of tasks does not hold up who waits for an answer. `max_windows` of one image are sent
    ahead."""

    scaling: ReplicaScaling = ReplicaScaling(max_replicas=2, target_ongoing_requests=3)
    resources: Resources = Resources()
    max_images: int = Field(4, ge=1)
    synchronous_share: float = Field(0.5, ge=0, lt=1)
    max_windows: int = Field(16, ge=1)


class PlannerConfig(Strict):
    """How `Auto` cuts windows; models/planning/limits.py argues the defaults.

    A hole gets `margin_ratio` of its shorter side as context, at least `margin_floor_px` and at most `margin_cap_px`.
    More context costs pixels: 32 instead of 24 px costs a receipt 23 % more. `bucket_ratio`: how far apart the lengths
    are that windows may have; 1 is every length the model takes.
    """

    margin_floor_px: int = Field(24, ge=0, le=1024)
    margin_ratio: float = Field(0.25, ge=0)
    margin_cap_px: int = Field(256, ge=0, le=1024)
    bucket_ratio: float = Field(1.0625, ge=1)


class GatewayConfig(Strict):
    """`max_waiting`: synchronous requests that are worked on or wait before others are answered 429. `max_held_bytes`:
    what their bodies and answers may take. `client_share` of either is what one client may have. All three hold for
    each replica, and for each process of Serve in front of them. `max_connections`: requests and open WebSockets
    together, which Serve counts alike."""

    num_replicas: int = Field(1, ge=1)
    resources: Resources = Resources()
    max_waiting: int = Field(128, ge=1)
    max_held_bytes: int = Field(512 * 2**20, ge=2**20)
    client_share: float = Field(0.75, gt=0, le=1)
    max_connections: int = Field(4096, ge=1)


class TasksConfig(Strict):
    """`max_running` tasks are driven at once, `max_waiting` more are admitted, as long as the images of all of them
    take no more than `max_queued_bytes` of the blob store (None: any number). Results are not counted."""

    resources: Resources = Resources()
    max_running: int = Field(8, ge=1)
    max_waiting: int = Field(10_000, ge=1)
    max_queued_bytes: int | None = Field(10 * 2**30, ge=1)


class AppConfig(Strict):
    """The `args` of the application in serve_config.yaml."""

    model: str = "lama"
    fallback_model: str = ""
    device: Literal["cpu", "cuda", "mps"] = "cpu"
    models: tuple[ModelConfig, ...] = tuple(ModelConfig(name=name) for name in ("lama", "mend", "cv2"))
    gateway: GatewayConfig = GatewayConfig()
    eraser: EraserConfig = EraserConfig()
    planner: PlannerConfig = PlannerConfig()
    detector: ModelConfig | None = ModelConfig(name="detector")
    tasks: TasksConfig = TasksConfig()
