"""The HTTP and WebSocket layer as one ASGI application. It knows the rest only through `Backend`."""

from collections.abc import Callable
from functools import cache

from fastapi import FastAPI
from fastapi_standalone_docs import StandaloneDocs
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from deployments.api.admission.clients import Clients
from deployments.api.body.reading import max_body_bytes
from deployments.api.errors import add_error_handlers
from deployments.api.key_ring import KeyRing
from deployments.api.live.events import event_routes
from deployments.api.live.websocket import websocket_routes
from deployments.api.middleware.admission import Admission
from deployments.api.middleware.api_keys import ApiKeys
from deployments.api.middleware.draining import Draining
from deployments.api.middleware.forwarded import Forwarded
from deployments.api.middleware.heads import Heads
from deployments.api.middleware.origins import WebSocketOrigins
from deployments.api.middleware.request_ids import RequestIds
from deployments.api.middleware.telling import RouteNames, Telling
from deployments.api.middleware.trailing_slashes import TrailingSlashes
from deployments.api.middleware.unexpected_errors import UnexpectedErrors
from deployments.api.ports import Backend
from deployments.api.routes.batches import batch_routes
from deployments.api.routes.inpaint import inpaint_routes
from deployments.api.routes.iopaint import iopaint_routes
from deployments.api.routes.service import NAME, root_routes, service_routes
from deployments.api.routes.tasks import task_routes
from deployments.api.routes.tickets import ticket_routes
from deployments.api.routes.ui import ui_routes
from deployments.api.schema.headers import EXPOSED
from deployments.api.schema.openapi import describe_app
from deployments.api.views import PREFIX
from deployments.config.api_settings import ApiSettings

OPEN_PATHS = ("/", "/docs", "/redoc", "/openapi.json", "/asyncapi.json", "/favicon.ico", "/ui", f"{PREFIX}/health")


def create_api(backend: Backend, settings: ApiSettings) -> FastAPI:
    """All routes of the wire contract over one backend. WebSockets are served with and without the prefix.

    /docs and /redoc work without network: their scripts and styles are served from below them.
    """
    keys = KeyRing(settings.api_keys)

    @cache
    def names() -> RouteNames:
        return RouteNames((*app.openapi()["paths"], *OPEN_PATHS), settings.root_path)

    app = FastAPI(
        title=NAME,
        version=settings.version,
        middleware=_middleware(backend, settings, keys, names),
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    add_error_handlers(app)
    app.include_router(root_routes(backend, settings))
    app.include_router(ui_routes())
    app.include_router(iopaint_routes(backend, settings))
    app.include_router(websocket_routes(backend, keys))
    for router in (
        service_routes(backend, settings),
        inpaint_routes(backend, settings),
        task_routes(backend, settings),
        batch_routes(backend, settings),
        ticket_routes(keys),
        event_routes(backend),
        websocket_routes(backend, keys),
    ):
        app.include_router(router, prefix=PREFIX)
    describe_app(app)
    StandaloneDocs(app)
    return app


def _middleware(
    backend: Backend, settings: ApiSettings, keys: KeyRing, names: Callable[[], RouteNames]
) -> list[Middleware]:
    """Outermost first: even a refusal carries a request id and CORS headers, and who may not ask takes no place."""
    stack = [
        Middleware(RequestIds, echo=settings.echo_request_ids),
        Middleware(Telling, tell=backend.answered, routes=names),
        Middleware(Forwarded, trusted=settings.trusted_proxies, root_path=settings.root_path),
        Middleware(TrailingSlashes),
        Middleware(Heads),
        Middleware(Draining),
        Middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=list(EXPOSED),
        ),
        Middleware(WebSocketOrigins, allowed=settings.cors_origins),
        Middleware(UnexpectedErrors),
    ]
    if keys:
        stack.append(Middleware(ApiKeys, keys=keys, open_paths=OPEN_PATHS))
    stack.append(
        Middleware(
            Admission,
            desk=backend.desk,
            clients=Clients(keys, settings.trusted_proxies),
            max_body_bytes=max_body_bytes(settings.max_file_size_bytes, base64=True),
        )
    )
    return stack
