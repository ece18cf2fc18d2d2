"""The last resort: what nobody foresaw is answered too."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deployments.api.errors import request_id_of, unexpected_error_response


class UnexpectedErrors:
    """Answers 500 in the one error shape when anything unforeseen is raised; the trace goes to the log only.

    Once a response has begun nothing can be said any more: then the error is raised on and the server cuts the
    connection.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started = False

        async def watched_send(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            return await self.app(scope, receive, watched_send)
        except Exception as error:
            if started:
                raise
            await unexpected_error_response(error, request_id_of(scope))(scope, receive, send)
