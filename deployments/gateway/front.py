"""What stands in front of everything: middleware for the processes of Serve that hold the clients' connections.

Serve calls `middleware` where RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH names it: in each of its proxies or, behind
HAProxy, in each gateway. `python -m deployments` sets the variable; whoever starts Ray another way sets it in the
environment of Ray's processes, where this package must be importable.

Without it the gateways admit and refuse all the same, but a proxy has read a body by then, and says 404 while the
application starts.
"""

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from deployments.api.admission.clients import Clients
from deployments.api.admission.desk import Desk
from deployments.api.body.reading import max_body_bytes
from deployments.api.key_ring import KeyRing
from deployments.api.middleware.admission import Admission
from deployments.api.middleware.draining import Draining
from deployments.api.middleware.request_ids import RequestIds
from deployments.api.middleware.starting import NotYet
from deployments.api.middleware.telling import RouteNames, Telling
from deployments.api.schema.headers import EXPOSED
from deployments.config.settings import Environment, GatewayConfig
from deployments.gateway.answers import WORK, Answers


def middleware() -> list[Middleware]:
    """The first is the innermost, which is how Serve puts them around its own."""
    environment = Environment.read()
    names = RouteNames(WORK, environment.root_path)

    def dress(response: Response) -> ASGIApp:
        return CORSMiddleware(response, allow_origins=list(environment.cors_origins), expose_headers=list(EXPOSED))

    return [
        Middleware(NotYet, dress=dress),
        Middleware(
            Admission,
            desk=Desk(environment.admission(GatewayConfig())),
            clients=Clients(KeyRing(environment.iopaint_api_keys), environment.trusted_proxies),
            max_body_bytes=max_body_bytes(environment.max_file_size, base64=True),
            own_socket=True,
            dress=dress,
        ),
        Middleware(Draining),
        Middleware(Telling, tell=Answers(), routes=lambda: names, only_refused=True),
        Middleware(RequestIds, pass_on=True),
    ]
