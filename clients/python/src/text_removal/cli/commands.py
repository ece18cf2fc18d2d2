"""The commands, once the command line is read. Each returns its exit code."""

import dataclasses
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
from rich.console import Console
from rich.table import Table

from text_removal.cli.batch import Batch
from text_removal.cli.display import Bar
from text_removal.cli.documents import open_document
from text_removal.cli.finding import Finding
from text_removal.cli.items import Place, items
from text_removal.cli.problems import ALL_DONE, ENDS_ALL, SOME_FAILED, NoService, Stop
from text_removal.cli.remove import Removal
from text_removal.cli.report import Report
from text_removal.cli.service import Way
from text_removal.errors import TextRemovalError


async def remove(removal: Removal, way: Way, report: Path | None, *, quiet: bool, watch: bool) -> int:
    if watch and (not removal.folders or removal.in_place):
        raise Stop("--watch is of folders, and not --in-place: it would see its own results")
    found = await anyio.to_thread.run_sync(removal.items)
    if not found and not watch:
        raise Stop("no pictures there")
    async with way.open() as client:
        with Bar(len(found), quiet) as bar:
            kept = Report.open(report, resume=removal.resume)
            batch = removal.batch(client, kept, bar)
            started = time.monotonic()
            if watch:
                await _watch(removal, batch, bar, len(found))
            else:
                await batch.run(found)
        if not quiet:
            bar.console.print(_summary(batch, time.monotonic() - started), markup=False)
    return SOME_FAILED if batch.counts.failed else ALL_DONE


async def _watch(removal: Removal, batch: Batch, bar: Bar, known: int) -> None:
    """Until it is asked to end. What is done already and has not changed is left."""
    from text_removal.cli.watching import Arrivals

    arrivals = Arrivals(removal.folders, removal.place, recursive=removal.recursive)
    async for arrived in arrivals.batches(removal.items):
        bar.more(len(arrived) - known)
        known = 0
        await batch.run(arrived)
        batch.resume = True


def _summary(batch: Batch, seconds: float) -> str:
    counts = batch.counts
    told = [f"{counts.done} done", *([f"{counts.failed} failed"] if counts.failed else [])]
    told += [f"{counts.skipped} done before"] if counts.skipped else []
    speed = f", {counts.done / seconds:.1f}/s" if counts.done and seconds > 0 else ""
    return f"{', '.join(told)} in {seconds:.1f} s{speed}"


async def detect(
    paths: Sequence[str],
    way: Way,
    options: Mapping[str, Any],
    recursive: bool,
    jobs: int,
    dpi: int,
    output: Path | None,
) -> int:
    found = items(paths, Place(Path("-"), "same"), recursive=recursive)
    if not found:
        raise Stop("no pictures there")
    lines = sys.stdout if output is None else output.open("w", encoding="utf-8")
    async with way.open() as client:
        with Bar(len(found), quiet=output is None) as bar:
            finding = Finding(client, options, lines)
            batch = Batch(
                erase=finding.look,
                open=lambda item: open_document(item.source, item.target, "same", dpi),
                report=Report(None),
                display=bar,
                jobs=jobs,
                resume=False,
                in_place=False,
                writes=False,
            )
            await batch.run(found)
    if output is not None:
        lines.close()
    return SOME_FAILED if batch.counts.failed else ALL_DONE


async def count_tasks(way: Way) -> int:
    async with way.open() as client:
        print(json.dumps(dataclasses.asdict(await client.tasks()), indent=2))
    return ALL_DONE


async def one_task(way: Way, task_id: str, *, watch: bool, cancel: bool, output: Path | None) -> int:
    async with way.open() as client:
        task = client.task(task_id)
        try:
            await task.status()
            if cancel:
                await task.cancel()
            if watch:
                with Bar(100, quiet=False) as bar:
                    await task.wait(lambda event: bar.at(event.overall_progress, event.message))
            if output is not None:
                result = await task.result()
                await anyio.to_thread.run_sync(result.save, output)
            status = await task.status()
        except ENDS_ALL as error:
            raise NoService(error.message) from error
        except TextRemovalError as error:
            print(f"text-removal: {error.message}", file=sys.stderr)
            return SOME_FAILED
    print(json.dumps(dataclasses.asdict(status), indent=2))
    return ALL_DONE


async def models(way: Way) -> int:
    async with way.open() as client:
        served = await client.models()
    table = Table("model", "device", "status", "")
    for model in served.models:
        notes = {served.default: "default", served.fallback: "fallback"}
        table.add_row(model.name, model.device, model.status, notes.get(model.name, ""))
    Console().print(table)
    return ALL_DONE
