"""Memory over thousands of mixed requests: what every process of the service holds at several points, and its growth.

The service runs with fixed numbers of replicas, so that no growth is that of a new process. RSS counts shared memory
(Ray's object store) in every process that has touched it; USS is what a process has for itself alone.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.configs import sleeping, write_config
from benchmarks.load import client_of
from benchmarks.memory import by_role
from benchmarks.mix import Mix, Pictures, Step, steps
from benchmarks.report import Report
from tests.service import running

FIRST = 200
SETTLE_S = 5.0
POINTS = 6
ALL = "all"


@dataclass(frozen=True, slots=True)
class Held:
    """`handles` are open files and sockets."""

    processes: int
    rss_bytes: int
    uss_bytes: int
    handles: int = 0


@dataclass(frozen=True, slots=True)
class Point:
    """After `requests` requests in all: what is held by role ("all": everything), bytes of the data folder, and which
    errors were met so far."""

    requests: int
    seconds: float
    held: Mapping[str, Held]
    sorts: Mapping[str, int]
    errors: Mapping[str, int]
    stored_bytes: int = 0


def points(count: int) -> list[int]:
    """After how many requests memory is looked at: 200 (less if there are fewer), the end, and four between."""
    first = min(FIRST, count // 2)
    return sorted({round(first + (count - first) * number / (POINTS - 1)) for number in range(POINTS)})


def measure(
    folder: Path, *, count: int, clients: int, seed: int = 0, environment: Mapping[str, str] | None = None
) -> Iterator[Point]:
    config = write_config(folder, sleeping(erasers=2, more_models=("cv2",), detector=True))
    todo = steps(count, seed)
    pictures = Pictures()
    sorts: Counter[str] = Counter()
    errors: Counter[str] = Counter()
    with running(folder, config=config, **(environment or {})) as service:
        service.wait_until_ready("cv2")
        started = time.perf_counter()
        done = 0
        for point in points(count):
            part = todo[done:point]
            errors.update(asyncio.run(_perform(service.url, part, pictures, clients)))
            sorts.update(step.sort for step in part)
            done = point
            time.sleep(SETTLE_S)
            seconds = time.perf_counter() - started
            stored = sum(path.stat().st_size for path in (folder / "data").rglob("*") if path.is_file())
            yield Point(point, seconds, held(service.process.pid), dict(sorts), dict(errors), stored)


async def _perform(url: str, part: Sequence[Step], pictures: Pictures, clients: int) -> Counter[str]:
    """All steps, `clients` at a time; the errors among them."""
    errors: Counter[str] = Counter()
    left = iter(part)

    async def client() -> None:
        for step in left:
            if error := await mix.perform(step):
                errors[error] += 1

    async with client_of(url) as http:
        mix = Mix(http, pictures)
        await asyncio.gather(*(client() for _ in range(clients)))
    return errors


def held(parent_pid: int) -> dict[str, Held]:
    """Memory of a process and its children, by role and for all."""
    found = {}
    for role, processes in by_role(parent_pid).items():
        rss = uss = handles = 0
        for process in processes:
            with contextlib.suppress(psutil.Error):
                memory = process.memory_full_info()
                rss, uss, handles = rss + memory.rss, uss + memory.uss, handles + process.num_fds()
        found[role] = Held(len(processes), rss, uss, handles)
    everything = list(found.values())
    found[ALL] = Held(
        sum(one.processes for one in everything),
        sum(one.rss_bytes for one in everything),
        sum(one.uss_bytes for one in everything),
        sum(one.handles for one in everything),
    )
    return found


def reports(results: Sequence[Point]) -> list[Report]:
    """RSS and USS by role and point; growth from the first point to the last."""
    first, last = results[0], results[-1]
    roles = sorted(last.held, key=lambda role: -last.held[role].rss_bytes)
    header = ("processes", "how many", *(f"after {point.requests}" for point in results), "growth")
    ratios = [
        f"from request {first.requests} to {last.requests}: RSS {_growth(first, last, ALL, 'rss_bytes')},"
        f" USS {_growth(first, last, ALL, 'uss_bytes')} in {last.seconds - first.seconds:.0f} s",
        f"open files and sockets: {first.held[ALL].handles} and {last.held[ALL].handles}; data folder:"
        f" {first.stored_bytes / 1e6:.1f} and {last.stored_bytes / 1e6:.1f} MB, of tasks that are kept",
    ]
    kinds = ", ".join(f"{count} {sort}" for sort, count in sorted(last.sorts.items()))
    errors = ", ".join(f"{count} × {error}" for error, count in sorted(last.errors.items())) or "none"
    notes = {"rss_bytes": (f"Requests: {kinds}.", f"Errors: {errors}."), "uss_bytes": ()}
    return [
        Report(
            f"Soak: {title}, MB",
            header,
            [
                [
                    role,
                    str(last.held[role].processes),
                    *(
                        f"{getattr(point.held[role], kind) / 1e6:.0f}" if role in point.held else ""
                        for point in results
                    ),
                    _growth(first, last, role, kind),
                ]
                for role in roles
            ],
            ratios if kind == "rss_bytes" else (),
            notes[kind],
        )
        for kind, title in (("rss_bytes", "resident (RSS)"), ("uss_bytes", "unshared (USS)"))
    ]


def _growth(first: Point, last: Point, role: str, kind: str) -> str:
    before = getattr(first.held.get(role), kind, 0)
    return f"{getattr(last.held[role], kind) / before - 1:+.1%}" if before else ""
