"""The real service under closed-loop clients, and the memory of its processes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import Request, Run, run_against
from benchmarks.memory import forget_peaks, peak_bytes, replicas
from benchmarks.pictures import POSTER, RECEIPT, THUMBNAIL, Workload, encoded, photo_like, text_lines
from benchmarks.report import Report
from benchmarks.weights import StandIn
from tests.service import ROOT, Service, running

SERVE_CONFIG = ROOT / "serve_config.yaml"

CLIENTS = (1, 4, 16)
WORKLOADS = (RECEIPT, POSTER, THUMBNAIL)
LARGE = Workload("24 megapixels", 6000, 4000, 5)


@dataclass(frozen=True, slots=True)
class Case:
    model: str
    workload: Workload
    clients: int


@dataclass(frozen=True, slots=True)
class Result:
    """`peaks_bytes`: the largest replica of each deployment, over all cases; `large_*`: one Eraser before and at its
    peak while it works on one 24-megapixel JPEG."""

    runs: Sequence[tuple[Case, Run]]
    peaks_bytes: dict[str, int]
    large_before_bytes: int
    large_peak_bytes: int
    large_seconds: float


def short_cases() -> list[Case]:
    """cv2 with everything, lama where a request takes seconds; all of lama would take an hour on two cores."""
    fast = [Case("cv2", workload, clients) for workload in WORKLOADS for clients in CLIENTS]
    slow = [Case("lama", THUMBNAIL, clients) for clients in CLIENTS]
    return [*fast, *slow, Case("lama", RECEIPT, 1), Case("lama", POSTER, 1)]


def all_cases() -> list[Case]:
    return [
        Case(model, workload, clients) for model in ("cv2", "lama") for workload in WORKLOADS for clients in CLIENTS
    ]


def measure(folder: Path, weights: StandIn, cases: Sequence[Case], *, seconds: float) -> Result:
    """`seconds` is how long each case goes on starting requests."""
    with running(folder, config=SERVE_CONFIG, **weights.environment) as service:
        service.wait_until_ready("lama", "cv2")
        runs = []
        warm: set[tuple[str, str]] = set()
        for case in cases:
            request = request_for(case.workload, case.model)
            if (case.model, case.workload.name) not in warm:
                warm.add((case.model, case.workload.name))
                run_against(service.url, request, clients=1, seconds=0)
            runs.append((case, run_against(service.url, request, clients=case.clients, seconds=seconds)))
        found = replicas(service.process.pid)
        peaks = {name: max(map(peak_bytes, processes)) for name, processes in found.items()}
        return Result(runs, peaks, *_large_image(service))


def _large_image(service: Service) -> tuple[int, int, float]:
    """Peak of the Eraser that worked on it: the one that grew most."""
    request = request_for(LARGE, "cv2")
    erasers = replicas(service.process.pid)["Eraser"]
    before = {process.pid: process.memory_info().rss for process in erasers}
    forget_peaks(erasers)
    run = run_against(service.url, request, clients=1, seconds=0)
    if not run.good:
        raise RuntimeError(f"the {LARGE.name} were answered with {run.answers[0].status}")
    busiest = max(erasers, key=lambda process: peak_bytes(process) - before[process.pid])
    return before[busiest.pid], peak_bytes(busiest), run.answers[0].seconds


def request_for(workload: Workload, model: str) -> Request:
    boxes = text_lines(workload.width, workload.height, workload.lines)
    regions = [{"x1": box.left, "y1": box.top, "x2": box.right, "y2": box.bottom} for box in boxes]
    image = encoded(photo_like(workload.width, workload.height), "JPEG")
    return Request(
        "/api/v1/inpaint-regions",
        {"image": ("photo.jpg", image, "image/jpeg")},
        {"regions": json.dumps(regions), "model": model},
    )


def reports(result: Result) -> list[Report]:
    rows = [
        (
            case.model, case.workload.name, str(case.clients), str(len(run.good)), str(run.errors),
            f"{run.per_second:.2f}", *(f"{run.percentile(share):.3f}" for share in (50, 95, 99)),
            f"{run.outside_inpaint():.0%}",
        )
        for case, run in result.runs
    ]  # fmt: skip
    load = Report(
        "Service: closed-loop clients over HTTP (JPEG in by multipart, PNG out)",
        (
            "model",
            "workload",
            "clients",
            "answers",
            "errors",
            "images/s",
            "p50, s",
            "p95, s",
            "p99, s",
            "outside inpaint",
        ),
        rows,
        notes=(
            "Outside inpaint: the share of the answers' time that was neither queue nor inpaint in their Server-Timing,"
            " so transport, decode, mask and encode. The inpaint stage holds planning and the hop to the model too.",
        ),
    )
    memory = Report(
        "Memory: peak resident size of the largest replica of each deployment",
        ("deployment", "peak, MB"),
        [(name, f"{peak / 1e6:.0f}") for name, peak in sorted(result.peaks_bytes.items())],
        [
            f"One 24-megapixel JPEG (cv2, PNG out): the Eraser peaks at {result.large_peak_bytes / 1e6:.0f} MB,"
            f" {(result.large_peak_bytes - result.large_before_bytes) / 1e6:.0f} MB above what it held before;"
            f" {result.large_seconds:.1f} s"
        ],
        ("Shared memory a process has touched (Ray's object store) counts as its own.",),
    )
    return [load, memory]
