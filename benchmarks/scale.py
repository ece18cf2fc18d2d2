"""What the service itself costs: its overhead with a model that does nothing, and its throughput against replicas of a
model that only sleeps and against Erasers. Ray and our own code are all that is measured.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.configs import SLEEPER, SLEEPER_VARIABLE, sleeping, write_config
from benchmarks.load import Run, run_against
from benchmarks.pictures import RECEIPT, Workload
from benchmarks.report import NOT_RUN, Report, median
from benchmarks.requests import Request, request_for
from deployments.config.settings import AppConfig
from tests.service import Service, running

SMALL_PNG = Workload("64x64", 64, 64, 1)
ONE_LINE = Workload("1.2 MP, 1 region", RECEIPT.width, RECEIPT.height, 1)
STAGES = ("queue", "decode", "inpaint", "encode")

OVERHEAD = "overhead"
REPLICAS = "replicas"
ERASERS = "erasers"
PARTS = (OVERHEAD, REPLICAS, ERASERS)

WARM_UP_S = 2.0
ERASERS_FOR_REPLICAS = 4
CLIENTS_FOR_ERASERS = 16


@dataclass(frozen=True, slots=True)
class Scaled:
    """`part` is one of the three above; `case` names the image (overhead) or the number of processes. `per_second`
    leaves out the first seconds and the end of a run."""

    part: str
    case: str
    clients: int
    answers: int
    errors: int
    per_second: float
    p50_s: float
    p95_s: float
    stages_s: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Scope:
    """What to measure. `environment` goes to the service, so that variants of its transport can be compared."""

    parts: Sequence[str] = PARTS
    requests: int = 200
    replicas: Sequence[int] = (1, 2, 4, 8)
    erasers: Sequence[int] = (1, 2, 4)
    sleep_s: float = 0.3
    clients_per_replica: int = 4
    seconds: float = 15.0
    environment: Mapping[str, str] | None = None


def overhead_requests() -> dict[str, Request]:
    """By name; each answered as PNG."""
    return {
        "64x64 PNG, 1 region": request_for(SMALL_PNG, SLEEPER, kind="PNG"),
        "1.2 MP JPEG, 1 region": request_for(ONE_LINE, SLEEPER),
        "1.2 MP JPEG, 20 regions": request_for(RECEIPT, SLEEPER),
    }


def measure(folder: Path, scope: Scope, tell: Callable[[str], None] = lambda _: None) -> Iterator[Scaled]:
    """Every number of processes is a service of its own, started and stopped here; its log stays in `folder`."""
    parts = {OVERHEAD: _overhead, REPLICAS: _replicas, ERASERS: _erasers}
    for part in scope.parts:
        yield from parts[part](folder / part, scope, tell)


def _overhead(folder: Path, scope: Scope, tell: Callable[[str], None]) -> Iterator[Scaled]:
    tell("overhead: one client, a model that does nothing")
    with _service(folder, sleeping(), 0.0, scope) as service:
        for name, request in overhead_requests().items():
            run_against(service.url, request, seconds=0, at_least=20)
            run = run_against(service.url, request, seconds=0, at_least=scope.requests)
            yield _scaled(OVERHEAD, name, 1, run, run.per_second)


def _replicas(folder: Path, scope: Scope, tell: Callable[[str], None]) -> Iterator[Scaled]:
    request = overhead_requests()["64x64 PNG, 1 region"]
    for count in scope.replicas:
        tell(f"replicas: {count}, each sleeps {scope.sleep_s:.2f} s a call")
        app = sleeping(replicas=count, erasers=ERASERS_FOR_REPLICAS)
        clients = scope.clients_per_replica * count
        yield _throughput(folder / str(count), REPLICAS, count, app, request, clients, scope.sleep_s, scope)


def _erasers(folder: Path, scope: Scope, tell: Callable[[str], None]) -> Iterator[Scaled]:
    request = overhead_requests()["1.2 MP JPEG, 1 region"]
    for count in scope.erasers:
        tell(f"Erasers: {count}, a model that does nothing")
        app = sleeping(erasers=count)
        yield _throughput(folder / str(count), ERASERS, count, app, request, CLIENTS_FOR_ERASERS, 0.0, scope)


def _throughput(
    folder: Path, part: str, count: int, app: AppConfig, request: Request, clients: int, sleep_s: float, scope: Scope
) -> Scaled:
    with _service(folder, app, sleep_s, scope) as service:
        run = run_against(service.url, request, clients=clients, seconds=WARM_UP_S + scope.seconds)
        return _scaled(part, str(count), clients, run, run.steady_per_second(WARM_UP_S, WARM_UP_S + scope.seconds))


def _service(folder: Path, app: AppConfig, sleep_s: float, scope: Scope) -> AbstractContextManager[Service]:
    config = write_config(folder, app)
    return running(folder, config=config, **{SLEEPER_VARIABLE: str(sleep_s), **(scope.environment or {})})


def _scaled(part: str, case: str, clients: int, run: Run, per_second: float) -> Scaled:
    stages = {stage: median([answer.timings_s.get(stage, 0.0) for answer in run.good]) for stage in STAGES if run.good}
    return Scaled(
        part, case, clients, len(run.good), run.errors, per_second, run.percentile(50), run.percentile(95), stages
    )


def reports(results: Sequence[Scaled], sleep_s: float) -> list[Report]:
    """`sleep_s`: of the model, in the part about replicas."""
    by_part = {part: list(those) for part, those in itertools.groupby(results, lambda result: result.part)}
    makers: dict[str, Callable[[Sequence[Scaled]], Report]] = {
        OVERHEAD: _overhead_report,
        REPLICAS: lambda those: _throughput_report(those, "Scale: a model that sleeps", "replicas", 1 / sleep_s),
        ERASERS: lambda those: _throughput_report(those, "Scale: 1.2 MP through Erasers", "Erasers", None),
    }
    return [makers[part](those) for part, those in by_part.items()]


def _overhead_report(results: Sequence[Scaled]) -> Report:
    rows = [
        [
            r.case, str(r.answers), str(r.errors), f"{r.p50_s * 1000:.1f}", f"{r.p95_s * 1000:.1f}",
            *(f"{r.stages_s.get(stage, 0.0) * 1000:.1f}" for stage in STAGES),
            f"{(r.p50_s - sum(r.stages_s.values())) * 1000:.1f}",
        ]
        for r in results
    ]  # fmt: skip
    return Report(
        "Overhead: one client, a model that does nothing, PNG out; ms",
        ("request", "answers", "errors", "p50", "p95", *STAGES, "elsewhere"),
        rows,
        notes=(
            "Stages are medians of the answers' Server-Timing; elsewhere is p50 less these: HTTP, parsing, the hop to"
            " the Eraser and back, marking, and the client itself.",
        ),
    )


def _throughput_report(results: Sequence[Scaled], title: str, what: str, limit_each: float | None) -> Report:
    """Linear: every process does what each did in the first result. `limit_each`: images per second one can do at
    most."""
    least = results[0]
    each = least.per_second / int(least.case)
    rows = [
        [
            r.case, str(r.clients), str(r.answers), str(r.errors), f"{r.per_second:.2f}",
            f"{r.per_second / (each * int(r.case)):.2f}" if each else NOT_RUN,
            NOT_RUN if limit_each is None else f"{r.per_second / (limit_each * int(r.case)):.2f}",
            f"{r.p50_s:.3f}", f"{r.p95_s:.3f}",
        ]
        for r in results
    ]  # fmt: skip
    ratios = [f"{what} {least.case} → {row[0]}: {row[5]} of linear scaling" for row in rows[1:]]
    header = (what, "clients", "answers", "errors", "images/s", "of linear", "of the sleep's limit", "p50, s", "p95, s")
    return Report(title, header, rows, ratios, ("Linear: as much for each process as in the first row.",))
