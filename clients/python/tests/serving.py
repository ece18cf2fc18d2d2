"""The service's real HTTP layer over a fake backend, on a uvicorn in a thread: all that a client meets but Ray."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar, cast

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from deployments.api.app import create_api
from deployments.config.api_settings import ApiSettings
from deployments.messages.jobs import Answer, Erased, EraseJob, Job
from models.codec import images
from tests.deployments.api.conftest import SETTINGS
from tests.deployments.fakes import FakeBackend
from tests.pictures import encoded
from tests.service import free_port

Value = TypeVar("Value")


class PictureBackend(FakeBackend):
    """Gives every picture back as a picture (JPEG so that it can be told from the input), and refuses what does not
    decode, as the pipeline does. `failures` are raised first, one a call. `seen` are the files it was given, those it
    has refused included."""

    def __init__(self) -> None:
        super().__init__()
        self.failures: list[Exception] = []
        self.seen: list[bytes] = []

    async def run(self, job: Job[Answer]) -> Answer:
        if self.failures:
            raise self.failures.pop(0)
        self.seen.append(job.image)
        answer = await super().run(job)
        if not isinstance(job, EraseJob):
            return answer
        pixels = await asyncio.to_thread(_decoded, job.image)
        kind = job.output_format.value
        info = replace(self.info, media_type=job.output_format.media_type, width=pixels.shape[1])
        quality = {} if kind == "png" else {"quality": 80}
        return cast(Answer, Erased(encoded(pixels, kind.upper(), **quality), info))


def _decoded(image: bytes) -> Any:
    """Raises: InvalidImage."""
    return images.decode(image, max_pixels=10**8, page=0).rgb


class Running:
    """A started service. `calls` are the requests and handshakes it was sent; `through`, if set, handles them instead
    of the application, which it is given."""

    def __init__(self, backend: FakeBackend, settings: ApiSettings, port: int) -> None:
        self.backend = backend
        self.url = f"http://127.0.0.1:{port}"
        self.calls: list[str] = []
        self.through: Callable[[ASGIApp, Scope, Receive, Send], Coroutine[Any, Any, None]] | None = None
        self._app = create_api(backend, settings)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._up = threading.Event()
        config = uvicorn.Config(
            self._call, "127.0.0.1", port, interface="asgi3", lifespan="off", ws="websockets-sansio", log_level="error"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def start(self) -> None:
        self._thread.start()
        assert self._up.wait(30)

    def stop(self) -> None:
        """Every open connection is dropped."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(30)
        assert not self._thread.is_alive()

    def do(self, work: Coroutine[Any, Any, Value]) -> Value:
        """In the service's own event loop."""
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        serving = asyncio.create_task(self._server.serve())
        while not self._server.started and not serving.done():  # noqa: ASYNC110  uvicorn tells by this flag only
            await asyncio.sleep(0.01)
        self._up.set()
        await serving
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _call(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            self.calls.append(scope["path"])
        if self.through is not None:
            await self.through(self._app, scope, receive, send)
        else:
            await self._app(scope, receive, send)


@contextmanager
def serving(backend: FakeBackend | None = None, port: int | None = None, **settings: Any) -> Iterator[Running]:
    generous = replace(SETTINGS, max_file_size_bytes=20_000_000, max_image_pixels=4_000_000, **settings)
    running = Running(backend or PictureBackend(), generous, port or free_port())
    running.start()
    try:
        yield running
    finally:
        running.stop()
