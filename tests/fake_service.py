"""The real HTTP layer on a port of this machine, over a backend that only echoes: for the tests of clients.

`python -m tests.fake_service [--key KEY]` prints its address and serves until its standard input ends. Pictures come
back as they were, or with `--answer FILE` all as that one. Tasks run by themselves in a few short steps; of those named
`failing…` the last one fails, and those named `held…` wait until they are cancelled or `POST /test/tasks/{task_id}`
completes them. `POST /test/faults` breaks what comes next.
"""

import argparse
import asyncio
import logging
import socket
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import uvicorn
from fastapi import FastAPI, Request

from deployments.api.app import create_api
from deployments.api.ports import TaskOptions
from deployments.messages.jobs import Answer, Erased, EraseJob, Job
from deployments.messages.task import TaskRecord, TaskStage, TaskStatus
from tests.deployments.api.conftest import SETTINGS
from tests.deployments.fakes import INFO, FakeBackend, FakeTasks
from tests.faults import Broken, Fault, Faults

STEP_S = 0.05
STEPS = 4


class BusyTasks(FakeTasks):
    """Tasks that go on by themselves."""

    def __init__(self, answer: bytes | None) -> None:
        super().__init__()
        self.answer = answer
        self.running: set[asyncio.Task[None]] = set()

    async def submit(self, job: EraseJob, options: TaskOptions) -> TaskRecord:
        known = options.task_id in self.records
        record = await super().submit(job, options)
        if not known:
            run = asyncio.create_task(self._run(record.task_id))
            self.running.add(run)
            run.add_done_callback(self.running.discard)
        return record

    async def result(self, task_id: str) -> Erased:
        return replace(await super().result(task_id), image=self.answer or self.jobs[task_id].image)

    async def _run(self, task_id: str) -> None:
        for step in range(1, STEPS):
            await asyncio.sleep(STEP_S)
            if self.records[task_id].status.final:
                return
            await self.change(
                task_id,
                status=TaskStatus.PROCESSING,
                stage=TaskStage.INPAINTING,
                overall_progress=100.0 * step / STEPS,
                total_regions=1,
                message=f"step {step} of {STEPS}",
            )
        await asyncio.sleep(STEP_S)
        if self.records[task_id].status.final or task_id.startswith("held"):
            return
        if task_id.startswith("failing"):
            await self.change(
                task_id, status=TaskStatus.ERROR, error="inference_failed", error_message="the model failed",
                completed_at=1_700_000_002.0,
            )  # fmt: skip
        else:
            await self.complete(task_id)


class EchoBackend(FakeBackend):
    """Answers with the picture it was sent."""

    def __init__(self, answer: bytes | None) -> None:
        super().__init__()
        self.answer = answer
        self.tasks = BusyTasks(answer)

    async def run(self, job: Job[Answer]) -> Answer:
        answer = await super().run(job)
        if isinstance(job, EraseJob):
            return cast(Answer, Erased(self.answer or job.image, INFO))
        return answer


def create_fake(*keys: str, answer: bytes | None = None) -> FastAPI:
    """The service's application with two routes more, for the test that holds the other end."""
    backend = EchoBackend(answer)
    settings = replace(SETTINGS, api_keys=keys, max_file_size_bytes=5_000_000, max_image_pixels=10_000_000)
    app = create_api(backend, settings)
    faults: list[Fault] = []
    app.add_middleware(Faults, faults=faults)

    @app.post("/test/faults", include_in_schema=False)
    async def break_what_comes(request: Request) -> dict[str, int]:
        faults.append(Fault(**await request.json()))
        return {"faults": len(faults)}

    @app.post("/test/tasks/{task_id}", include_in_schema=False)
    async def complete_a_task(task_id: str) -> dict[str, int]:
        return {"seq": (await backend.tasks.complete(task_id)).seq}

    return app


class Server(uvicorn.Server):
    """Ends at the end of standard input: with whoever started it."""

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        reading = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
        reading.add_done_callback(lambda _: setattr(self, "should_exit", True))
        await super().serve(sockets)


def _unwanted(record: logging.LogRecord) -> bool:
    """Whether it tells of something else than a fault that a test wanted."""
    return record.exc_info is None or not isinstance(record.exc_info[1], Broken)


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--key", action="append", default=[])
    arguments.add_argument("--answer", type=Path)
    options: Any = arguments.parse_args()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        app = create_fake(*options.key, answer=options.answer and options.answer.read_bytes())
        config = uvicorn.Config(app, log_level="error", access_log=False, timeout_graceful_shutdown=1)
        logging.getLogger("uvicorn.error").addFilter(_unwanted)
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        Server(config).run([listener])


if __name__ == "__main__":
    main()
