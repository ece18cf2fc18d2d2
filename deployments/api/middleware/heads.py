"""HEAD on every GET route."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deployments.api.disconnect import stop


class Heads:
    """Answers HEAD as GET without the body (RFC 9110, 9.3.2). An endless answer is broken off after its headers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            return await self.app(scope, receive, send)
        answered = asyncio.Event()

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                answered.set()

        async def run() -> None:
            await self.app({**scope, "method": "GET"}, receive, send_head)

        work, answer = asyncio.create_task(run()), asyncio.create_task(answered.wait())
        try:
            await asyncio.wait({work, answer}, return_when=asyncio.FIRST_COMPLETED)
            if not answered.is_set():
                work.result()
        finally:
            await stop(work, answer)
        return None
