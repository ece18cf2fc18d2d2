"""Clients. Closed loop: each sends its next request when the last one is answered. Open loop: requests are due at
moments fixed beforehand, answered or not.

The client shares the machine with what it measures, so it only copies bytes: bodies are encoded before, answers are
read in pieces and dropped.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import httpx
import numpy as np

from benchmarks.requests import Request

TIMEOUT_S = 600.0
UNLIMITED = httpx.Limits(max_connections=None, max_keepalive_connections=None)


@dataclass(frozen=True, slots=True)
class Clock:
    now: Callable[[], float] = time.perf_counter
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(frozen=True, slots=True)
class Answer:
    """`seconds` count from the moment the request was due, `due_s` after the start of the run; it was sent `late_s`
    after that. `status` 0: the connection failed. `timings_s` is the answer's Server-Timing."""

    seconds: float
    status: int
    timings_s: Mapping[str, float]
    due_s: float = 0.0
    late_s: float = 0.0
    size_bytes: int = 0
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Run:
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

    @property
    def latest_start_s(self) -> float:
        """How long the client itself made a request wait at most: if it is much, the client was too slow."""
        return max((answer.late_s for answer in self.answers), default=0.0)

    def steady_per_second(self, from_s: float, to_s: float) -> float:
        """Good answers that came in this part of the run, so that its start and its end do not count."""
        came = [answer.due_s + answer.seconds for answer in self.good]
        return sum(from_s < moment <= to_s for moment in came) / (to_s - from_s)

    def percentile(self, share: float) -> float:
        """Seconds; NaN without a good answer."""
        good = self.good
        return float(np.percentile([answer.seconds for answer in good], share)) if good else float("nan")

    def outside_inpaint(self) -> float:
        """Share of the answers' time that was neither waiting in the line nor in the inpaint stage."""
        wall = sum(answer.seconds for answer in self.good)
        inside = sum(a.timings_s.get("inpaint", 0.0) + a.timings_s.get("queue", 0.0) for a in self.good)
        return (wall - inside) / wall if wall else float("nan")


async def closed_loop(
    http: httpx.AsyncClient,
    request: Request,
    *,
    clients: int,
    seconds: float,
    at_least: int = 1,
    heard: Callable[[Answer], None] = lambda _: None,
) -> Run:
    """No request starts after `seconds`, each client sends at least `at_least`, and all are waited for. `heard` is
    called with each answer as it comes."""
    clock = Clock()
    started = clock.now()

    async def client() -> list[Answer]:
        answers: list[Answer] = []
        while len(answers) < at_least or clock.now() - started < seconds:
            answers.append(await send(http, request, started, clock.now(), clock))
            heard(answers[-1])
        return answers

    answers = await asyncio.gather(*(client() for _ in range(clients)))
    return Run(clock.now() - started, [answer for mine in answers for answer in mine])


def due_times(rate: float, seconds: float, seed: int = 0) -> list[float]:
    """Arrivals of a Poisson process, `rate` a second on average; the first is at 0."""
    gaps = np.random.default_rng(seed).exponential(1 / rate, max(1, round(rate * seconds)) - 1)
    return [0.0, *np.cumsum(gaps).tolist()]


async def open_loop(
    http: httpx.AsyncClient, request: Request, *, rate: float, seconds: float, seed: int = 0, clock: Clock | None = None
) -> Run:
    """`rate * seconds` requests at the moments of `due_times`, all waited for. A request that starts late because the
    client or the service is slow counts from when it was due: no omission is coordinated with the service."""
    clock = clock or Clock()
    started = clock.now()

    async def one(due: float) -> Answer:
        await clock.sleep(max(0.0, due - clock.now()))
        return await send(http, request, started, due, clock)

    answers = await asyncio.gather(*(one(started + due) for due in due_times(rate, seconds, seed)))
    return Run(clock.now() - started, answers)


def run_against(
    url: str, request: Request, *, clients: int = 1, rate: float = 0.0, seconds: float, at_least: int = 1
) -> Run:
    """`open_loop` if a rate is given, else `closed_loop`, with connections of its own."""

    async def run() -> Run:
        async with client_of(url) as http:
            if rate:
                return await open_loop(http, request, rate=rate, seconds=seconds)
            return await closed_loop(http, request, clients=clients, seconds=seconds, at_least=at_least)

    return asyncio.run(run())


def client_of(url: str, timeout_s: float = TIMEOUT_S) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, timeout=timeout_s, limits=UNLIMITED, trust_env=False)


async def send(http: httpx.AsyncClient, request: Request, started: float, due: float, clock: Clock) -> Answer:
    sent = clock.now()
    size, status, timings, media_type = 0, 0, {}, ""
    try:
        async with http.stream(
            "POST", request.path, content=request.content, headers={"content-type": request.content_type}
        ) as answer:
            async for piece in answer.aiter_bytes():
                size += len(piece)
        status, timings = answer.status_code, server_timing(answer.headers)
        media_type = answer.headers.get("content-type", "")
    except httpx.HTTPError:
        pass
    return Answer(clock.now() - due, status, timings, due - started, sent - due, size, media_type)


def server_timing(headers: httpx.Headers) -> dict[str, float]:
    """Seconds by name."""
    timings = {}
    for part in headers.get("server-timing", "").split(","):
        name, _, duration = part.strip().partition(";dur=")
        if duration:
            timings[name] = float(duration) / 1000
    return timings
