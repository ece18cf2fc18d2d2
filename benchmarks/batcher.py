"""Windows that arrive one by one at a busy model: our batcher against `@serve.batch`, in one Serve replica.

The model only sleeps in its inference thread, the same time for a batch of any size, as a GPU with room to spare
would. `@serve.batch` works in a replica only, so this starts Ray Serve without HTTP.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import Report, median
from deployments.inference.batcher import Batcher, Ticket

ROOT = Path(__file__).parents[1]
MAX_ITEMS = 16
WAITS_S = (0.01, 0.3)
LONE_TRIES = 5
OURS = "ours"

Submit = Callable[[int], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Arrivals:
    """`seconds` per window from its arrival to its result; `lone_s` is what a single window took beyond the model."""

    total_s: float
    seconds: tuple[float, ...]
    batches: tuple[int, ...]
    lone_s: float


@dataclass(frozen=True, slots=True)
class Load:
    windows: int = 12
    gap_s: float = 0.04
    model_s: float = 0.3


async def arrive(submit: Submit, load: Load, batches: list[int]) -> Arrivals:
    """First single windows on an idle model, then the stream. `batches` is where the model notes its batch sizes."""
    lone = []
    for _ in range(LONE_TRIES):
        started = time.perf_counter()
        await submit(0)
        lone.append(time.perf_counter() - started - load.model_s)
    batches.clear()

    async def one(number: int) -> float:
        await asyncio.sleep(number * load.gap_s)
        arrived = time.perf_counter()
        await submit(number)
        return time.perf_counter() - arrived

    started = time.perf_counter()
    times = await asyncio.gather(*(one(number) for number in range(load.windows)))
    return Arrivals(time.perf_counter() - started, tuple(times), tuple(batches), median(lone))


@asynccontextmanager
async def our_batcher(load: Load, batches: list[int]) -> AsyncIterator[Submit]:
    def run(tickets: Sequence[Ticket[int, int]]) -> list[int]:
        batches.append(len(tickets))
        time.sleep(load.model_s)
        return [ticket.item for ticket in tickets]

    batcher = Batcher[int, int](run, max_pixels=MAX_ITEMS, max_items=MAX_ITEMS)
    yield lambda number: batcher.submit(number, kind="window", pixels=1)
    await batcher.close()


def serve_batch(load: Load, batches: list[int], wait_s: float) -> Submit:
    from ray import serve

    thread = ThreadPoolExecutor(1)

    @serve.batch(max_batch_size=MAX_ITEMS, batch_wait_timeout_s=wait_s)
    async def run(numbers: list[int]) -> list[int]:
        batches.append(len(numbers))
        await asyncio.get_running_loop().run_in_executor(thread, time.sleep, load.model_s)
        return numbers

    return run


class Contest:
    """Runs in the replica: every batcher meets the same arrivals, one after the other."""

    async def run(self, load: Load) -> dict[str, Arrivals]:
        batches: list[int] = []
        async with our_batcher(load, batches) as submit:
            results = {OURS: await arrive(submit, load, batches)}
        for wait_s in WAITS_S:
            submit = serve_batch(load, batches, wait_s)
            results[f"@serve.batch, wait {wait_s * 1000:.0f} ms"] = await arrive(submit, load, batches)
        return results


def measure(load: Load | None = None) -> dict[str, Arrivals]:
    os.environ.setdefault("RAY_AUTH_MODE", "disabled")
    os.environ["PYTHONPATH"] = str(ROOT)
    import ray
    from ray import serve

    ray.init(address="local", include_dashboard=False, log_to_driver=False, configure_logging=False)
    try:
        serve.start(proxy_location="Disabled")
        handle = serve.run(
            serve.deployment(max_ongoing_requests=256)(Contest).bind(), name="batchers", route_prefix=None
        )
        results: dict[str, Arrivals] = handle.run.remote(load or Load()).result()
        return results
    finally:
        serve.shutdown()  # type: ignore[no-untyped-call]
        ray.shutdown()


def report(results: dict[str, Arrivals], load: Load) -> Report:
    ours = results[OURS]
    rows = [
        (
            name,
            f"{r.total_s:.2f}",
            f"{median(r.seconds):.2f}",
            f"{max(r.seconds):.2f}",
            " ".join(map(str, r.batches)),
            f"{r.lone_s * 1000:.1f}",
        )
        for name, r in results.items()
    ]
    ratios = [
        f"{name}: ours takes {ours.total_s / r.total_s:.0%} of its total time and"
        f" {median(ours.seconds) / median(r.seconds):.0%} of its median latency"
        for name, r in results.items()
        if name != OURS
    ]
    return Report(
        f"Batcher: {load.windows} windows {load.gap_s * 1000:.0f} ms apart, a batch takes {load.model_s * 1000:.0f} ms",
        ("batcher", "total, s", "p50, s", "slowest, s", "batch sizes", "a lone window waits, ms"),
        rows,
        ratios,
    )
