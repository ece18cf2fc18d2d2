"""The tables of the contest with IOPaint's server, from the lines `peer` has saved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.peer import OURS, SERVERS
from benchmarks.pictures import WORKLOADS
from benchmarks.report import NOT_RUN, Report, median
from benchmarks.strategies import STRATEGIES
from models import registry
from models.planning.plan import plan

Case = tuple[str, int]
"""Workload and number of clients."""


@dataclass(slots=True)
class Standing:
    """What one server did in one case. `seconds` are those of good answers; `wall_s` and `finished` of whole turns."""

    seconds: list[float] = field(default_factory=list)
    errors: int = 0
    wall_s: float = 0.0
    finished: int = 0
    peak_bytes: int = 0
    held_bytes: int = 0

    @property
    def median_s(self) -> float | None:
        return median(self.seconds) if self.seconds else None

    @property
    def per_second(self) -> float | None:
        return self.finished / self.wall_s if self.finished else None


def standings(records: Sequence[Mapping[str, Any]]) -> dict[Case, dict[str, Standing]]:
    """By case and server, in the order they were met. Warm-ups are left out."""
    found: dict[Case, dict[str, Standing]] = {}
    for record in records:
        if not record.get("counted"):
            continue
        case = found.setdefault((record["workload"], record["clients"]), {})
        standing = case.setdefault(record["server"], Standing())
        if record["what"] == "request":
            if record["status"] == 200:
                standing.seconds.append(record["seconds"])
            else:
                standing.errors += 1
        elif record["what"] == "turn":
            standing.wall_s += record["wall_s"]
            standing.finished += record["good"]
            standing.peak_bytes = max(standing.peak_bytes, record["peak_bytes"])
            standing.held_bytes = max(standing.held_bytes, record["held_bytes"])
    return found


def times_ours(clients: int, ours: Standing, theirs: Standing) -> float | None:
    """How many times slower: medians of the answers with one client, images per second with more."""
    if clients == 1:
        return theirs.median_s / ours.median_s if theirs.median_s and ours.median_s else None
    return ours.per_second / theirs.per_second if theirs.per_second and ours.per_second else None


def forwarded_mp(workload: str, server: str) -> float:
    """Megapixels the network runs over, as our planner counts them for its own and for IOPaint's strategies."""
    windows = plan(WORKLOADS[workload].mask(), registry.facts("lama"), STRATEGIES[SERVERS[server]])
    return sum(window.pixels for window in windows) / 1e6


def reports(records: Sequence[Mapping[str, Any]]) -> list[Report]:
    found = standings(records)
    rows, ratios = [], []
    for (workload, clients), case in found.items():
        against = []
        for server, standing in sorted(case.items(), key=lambda item: list(SERVERS).index(item[0])):
            times = times_ours(clients, case[OURS], standing) if OURS in case else None
            rows.append(_row(workload, clients, server, standing, times))
            if server != OURS:
                against.append(f"{_name(server)} {NOT_RUN if times is None else f'{times:.1f}×'}")
        if against and OURS in case:
            what = "1 client, speed of ours" if clients == 1 else f"{clients} clients, images a second of ours"
            ratios.append(f"{workload}, {what} against {'; '.join(against)}")
    machines = [str(record["machine"]) for record in records if record["what"] == "machine"]
    peers = sorted({str(record["versions"]) for record in records if record["what"] == "peer"})
    header = (
        "workload", "clients", "server", "answers", "errors", "p50, s", "p95, s", "p99, s", "images/s",
        "forwarded, MP", "peak, MB", "held, MB", "of ours",
    )  # fmt: skip
    notes = (
        "Forwarded: what our planner counts for its own and for IOPaint's strategies. Peak: sum over the server's"
        " processes of the most each had resident during a turn; memory several processes share counts in each. Held:"
        " after a turn, shared memory counted once (PSS); the most of all turns.",
        *(f"Peer: {peer}." for peer in peers),
        *(f"Machine: {machine}." for machine in dict.fromkeys(machines)),
    )
    return [Report("Peer: IOPaint 1.6.0's own server, closed loop, JSON in", header, rows, ratios, notes)]


def _row(workload: str, clients: int, server: str, standing: Standing, times: float | None) -> list[str]:
    shares = np.percentile(standing.seconds, (50, 95, 99)) if standing.seconds else None
    return [
        workload, str(clients), _name(server), str(len(standing.seconds)), str(standing.errors),
        *((f"{share:.2f}" for share in shares) if shares is not None else [NOT_RUN] * 3),
        NOT_RUN if standing.per_second is None else f"{standing.per_second:.3f}",
        f"{forwarded_mp(workload, server):.3f}",
        *(f"{size / 1e6:.0f}" if size else NOT_RUN for size in (standing.peak_bytes, standing.held_bytes)),
        NOT_RUN if times is None else f"{times:.1f}×",
    ]  # fmt: skip


def _name(server: str) -> str:
    return "ours, Auto" if server == OURS else f"IOPaint, {SERVERS[server]}"
