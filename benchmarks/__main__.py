"""`python -m benchmarks`: the short form, under ten minutes on two quiet cores. Each part is a command too."""

import asyncio
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from benchmarks import batcher as batchers
from benchmarks import codecs as png_codecs
from benchmarks import machine, weights
from benchmarks import peer as peers
from benchmarks import planner as planners
from benchmarks import service as services
from benchmarks import tracker as trackers
from benchmarks.report import Report
from models import registry

app = typer.Typer(add_completion=False, help=__doc__)

SHORT_BUDGET_MP = 1.25
SHORT_ROUNDS = 1
SHORT_SECONDS = 6.0

Cache = Annotated[Path, typer.Option(help="Where the stand-in weights (206 MB) are kept between runs.")]
CACHE = Path(tempfile.gettempdir()) / "text-removal-benchmarks"


@app.callback(invoke_without_command=True)
def short(context: typer.Context) -> None:
    """Without a command: codecs, tracker, batcher, planner and service in their short forms."""
    typer.echo(f"{machine.describe()}\n")
    if context.invoked_subcommand is None:
        codecs()
        tracker()
        batcher()
        planner()
        service()


@app.command()
def planner(
    rounds: int = SHORT_ROUNDS,
    budget_mp: Annotated[float, typer.Option(help="Plans over this many megapixels are counted only.")] = (
        SHORT_BUDGET_MP
    ),
    threads: Annotated[int, typer.Option(help="Of torch; 0: all cores. 1 suits a machine that others use too.")] = 0,
    cache: Cache = CACHE,
) -> None:
    """Seconds and planned megapixels per image: Auto against Original and Crop."""
    os.environ.update(weights.lama(cache).environment)
    facts = registry.facts("lama")
    model = registry.load(facts.name, "cpu", threads=threads or os.cpu_count())
    results = planners.measure(model, facts, rounds=rounds, budget_px=round(budget_mp * 1e6), tell=progress)
    show([planners.report(results)])


@app.command()
def batcher() -> None:
    """Windows arriving at a busy model: our batcher against @serve.batch."""
    load = batchers.Load()
    show([batchers.report(batchers.measure(load), load)])


@app.command()
def service(
    seconds: float = SHORT_SECONDS,
    full: Annotated[bool, typer.Option(help="lama with every workload and number of clients.")] = False,
    cache: Cache = CACHE,
) -> None:
    """Closed-loop clients against the real service; memory of its processes."""
    cases = services.all_cases() if full else services.short_cases()
    with tempfile.TemporaryDirectory() as folder:
        show(services.reports(services.measure(Path(folder), weights.lama(cache), cases, seconds=seconds)))


@app.command()
def tracker(
    tasks: int = 200,
    steps: int = 100,
    redis: Annotated[str, typer.Option(help="URL of a Redis to measure beside sqlite.")] = "",
) -> None:
    """The tracker's own cost in events per second, with a watcher for every task."""
    with tempfile.TemporaryDirectory() as folder:
        urls = {"sqlite": f"sqlite:///{folder}/tasks.sqlite3"} | ({"redis": redis} if redis else {})
        show([
            trackers.report(
                {
                    name: asyncio.run(trackers.measure(url, Path(folder), tasks=tasks, steps=steps))
                    for name, url in urls.items()
                }
            )
        ])  # fmt: skip


@app.command()
def codecs(rounds: int = 3) -> None:
    """PNG encoders, time by size."""
    show([png_codecs.report(png_codecs.measure(rounds=rounds))])


@app.command()
def peer(
    iopaint: Annotated[Path, typer.Option(help="The iopaint command of IOPaint 1.6.0's own environment.")],
    rounds: int = 3,
    originals: Annotated[bool, typer.Option(help="Original on the poster too: minutes a request.")] = False,
    cache: Cache = CACHE,
) -> None:
    """IOPaint's own server against ours, same weights, interleaved."""
    with tempfile.TemporaryDirectory() as folder:
        results = peers.measure(Path(folder), weights.lama(cache), iopaint, rounds=rounds, originals=originals)
    show([peers.report(results)])


def progress(what: str) -> None:
    typer.echo(what, err=True)


def show(reports: Iterable[Report]) -> None:
    for report in reports:
        typer.echo(report.markdown())


if __name__ == "__main__":
    app()
