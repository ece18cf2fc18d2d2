"""Parts of the service on their own, most of them in this process."""

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from benchmarks import batcher as batchers
from benchmarks import codecs as png_codecs
from benchmarks import cost as costs
from benchmarks import fills as savings
from benchmarks import outage as outages
from benchmarks import planner as planners
from benchmarks import tracker as trackers
from benchmarks import weights
from benchmarks import worst as worst_cases
from benchmarks.commands.options import CACHE, Cache, Save, Workloads, chosen, gathered, saving, show, tell
from models import registry

Threads = Annotated[int, typer.Option(help="Of torch; 0: all cores. 1 suits a machine that others use too.")]

app = typer.Typer()


@app.command()
def planner(
    workload: Workloads = None,
    rounds: int = 1,
    budget_mp: Annotated[float, typer.Option(help="Plans over this many megapixels are counted only.")] = 0.8,
    grid: Annotated[bool, typer.Option(help="Also four sizes with 5 and 20 lines each.")] = False,
    threads: Threads = 0,
    save: Save = None,
    cache: Cache = CACHE,
) -> None:
    """Seconds and planned megapixels per image: Auto against Original and Crop."""
    os.environ.update(weights.lama(cache).environment)
    facts = registry.facts("lama")
    model = registry.load(facts.name, "cpu", threads=threads or os.cpu_count())
    workloads = [*chosen(workload), *(planners.GRID if grid else ())]
    measured = planners.measure(model, facts, workloads, rounds=rounds, budget_px=round(budget_mp * 1e6), tell=tell)
    show([planners.report(gathered(measured, saving(save, "planner")))])


@app.command()
def fills(model: str = "lama") -> None:
    """What `fill: auto` spares the model on a receipt, a comic and a dense page."""
    facts = registry.facts(model)
    show([savings.report(list(savings.measure(facts)), facts)])


@app.command()
def cost(
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:N or mps.")] = "cpu",
    threads: Threads = 0,
    model: str = "lama",
    rounds: int = 3,
    largest_px: Annotated[int, typer.Option(help="Leaves out shapes with a longer side.")] = 1024,
    save: Save = None,
    cache: Cache = CACHE,
) -> None:
    """Fit the planner's cost model to this device."""
    if model == "lama":
        os.environ.update(weights.lama(cache).environment)
    loaded = registry.load(model, device, threads=threads or os.cpu_count())
    batchable = registry.facts(model).batchable
    shapes = [
        shape for shape in costs.SHAPES if max(shape[1:]) <= largest_px and (batchable or shape[0] == 1)
    ]  # fmt: skip
    keep = saving(save, "cost")

    def each(timed: costs.Timed) -> None:
        keep(timed)
        tell(f"{timed.shape}: {timed.median_s * 1000:.1f} ms")

    times = gathered(costs.measure(loaded, shapes, rounds=rounds), each)
    if len(times) > 1:
        show([costs.report(times, f"{device}, {model}")])


@app.command()
def batcher() -> None:
    """Windows arriving at a busy model: our batcher against @serve.batch."""
    load = batchers.Load()
    show([batchers.report(batchers.measure(load), load)])


@app.command()
def tracker(
    tasks: int = 200,
    steps: int = 100,
    redis: Annotated[str, typer.Option(help="URL of a Redis to measure beside sqlite.")] = "",
) -> None:
    """The tracker's own cost in events per second, with a watcher for every task."""
    with tempfile.TemporaryDirectory() as folder:
        urls = {"sqlite": f"sqlite:///{folder}/tasks.sqlite3"} | ({"redis": redis} if redis else {})
        results = {
            name: asyncio.run(trackers.measure(url, Path(folder), tasks=tasks, steps=steps))
            for name, url in urls.items()
        }
        show([trackers.report(results)])


@app.command()
def worst(
    side: Annotated[list[int] | None, typer.Option(help="Of a square image, pixels; repeatable.")] = None,
    detection: Annotated[bool, typer.Option(help="The detector too: minutes at 12 megapixels.")] = True,
    save: Save = None,
) -> None:
    """The longest that planning, rasterising and detection can be made to take, by size."""
    measured = worst_cases.measure(tuple(side or worst_cases.SIDES), detection=detection)
    show([worst_cases.report(gathered(measured, saving(save, "worst")))])


@app.command()
def outage(requests: int = 2000, save: Save = None) -> None:
    """Memory over requests while the default model's weights cannot be had."""

    async def held() -> list[outages.Held]:
        keep = saving(save, "outage")
        found = []
        async for point in outages.measure(requests):
            keep(point)
            tell(f"{point.requests} requests, {point.seconds:.0f} s: {point.rss_bytes / 1e6:.0f} MB")
            found.append(point)
        return found

    show([outages.report(asyncio.run(held()))])


@app.command()
def codecs(rounds: int = 3) -> None:
    """PNG encoders, time by size."""
    show([png_codecs.report(png_codecs.measure(rounds=rounds))])
