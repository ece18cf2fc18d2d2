"""Many pictures without a service: `python -m deployments.batch INPUT OUTPUT`."""

import math
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from tqdm import tqdm  # type: ignore[import-untyped]

from deployments.batch.asking import asked_of_all
from deployments.batch.config import Plan, read_config
from deployments.batch.places import Place
from deployments.batch.pool import NoWorkers, through_pool
from deployments.batch.report import Report
from deployments.batch.resuming import sorted_out
from deployments.config.settings import ConfigurationError, Environment, resolve


def main(
    source: Annotated[str, typer.Argument(metavar="INPUT", help="A folder of pictures, or an fsspec URL of one.")],
    target: Annotated[str, typer.Argument(metavar="OUTPUT", help="Where results go, under the pictures' paths.")],
    config: Annotated[Path | None, typer.Option(help="Workers and models, as configs/batch-gpu.yaml.")] = None,
    address: Annotated[str | None, typer.Option(help="Of a Ray cluster; without it, this machine alone.")] = None,
    workers: Annotated[int | None, typer.Option(min=0, help="Processes; 0: as many as there is room for.")] = None,
    field: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A field of a task, for every picture.")
    ] = None,
    mask: Annotated[Path | None, typer.Option(help="One mask for all pictures.")] = None,
    regions: Annotated[
        Path | None, typer.Option(help="JSON: a list of regions for all, or an object of lists by the pictures' paths.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Lines of JSON; OUTPUT/report.jsonl, or here for a URL.")] = None,
) -> None:
    """Erase text in every picture. A run that was ended, however it was, goes on where it stopped when it is started
    again. Without --mask, --regions or --set the text is found, and only its letters are filled.

    Ends with 0 if every picture has its result, with 1 if some have none, with 2 if nothing could be begun.
    """
    try:
        wanted = read_config(config)
        settings = resolve(wanted.app, Environment.read())
        wanted = wanted if workers is None else wanted.model_copy(update={"workers": workers})
        asked, of_each = asked_of_all(field or [], mask, regions, settings)
        threads = max(1, math.floor(wanted.resources.num_cpus))
        plan = Plan(_absolute(source), _absolute(target), settings, asked, of_each, threads)
        source_place, target_place = Place(plan.source), Place(plan.target)
        if source_place.inside(target_place) is not None:
            raise ConfigurationError("OUTPUT holds INPUT: pictures would be taken for results")
    except (ConfigurationError, ValueError, ImportError) as error:
        print(f"configuration error: {error}", file=sys.stderr)
        raise typer.Exit(2) from None

    told = Report(report or (target_place.folder or Path()) / "report.jsonl")
    pictures = source_place.pictures(without=target_place.inside(source_place))
    if not pictures:
        print(f"no pictures in {source}", file=sys.stderr)
        raise typer.Exit(2)
    outcomes, waiting = sorted_out(pictures, told.rows(), set(target_place.paths()))
    counts = Counter(row["status"] for row in outcomes)
    with told, tqdm(total=len(pictures), initial=len(outcomes), unit="picture") as bar:
        told.add_missing(outcomes)
        try:
            for row in through_pool(waiting, plan, wanted, address):
                told.add(row)
                counts[row["status"]] += 1
                bar.update()
        except NoWorkers as error:
            print(f"the workers cannot go on: {error}", file=sys.stderr)
    left = len(pictures) - counts.total()
    print(f"{counts['completed']} completed, {counts['error']} errors, {left} left", file=sys.stderr)
    raise typer.Exit(0 if counts["completed"] == len(pictures) else 1)


def _absolute(place: str) -> str:
    """Workers have folders of their own."""
    return place if "://" in place or "::" in place else str(Path(place).expanduser().absolute())


if __name__ == "__main__":
    typer.run(main)
