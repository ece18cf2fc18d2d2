"""More requests than the service can do: what it still does, how fast it refuses, and what memory that takes.

First a closed loop finds the peak. Then requests are due at multiples of it, with bodies and all, while its health is
asked once a second; a request that is refused is not sent again. The clients share the machine with the service, so
they speak HTTP on bare sockets, and what they take of it is told.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.load import due_times
from benchmarks.memory import by_role, forget_peaks, peak_bytes
from benchmarks.pictures import Workload
from benchmarks.report import Report
from benchmarks.requests import Request, request_for
from tests.service import ROOT, Service, running

GIVE_UP_S = 60.0
CLIENTS = 16
SUBMITTERS = 4
HEALTH = b"GET /api/v1/health HTTP/1.1\r\nhost: service\r\n\r\n"
FRONT = ("ProxyActor", "Gateway")


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` 0: none, within GIVE_UP_S or at all. `at_s`: when it came, after the start of the run."""

    status: int
    seconds: float
    at_s: float
    retry_after_s: int = 0


Run = Callable[[], Coroutine[Any, Any, tuple[list[Answer], list[Answer]]]]
"""The answers, and those to the questions for the health."""


@dataclass(frozen=True, slots=True)
class Point:
    """One load. `goodput` counts the 200s that came while requests were due; `front_peak_bytes` is the peak of Serve's
    proxy and the gateways together, `front_after_bytes` what they hold 5 s after the end."""

    load: str
    offered: float
    goodput: float
    statuses: dict[str, int]
    ok_p95_s: float
    refused_p50_s: float
    refused_p95_s: float
    health_p95_s: float
    retry_after_s: float
    front_peak_bytes: int
    front_after_bytes: int
    client_cores: float


class Connections:
    """Open connections to one server, used again."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, message: bytes) -> tuple[int, int]:
        """Status and Retry-After; 0 for what does not come."""
        try:
            async with asyncio.timeout(GIVE_UP_S):
                return await self._ask(message)
        except (OSError, EOFError, TimeoutError):
            return 0, 0

    async def _ask(self, message: bytes) -> tuple[int, int]:
        reader, writer = self._idle.pop() if self._idle else await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(message)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(_number(head, b"content-length: "))
        if b"connection: close" in head:
            writer.close()
        else:
            self._idle.append((reader, writer))
        return int(head[9:12]), _number(head, b"retry-after: ")

    def close(self) -> None:
        for _, writer in self._idle:
            writer.close()


def _number(head: bytes, name: bytes) -> int:
    return int(head.partition(b"\r\n" + name)[2].partition(b"\r\n")[0] or 0)


def message_of(request: Request) -> bytes:
    head = (
        f"POST {request.path} HTTP/1.1\r\nhost: service\r\ncontent-type: {request.content_type}\r\n"
        f"content-length: {len(request.content)}\r\n\r\n"
    )
    return head.encode() + request.content


async def peak_load(port: int, message: bytes, seconds: float) -> tuple[list[Answer], list[Answer]]:
    connections, answers, started = Connections(port), list[Answer](), time.perf_counter()

    async def client() -> None:
        while time.perf_counter() - started < seconds:
            answers.append(await _one(connections, message, started, time.perf_counter()))

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    connections.close()
    return answers, []


async def overload(port: int, message: bytes, rate: float, seconds: float) -> tuple[list[Answer], list[Answer]]:
    connections, started = Connections(port), time.perf_counter()

    async def due(at_s: float, what: bytes) -> Answer:
        await asyncio.sleep(max(0.0, started + at_s - time.perf_counter()))
        return await _one(connections, what, started, started + at_s)

    work = [due(at_s, message) for at_s in due_times(rate, seconds)]
    health = [due(float(second), HEALTH) for second in range(int(seconds))]
    answers = await asyncio.gather(*work, *health)
    connections.close()
    return answers[: len(work)], answers[len(work) :]


async def _one(connections: Connections, message: bytes, started: float, due: float) -> Answer:
    status, retry_after_s = await connections.ask(message)
    now = time.perf_counter()
    return Answer(status, now - due, now - started, retry_after_s)


async def queue_tasks(port: int, message: bytes, count: int) -> None:
    """Raises: RuntimeError if one is not taken."""
    connections = Connections(port)

    async def some(share: int) -> None:
        for _ in range(share):
            status, _ = await connections.ask(message)
            if status != 202:
                raise RuntimeError(f"a task was answered {status}")

    await asyncio.gather(*(some(count // SUBMITTERS) for _ in range(SUBMITTERS)))
    connections.close()


def measure(
    folder: Path, workload: Workload, multiples: Sequence[float], seconds: float, tasks: int = 0
) -> Iterator[Point]:
    """With cv2, as `serve_config.yaml` serves it. The peak comes first; with `tasks` it is looked for once more at the
    end, behind so many."""
    request = request_for(workload, "cv2")
    message = message_of(request)
    with running(folder, config=ROOT / "serve_config.yaml", IOPAINT_MODEL="cv2") as service:
        service.wait_until_ready("cv2")
        port = int(service.url.rpartition(":")[2])
        asyncio.run(peak_load(port, message, 3.0))
        peak = _point(service, f"{CLIENTS} clients", seconds, partial(peak_load, port, message, seconds))
        yield peak
        for multiple in multiples:
            run = partial(overload, port, message, multiple * peak.goodput, seconds)
            yield _point(service, f"{multiple:g} x peak", seconds, run)
        if tasks:
            submission = message_of(replace(request, path="/api/v1/inpaint-regions-async"))
            asyncio.run(queue_tasks(port, submission, tasks))
            run = partial(peak_load, port, message, seconds)
            yield _point(service, f"{CLIENTS} clients, {tasks} tasks queued", seconds, run)


def _point(service: Service, load: str, seconds: float, run: Run) -> Point:
    roles = by_role(service.process.pid)
    front = [process for role in FRONT for process in roles.get(role, [])]
    forget_peaks(front)
    before = sum(psutil.Process().cpu_times()[:2])
    answers, health = asyncio.run(run())
    cores = (sum(psutil.Process().cpu_times()[:2]) - before) / seconds
    peak = sum(map(peak_bytes, front))
    time.sleep(5)
    good = [answer for answer in answers if answer.status == 200]
    refused = [answer for answer in answers if answer.status == 429]
    return Point(
        load=load,
        offered=len(answers) / seconds,
        goodput=sum(answer.at_s <= seconds for answer in good) / seconds,
        statuses={str(status): count for status, count in sorted(Counter(a.status for a in answers).items())},
        ok_p95_s=_percentile(good, 95),
        refused_p50_s=_percentile(refused, 50),
        refused_p95_s=_percentile(refused, 95),
        health_p95_s=_percentile(health, 95),
        retry_after_s=float(np.median([a.retry_after_s for a in refused])) if refused else 0.0,
        front_peak_bytes=peak,
        front_after_bytes=sum(process.memory_info().rss for process in front),
        client_cores=cores,
    )


def _percentile(answers: Sequence[Answer], share: float) -> float:
    return float(np.percentile([answer.seconds for answer in answers], share)) if answers else float("nan")


def report(workload: Workload, points: Sequence[Point]) -> Report:
    rows = [
        [
            point.load, f"{point.offered:.0f}", f"{point.goodput:.1f}",
            ", ".join(f"{status}: {count}" for status, count in point.statuses.items()), f"{point.ok_p95_s:.2f}",
            f"{point.refused_p50_s * 1000:.0f}", f"{point.refused_p95_s * 1000:.0f}",
            f"{point.health_p95_s * 1000:.0f}",
            f"{point.retry_after_s:.0f}", f"{point.front_peak_bytes / 1e6:.0f}", f"{point.front_after_bytes / 1e6:.0f}",
            f"{point.client_cores:.2f}",
        ]
        for point in points
    ]  # fmt: skip
    header = (
        "load", "offered/s", "goodput/s", "answers", "200 p95, s", "429 p50, ms", "429 p95, ms", "health p95, ms",
        "Retry-After, s", "front peak, MB", "front after, MB", "client, cores",
    )  # fmt: skip
    notes = (
        "Goodput: 200s that came while requests were due. Status 0: no answer within 60 s, or the connection was cut.",
        "Front: Serve's proxy and the gateways, resident, shared memory they have touched included.",
    )
    return Report(f"Overload: cv2, {workload.name}, PNG out", header, rows, notes=notes)
