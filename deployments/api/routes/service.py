"""What the service says about itself."""

import asyncio
import gzip
import logging
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from deployments.api.clock import iso
from deployments.api.errors import ModelNotFound
from deployments.api.live.protocol import asyncapi
from deployments.api.ports import Backend, ServiceHealth
from deployments.api.replies import json_response
from deployments.api.schema.openapi import errors, json_answer, text_answer
from deployments.api.schema.responses import HealthAnswer, InfoAnswer, Limits, ModelAnswer, ModelsAnswer, RootAnswer
from deployments.api.views import PREFIX
from deployments.config.api_settings import ApiSettings
from deployments.messages.jobs import ModelState, ModelStatus, OutputFormat

log = logging.getLogger(__name__)

NAME = "text-removal-service"
CAPABILITIES = (
    "inpaint",
    "inpaint-regions",
    "detect-text",
    "remove-text",
    "multipart",
    "tasks",
    "batches",
    "websocket-progress",
    "server-sent-events",
    "callbacks",
)
INPUT_FORMATS = ("JPEG", "PNG", "WebP", "BMP", "TIFF", "AVIF", "HEIC", "GIF")
HEALTH_TIMEOUT_S = 5.0
GZIP_LEVEL = 1
"""Names repeat: a tenth of the page is left at the first level, and little less at the others."""

HEALTH = json_answer(HealthAnswer, "Requests are answered.") | json_answer(HealthAnswer, "They are not.", 503)


def service_routes(backend: Backend, settings: ApiSettings) -> APIRouter:
    """The routes under the prefix."""
    router = APIRouter(tags=["service"], default_response_class=Response)

    @router.get("/health", responses=HEALTH)
    async def health() -> Response:
        """`healthy` means that requests are answered, if need be by the fallback model: then `degraded` is true."""
        return health_response(await ask_for_health(backend), settings.version)

    @router.get("/model", responses=json_answer(ModelAnswer, "A model and its state.") | errors(401))
    async def model() -> Response:
        """The model that answers by default."""
        return json_response(answering(await backend.models(), settings))

    @router.get("/models", responses=json_answer(ModelsAnswer, "All served models.") | errors(401))
    async def models() -> Response:
        answer = ModelsAnswer(
            default=settings.default_model,
            fallback=settings.fallback_model or None,
            models=[describe(status, settings) for status in await backend.models()],
        )
        return json_response(answer)

    @router.get("/models/{name}", responses=json_answer(ModelAnswer, "A model and its state.") | errors(401, 404))
    async def one_model(name: str) -> Response:
        for status in await backend.models():
            if status.name == name:
                return json_response(describe(status, settings))
        raise ModelNotFound(f"the model {name[:100]!r} is not served here", served=settings.model_names)

    @router.get("/info", responses=json_answer(InfoAnswer, "Capabilities and limits.") | errors(401))
    async def info() -> Response:
        answer = InfoAnswer(
            name=NAME,
            version=settings.version,
            model=answering(await backend.models(), settings),
            capabilities=list(CAPABILITIES),
            limits=Limits(
                max_image_size=settings.max_image_size,
                max_file_size=settings.max_file_size_bytes,
                request_timeout=settings.request_timeout_s,
                max_image_pixels=settings.max_image_pixels,
                supported_formats=list(INPUT_FORMATS),
            ),
            output_formats=list(OutputFormat),
        )
        return json_response(answer)

    return router


def root_routes(backend: Backend, settings: ApiSettings) -> APIRouter:
    """The routes without the prefix."""
    router = APIRouter(tags=["service"], default_response_class=Response)

    @router.get("/", responses=json_answer(RootAnswer, "Name, version, links."))
    async def root(request: Request) -> Response:
        base = request.scope.get("root_path", "")
        places = {
            "docs": "/docs",
            "redoc": "/redoc",
            "openapi": "/openapi.json",
            "asyncapi": "/asyncapi.json",
            "health": f"{PREFIX}/health",
        }
        links = {name: base + path for name, path in (places | {"metrics": "/metrics", "ui": "/ui"}).items()}
        return json_response(RootAnswer(name=NAME, version=settings.version, status="running", links=links))

    @router.get("/asyncapi.json", include_in_schema=False)
    async def sockets() -> Response:
        """The messages of the WebSockets, as AsyncAPI 3.0."""
        return JSONResponse(asyncapi(NAME, settings.version))

    @router.get("/metrics", responses=text_answer("text/plain", "Prometheus text.") | errors(401))
    async def metrics(request: Request) -> Response:
        """Prometheus text exposition of the whole service; gzip where it is accepted."""
        page = await backend.metrics()
        headers = {"Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            page = await asyncio.to_thread(gzip.compress, page, GZIP_LEVEL)
            headers["Content-Encoding"] = "gzip"
        return Response(page, media_type="text/plain; version=0.0.4; charset=utf-8", headers=headers)

    return router


async def ask_for_health(backend: Backend) -> ServiceHealth:
    """Unhealthy if the backend cannot say."""
    try:
        async with asyncio.timeout(HEALTH_TIMEOUT_S):
            return await backend.health()
    except Exception as error:
        log.warning("health could not be told", exc_info=error)
        return ServiceHealth(False, False, ("the service does not answer",), {})


def health_response(health: ServiceHealth, version: str) -> Response:
    message = "requests are answered" if health.healthy else "requests cannot be answered"
    answer = HealthAnswer(
        status="healthy" if health.healthy else "unhealthy",
        message="; ".join((message, *health.reasons)),
        timestamp=iso(),
        version=version,
        degraded=health.degraded,
        reasons=list(health.reasons),
        diagnostics=health.diagnostics,
    )
    return json_response(answer, 200 if health.healthy else 503)


def answering(statuses: tuple[ModelStatus, ...], settings: ApiSettings) -> ModelAnswer:
    """The default model, or the fallback while that cannot answer and the fallback can."""
    by_name = {status.name: status for status in statuses}
    unknown = ModelStatus(settings.default_model, ModelState.NOT_LOADED, settings.device)
    wanted = by_name.get(settings.default_model, unknown)
    fallback = by_name.get(settings.fallback_model)
    cannot = wanted.state in (ModelState.ERROR, ModelState.LOADING)
    if cannot and fallback and fallback.state is ModelState.READY:
        reason = wanted.reason or f"the model is in state {wanted.state}"
        return describe(fallback, settings, wanted=wanted.name, reason=reason)
    return describe(wanted, settings)


def describe(status: ModelStatus, settings: ApiSettings, **instead: str) -> ModelAnswer:
    """`parameters` holds what is known beside the state; what is not is left out. `instead` is added to them: whom it
    stands in for, and why."""
    known = _facts(status.name, settings) | {
        "reason": status.reason,
        "download": status.download,
        "gpu_memory_bytes": status.gpu_memory_bytes,
    }
    parameters = {
        "replicas": status.replicas,
        "max_image_size": settings.max_image_size,
        "forwards": status.forwards,
        "windows": status.windows,
    }
    return ModelAnswer(
        name=status.name,
        device=status.device,
        status=status.state,
        parameters=parameters | {name: value for name, value in known.items() if value is not None} | instead,
    )


def _facts(name: str, settings: ApiSettings) -> dict[str, Any]:
    """What the registry says of a model; a model of the operator's own has no summary, and nobody has timed it."""
    facts = next((facts for facts in settings.models if facts.name == name), None)
    return {"summary": facts.summary, "speed": facts.speed} if facts and facts.summary else {}
