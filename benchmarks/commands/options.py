"""What the commands have in common: options, and how results are told, saved and shown."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from benchmarks import jsonlines, machine
from benchmarks.pictures import WORKLOADS, Workload
from benchmarks.report import Report

T = TypeVar("T")

CACHE = Path(tempfile.gettempdir()) / "text-removal-benchmarks"

Cache = Annotated[Path, typer.Option(help="Where the stand-in weights (206 MB) are kept between runs: a TORCH_HOME.")]
Save = Annotated[Path | None, typer.Option(help="Append every result to this file as it comes, a JSON object a line.")]
Environment = Annotated[list[str] | None, typer.Option(help="NAME=VALUE for the service's environment; repeatable.")]
Workloads = Annotated[list[str] | None, typer.Option("--workload", help=f"{', '.join(WORKLOADS)}; repeatable.")]
Clients = Annotated[list[int] | None, typer.Option(help="Clients at once; repeatable.")]
Config = Annotated[Path, typer.Option(help="A Serve config file for our service.")]


def tell(what: str) -> None:
    typer.echo(what, err=True)


def show(reports: Iterable[Report]) -> None:
    for report in reports:
        typer.echo(report.markdown())


def gathered(results: Iterable[T], each: Callable[[T], None] = lambda _: None) -> list[T]:
    """All results; `each` gets them as they come. Ctrl-C ends the measuring, and what there is counts."""
    found: list[T] = []
    try:
        for result in results:
            found.append(result)
            each(result)
    except KeyboardInterrupt:
        tell(f"interrupted: {len(found)} results")
    return found


def saving(path: Path | None, what: str) -> Callable[[Any], None]:
    """Appends dataclasses; a line about the machine goes before them."""
    jsonlines.append(path, {"what": "machine", "machine": machine.describe()})
    return lambda result: jsonlines.append(path, {"what": what, **asdict(result)})


def chosen(names: Sequence[str] | None) -> list[Workload]:
    """All for none. Raises: typer.BadParameter for a workload that does not exist."""
    unknown = set(names or ()) - set(WORKLOADS)
    if unknown:
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: choose from {', '.join(WORKLOADS)}")
    return [WORKLOADS[name] for name in names or WORKLOADS]


def variables(pairs: Sequence[str] | None) -> dict[str, str]:
    """Raises: typer.BadParameter for what is not NAME=VALUE."""
    return dict(_variables(pairs or ()))


def _variables(pairs: Sequence[str]) -> Iterator[tuple[str, str]]:
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise typer.BadParameter(f"{pair!r} is not NAME=VALUE")
        yield name, value
