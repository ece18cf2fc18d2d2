"""The real service under closed-loop clients and under arrivals at a fixed rate, and the memory of its processes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import Run, run_against
from benchmarks.memory import forget_peaks, peak_bytes, replicas
from benchmarks.pictures import COMIC, PHONE, POSTER, RECEIPT, THUMBNAIL, WORKLOADS, Workload
from benchmarks.report import NOT_RUN, Report
from benchmarks.requests import request_for
from benchmarks.weights import StandIn
from tests.service import ROOT, Service, running

SERVE_CONFIG = ROOT / "serve_config.yaml"

CLIENTS = (1, 4, 16)
LARGE = Workload("24 megapixels", 6000, 4000, 5)


@dataclass(frozen=True, slots=True)
class Case:
    """`clients` in a closed loop or, if `rate` is not 0, an open loop with that many requests a second."""

    model: str
    workload: Workload
    clients: int = 1
    rate: float = 0.0
    body: str = "multipart"

    @property
    def load(self) -> str:
        return f"{self.rate:g}/s" if self.rate else f"{self.clients} clients"


@dataclass(frozen=True, slots=True)
class Summary:
    """A case and what came out, as it is saved."""

    model: str
    workload: str
    load: str
    body: str
    answers: int
    errors: int
    per_second: float
    p50_s: float
    p95_s: float
    p99_s: float
    latest_start_s: float


@dataclass(frozen=True, slots=True)
class Memory:
    """`peaks_bytes`: the largest replica of each deployment, over all cases; `large_*`: one Eraser before and at its
    peak while it works on one 24-megapixel JPEG."""

    peaks_bytes: dict[str, int]
    large_before_bytes: int
    large_peak_bytes: int
    large_seconds: float


def short_cases() -> list[Case]:
    """cv2 with everything, lama where a request takes seconds; all of lama would take an hour on two cores."""
    fast = [Case("cv2", workload, clients) for workload in (RECEIPT, POSTER, THUMBNAIL) for clients in CLIENTS]
    once = [Case("cv2", COMIC), Case("cv2", PHONE), Case("cv2", THUMBNAIL, rate=5.0)]
    slow = [Case("lama", THUMBNAIL, clients) for clients in CLIENTS]
    return [*fast, *once, *slow, Case("lama", RECEIPT), Case("lama", POSTER)]


def all_cases(
    models: Sequence[str] = ("cv2", "lama"),
    workloads: Sequence[Workload] = tuple(WORKLOADS.values()),
    clients: Sequence[int] = CLIENTS,
    rates: Sequence[float] = (),
    body: str = "multipart",
) -> list[Case]:
    """Everything with everything."""
    return [
        case
        for model in models
        for workload in workloads
        for case in (
            *(Case(model, workload, count, body=body) for count in clients),
            *(Case(model, workload, rate=rate, body=body) for rate in rates),
        )
    ]


def measure(
    folder: Path,
    weights: StandIn,
    cases: Sequence[Case],
    *,
    seconds: float,
    config: Path = SERVE_CONFIG,
    environment: Mapping[str, str] | None = None,
    large: bool = True,
    tell: Callable[[str], None] = lambda _: None,
) -> Iterator[tuple[Case, Run] | Memory]:
    """`seconds` is how long each case goes on starting requests. Memory comes last, with the 24-megapixel image if it
    is asked for."""
    with running(folder, config=config, **weights.environment, **(environment or {})) as service:
        service.wait_until_ready(*dict.fromkeys(case.model for case in cases))
        warm: set[tuple[str, str]] = set()
        for case in cases:
            tell(f"{case.model}, {case.workload.name}, {case.load}")
            request = request_for(case.workload, case.model, case.body)
            if (case.model, case.workload.name) not in warm:
                warm.add((case.model, case.workload.name))
                run_against(service.url, request, seconds=0)
            yield case, run_against(service.url, request, clients=case.clients, rate=case.rate, seconds=seconds)
        found = replicas(service.process.pid)
        peaks = {name: max(map(peak_bytes, processes)) for name, processes in found.items()}
        yield Memory(peaks, *(_large_image(service) if large else (0, 0, 0.0)))


def _large_image(service: Service) -> tuple[int, int, float]:
    """Peak of the Eraser that worked on it: the one that grew most."""
    request = request_for(LARGE, "cv2")
    erasers = replicas(service.process.pid)["Eraser"]
    before = {process.pid: process.memory_info().rss for process in erasers}
    forget_peaks(erasers)
    run = run_against(service.url, request, seconds=0)
    if not run.good:
        raise RuntimeError(f"the {LARGE.name} were answered with {run.answers[0].status}")
    busiest = max(erasers, key=lambda process: peak_bytes(process) - before[process.pid])
    return before[busiest.pid], peak_bytes(busiest), run.answers[0].seconds


def summary(case: Case, run: Run) -> Summary:
    return Summary(
        case.model, case.workload.name, case.load, case.body, len(run.good), run.errors, run.per_second,
        run.percentile(50), run.percentile(95), run.percentile(99), run.latest_start_s,
    )  # fmt: skip


def load_report(runs: Sequence[tuple[Case, Run]]) -> Report:
    rows = [
        [
            case.model, case.workload.name, case.load, str(len(run.good)), str(run.errors), f"{run.per_second:.2f}",
            *(f"{run.percentile(share):.3f}" for share in (50, 95, 99)), f"{run.outside_inpaint():.0%}",
            f"{run.latest_start_s * 1000:.0f}" if case.rate else NOT_RUN,
        ]
        for case, run in runs
    ]  # fmt: skip
    header = (
        "model", "workload", "load", "answers", "errors", "images/s", "p50, s", "p95, s", "p99, s", "outside inpaint",
        "late, ms",
    )  # fmt: skip
    bodies = " and ".join(dict.fromkeys(case.body for case, _ in runs))
    return Report(
        f"Service: JPEG in ({bodies}), PNG out",
        header,
        rows,
        notes=(
            "With a rate, requests are due at random moments and their seconds count from then; late is how long the"
            " client itself held one back at most.",
            "Outside inpaint: the share of the answers' time that was neither queue nor inpaint in their Server-Timing,"
            " so transport, decode, mask and encode. The inpaint stage holds planning and the hop to the model too.",
        ),
    )


def memory_report(memory: Memory) -> Report:
    large = (
        f"One 24-megapixel JPEG (cv2, PNG out): the Eraser peaks at {memory.large_peak_bytes / 1e6:.0f} MB,"
        f" {(memory.large_peak_bytes - memory.large_before_bytes) / 1e6:.0f} MB above what it held before;"
        f" {memory.large_seconds:.1f} s"
    )
    return Report(
        "Memory: peak resident size of the largest replica of each deployment",
        ("deployment", "peak, MB"),
        [(name, f"{peak / 1e6:.0f}") for name, peak in sorted(memory.peaks_bytes.items())],
        [large] if memory.large_peak_bytes else [],
        ("Shared memory a process has touched (Ray's object store) counts as its own.",),
    )
