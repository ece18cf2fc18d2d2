"""The JSON answers: what routes send and what OpenAPI describes. Fields are sent in the order they stand in here."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

LEFT_OUT = Field(exclude_if=lambda value: value is None)
"""Of a field that is not sent at all while it is None."""


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ErrorAnswer(Answer):
    """Every error looks like this. `detail` repeats `message`."""

    error: str
    message: str
    detail: str
    details: dict[str, Any]
    timestamp: str
    request_id: str


class RootAnswer(Answer):
    name: str
    version: str
    status: str
    links: dict[str, str]


class HealthAnswer(Answer):
    """`healthy`: requests are answered, if need be by the fallback model (then `degraded`, and `reasons` say why)."""

    status: Literal["healthy", "unhealthy"]
    message: str
    timestamp: str
    version: str
    degraded: bool
    reasons: list[str]
    diagnostics: dict[str, Any]


class ModelAnswer(Answer):
    name: str
    device: str
    status: Literal["ready", "loading", "not_loaded", "error"]
    parameters: dict[str, Any]


class ModelsAnswer(Answer):
    default: str
    fallback: str | None
    models: list[ModelAnswer]


class Limits(Answer):
    """Pixels, bytes and seconds."""

    max_image_size: int
    max_file_size: int
    request_timeout: float
    max_image_pixels: int
    supported_formats: list[str]


class InfoAnswer(Answer):
    name: str
    version: str
    model: ModelAnswer
    capabilities: list[str]
    limits: Limits
    output_formats: list[str]


class Dimensions(Answer):
    width: int
    height: int


class ProcessingStats(Answer):
    """`total_area` in pixels, `processing_time` in seconds."""

    regions_processed: int
    total_area: int
    processing_time: float
    image_dimensions: Dimensions


class StatisticsAnswer(Answer):
    """`image` (base64) only with `include_image=true`."""

    success: bool
    message: str
    processing_stats: ProcessingStats
    timestamp: str
    image: Annotated[str | None, LEFT_OUT] = None


class FoundText(Answer):
    """A polygon and the upright rectangle around it; send it back as a region as it is."""

    points: list[tuple[float, float]]
    x: float
    y: float
    width: float
    height: float
    confidence: float


class DetectionAnswer(Answer):
    regions: list[FoundText]
    image_dimensions: Dimensions


class CallbackAnswer(Answer):
    """`reason` says why it was refused or failed."""

    state: Literal["refused", "pending", "delivered", "failed"]
    reason: str | None
    attempts: int


class AcceptedAnswer(Answer):
    """`estimated_time` in seconds, null while there is no estimate; `callback` only if one was asked for."""

    task_id: str
    status: str
    message: str
    estimated_time: float | None
    websocket_url: str | None
    status_url: str
    result_url: str
    callback: Annotated[CallbackAnswer | None, LEFT_OUT] = None


class TaskStatusAnswer(Answer):
    """Progress is 0-100 and never goes back; times are seconds. `result_url` is there once the result is."""

    task_id: str
    status: Literal["pending", "preparing", "processing", "completed", "error", "cancelled"]
    stage: Literal["preparing", "masking", "inpainting", "finalizing"]
    overall_progress: float
    stage_progress: float
    current_region: int
    total_regions: int
    message: str
    elapsed_time: float
    estimated_remaining: float | None
    created_at: str
    started_at: str | None
    completed_at: str | None
    error_message: str | None
    queue_position: int | None
    attempt: int
    result_url: str | None
    callback: Annotated[CallbackAnswer | None, LEFT_OUT] = None


class BatchItemAnswer(Answer):
    """`task_id` is null for a picture that never became a task; `error`, `error_message` and `field` then say why.
    `expired`: it has ended, and how is no longer known."""

    index: int
    name: str
    task_id: str | None
    status: Literal["pending", "preparing", "processing", "completed", "error", "cancelled", "expired"]
    overall_progress: float
    error: str | None
    error_message: str | None
    field: str | None
    result_url: str | None


class BatchAnswer(Answer):
    """`status` is `completed` once all items have ended, however they did; the counts add up to `total`."""

    batch_id: str
    status: Literal["pending", "processing", "completed"]
    total: int
    pending: int
    processing: int
    completed: int
    error: int
    cancelled: int
    expired: int
    overall_progress: float
    created_at: str
    status_url: str
    results_url: str
    tasks: list[BatchItemAnswer]


class CancelledAnswer(Answer):
    task_id: str
    status: str
    message: str


class TicketAnswer(Answer):
    """`expires_in` in seconds; what is open by then stays open."""

    ticket: str
    expires_in: int


class TaskCountsAnswer(Answer):
    """`active_task_ids` are those not yet ended."""

    total_tasks: int
    active_tasks: int
    pending_tasks: int
    completed_tasks: int
    error_tasks: int
    cancelled_tasks: int
    active_task_ids: list[str]
