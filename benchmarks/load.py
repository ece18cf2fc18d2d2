"""Closed-loop clients: each sends its next request when the last one is answered."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np

TIMEOUT_S = 600.0


@dataclass(frozen=True, slots=True)
class Request:
    """A multipart upload: `files` maps field to (name, bytes, media type)."""

    path: str
    files: Mapping[str, tuple[str, bytes, str]]
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` 0: the connection failed. `timings_s` is the answer's Server-Timing."""

    seconds: float
    status: int
    timings_s: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Run:
    clients: int
    wall_s: float
    answers: Sequence[Answer]

    @property
    def good(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.status == 200]

    @property
    def errors(self) -> int:
        return len(self.answers) - len(self.good)

    @property
    def per_second(self) -> float:
        return len(self.good) / self.wall_s

    def percentile(self, share: float) -> float:
        """Seconds; NaN without a good answer."""
        good = self.good
        return float(np.percentile([answer.seconds for answer in good], share)) if good else float("nan")

    def outside_inpaint(self) -> float:
        """Share of the answers' time that was neither waiting in the line nor in the inpaint stage."""
        wall = sum(answer.seconds for answer in self.good)
        inside = sum(a.timings_s.get("inpaint", 0.0) + a.timings_s.get("queue", 0.0) for a in self.good)
        return (wall - inside) / wall if wall else float("nan")


async def closed_loop(http: httpx.AsyncClient, request: Request, *, clients: int, seconds: float) -> Run:
    """No request starts after `seconds`, each client sends at least one, and all are waited for."""
    started = time.perf_counter()

    async def client() -> list[Answer]:
        answers = [await send(http, request)]
        while time.perf_counter() - started < seconds:
            answers.append(await send(http, request))
        return answers

    answers = await asyncio.gather(*(client() for _ in range(clients)))
    return Run(clients, time.perf_counter() - started, [answer for mine in answers for answer in mine])


def run_against(url: str, request: Request, *, clients: int, seconds: float) -> Run:
    """`closed_loop` with connections of its own."""

    async def run() -> Run:
        async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S, trust_env=False) as http:
            return await closed_loop(http, request, clients=clients, seconds=seconds)

    return asyncio.run(run())


async def send(http: httpx.AsyncClient, request: Request) -> Answer:
    started = time.perf_counter()
    files: Any = dict(request.files)
    try:
        answer = await http.post(request.path, files=files, data=dict(request.fields))
    except httpx.HTTPError:
        return Answer(time.perf_counter() - started, 0, {})
    return Answer(time.perf_counter() - started, answer.status_code, server_timing(answer.headers))


def server_timing(headers: httpx.Headers) -> dict[str, float]:
    """Seconds by name."""
    timings = {}
    for part in headers.get("server-timing", "").split(","):
        name, _, duration = part.strip().partition(";dur=")
        if duration:
            timings[name] = float(duration) / 1000
    return timings
