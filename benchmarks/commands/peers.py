"""The contest with IOPaint's own server."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks import jsonlines, machine, peer_report, weights
from benchmarks import peer as contest
from benchmarks.commands.options import (
    CACHE,
    Cache,
    Clients,
    Config,
    Environment,
    Save,
    Workloads,
    chosen,
    gathered,
    show,
    tell,
    variables,
)
from benchmarks.service import SERVE_CONFIG

app = typer.Typer()


@app.command()
def peer(
    iopaint: Annotated[Path, typer.Option(help="The iopaint command of IOPaint 1.6.0's own environment.")],
    workload: Workloads = None,
    server: Annotated[list[str] | None, typer.Option(help=f"{', '.join(contest.SERVERS)}; repeatable.")] = None,
    clients: Clients = None,
    rounds: int = 3,
    warm_rounds: Annotated[int, typer.Option(help="Rounds before those that count.")] = 1,
    requests: Annotated[int, typer.Option(help="Each client's share of a turn.")] = 1,
    image: Annotated[str, typer.Option(help="jpeg or png; both servers answer in this format.")] = "jpeg",
    device: str = "cpu",
    timeout: Annotated[float, typer.Option(help="Seconds a request may take.")] = 1800.0,
    config: Config = SERVE_CONFIG,
    environment: Environment = None,
    save: Save = None,
    cache: Cache = CACHE,
) -> None:
    """IOPaint's own server against ours: same weights, same bytes, taking turns. Reports with `peer-report`."""
    servers = server or list(contest.SERVERS)
    if unknown := set(servers) - set(contest.SERVERS):
        raise typer.BadParameter(f"{', '.join(unknown)}: choose from {', '.join(contest.SERVERS)}")
    plan = contest.Contest(chosen(workload), servers, clients or [1], rounds, warm_rounds, requests, image, timeout)
    setup = contest.Setup(weights.lama(cache), iopaint, device, config.absolute(), variables(environment))
    records: list[Mapping[str, Any]] = []

    def keep(record: Mapping[str, Any]) -> None:
        records.append(record)
        jsonlines.append(save, record)

    keep({"what": "machine", "machine": machine.describe()})
    with tempfile.TemporaryDirectory() as folder:
        gathered(contest.measure(Path(folder), setup, plan, keep), _tell)
    show(peer_report.reports(records))


@app.command(name="peer-report")
def report(files: Annotated[list[Path], typer.Argument(help="What `peer --save` wrote.")]) -> None:
    """Tables from saved contests, interrupted ones too."""
    show(peer_report.reports(jsonlines.read(files)))


def _tell(turn: contest.Turn) -> None:
    warm = "" if turn.counted else " (warm)"
    tell(
        f"{turn.workload}, {turn.clients} clients, {turn.server}, round {turn.round}{warm}: {turn.wall_s:.2f} s,"
        f" {turn.good} answers, {turn.errors} errors, {turn.peak_bytes / 1e6:.0f} MB"
    )
