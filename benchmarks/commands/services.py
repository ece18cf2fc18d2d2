"""The whole service over HTTP."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from benchmarks import chaos as chaoses
from benchmarks import data as pools
from benchmarks import overload as overloads
from benchmarks import scale as scales
from benchmarks import service as services
from benchmarks import soak as soaks
from benchmarks import weights
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
    saving,
    show,
    tell,
    variables,
)
from benchmarks.load import Run, run_against
from benchmarks.report import Report
from benchmarks.requests import BODIES, request_for

Rates = Annotated[list[float] | None, typer.Option(help="Requests a second of an open loop; repeatable.")]
Body = Annotated[str, typer.Option(help=" or ".join(BODIES))]

app = typer.Typer()


@app.command()
def service(
    seconds: Annotated[float, typer.Option(help="How long each case goes on starting requests.")] = 6.0,
    model: Annotated[list[str] | None, typer.Option(help="Served models; repeatable.")] = None,
    workload: Workloads = None,
    clients: Clients = None,
    rate: Rates = None,
    body: Body = BODIES[0],
    full: Annotated[bool, typer.Option(help="cv2 and lama with every workload and 1, 4, 16 clients.")] = False,
    large: Annotated[bool, typer.Option(help="Memory of one 24-megapixel image, too.")] = True,
    config: Config = services.SERVE_CONFIG,
    environment: Environment = None,
    save: Save = None,
    cache: Cache = CACHE,
) -> None:
    """Clients against the real service; memory of its processes. Without a choice, the short form's cases."""
    if full or model or workload or clients or rate or body != BODIES[0]:
        counts = clients or (() if rate else services.CLIENTS)
        cases = services.all_cases(model or ("cv2", "lama"), chosen(workload), counts, rate or (), body)
    else:
        cases = services.short_cases()
    with tempfile.TemporaryDirectory() as folder:
        measured = services.measure(
            Path(folder), weights.lama(cache), cases, seconds=seconds, config=config.absolute(),
            environment=variables(environment), large=large, tell=tell,
        )  # fmt: skip
        keep = saving(save, "service")
        runs: list[tuple[services.Case, Run]] = []
        memory: list[services.Memory] = []

        def each(result: tuple[services.Case, Run] | services.Memory) -> None:
            if isinstance(result, services.Memory):
                memory.append(result)
            else:
                runs.append(result)
                keep(services.summary(*result))

        gathered(measured, each)
    show([services.load_report(runs), *map(services.memory_report, memory)])


@app.command()
def load(
    url: Annotated[str, typer.Argument(help="Of a running service, e.g. http://127.0.0.1:8081.")],
    model: str = "cv2",
    workload: str = "thumbnail",
    clients: int = 1,
    rate: Annotated[float, typer.Option(help="Requests a second of an open loop instead of clients.")] = 0.0,
    seconds: float = 10.0,
    body: Body = BODIES[0],
) -> None:
    """Clients against a service that runs already."""
    case = services.Case(model, chosen([workload])[0], clients, rate, body)
    request = request_for(case.workload, model, body)
    show([services.load_report([(case, run_against(url, request, clients=clients, rate=rate, seconds=seconds))])])


@app.command()
def overload(
    workload: Annotated[str, typer.Option(help="What is sent.")] = "poster",
    multiple: Annotated[list[float] | None, typer.Option(help="Of the peak (2.7 10); repeatable.")] = None,
    seconds: float = 20.0,
    tasks: Annotated[int, typer.Option(help="Queued before the peak is looked for once more.")] = 0,
    save: Save = None,
) -> None:
    """Several times the requests the service can do: goodput, refusals, health and memory."""
    keep = saving(save, "overload")
    with tempfile.TemporaryDirectory() as folder:
        measured = overloads.measure(Path(folder), chosen([workload])[0], multiple or (2.7, 10.0), seconds, tasks)
        found = gathered(measured, keep)
    if found:
        show([overloads.report(chosen([workload])[0], found)])


@app.command()
def scale(
    part: Annotated[list[str] | None, typer.Option(help=f"{', '.join(scales.PARTS)}; repeatable.")] = None,
    requests: Annotated[int, typer.Option(help="Of each kind, for the overhead.")] = 200,
    replicas: Annotated[list[int] | None, typer.Option(help="Of the sleeping model (1 2 4 8); repeatable.")] = None,
    erasers: Annotated[list[int] | None, typer.Option(help="How many (1 2 4); repeatable.")] = None,
    sleep: Annotated[float, typer.Option(help="Seconds the model sleeps a call, for the replicas.")] = 0.3,
    clients_per_replica: int = 4,
    seconds: float = 15.0,
    environment: Environment = None,
    save: Save = None,
) -> None:
    """The service's own overhead, and its throughput against replicas and Erasers, with a model that only sleeps."""
    if unknown := set(part or ()) - set(scales.PARTS):
        raise typer.BadParameter(f"{', '.join(unknown)}: choose from {', '.join(scales.PARTS)}")
    scope = scales.Scope(
        part or scales.PARTS, requests, replicas or (1, 2, 4, 8), erasers or (1, 2, 4), sleep, clients_per_replica,
        seconds, variables(environment),
    )  # fmt: skip
    show(scale_reports(scope, save))


def scale_reports(scope: scales.Scope, save: Path | None = None) -> list[Report]:
    keep = saving(save, "scale")

    def each(result: scales.Scaled) -> None:
        keep(result)
        tell(f"{result.part}, {result.case}: {result.per_second:.2f} images/s, p50 {result.p50_s * 1000:.1f} ms")

    with tempfile.TemporaryDirectory() as folder:
        return scales.reports(gathered(scales.measure(Path(folder), scope, tell), each), scope.sleep_s)


@app.command()
def chaos(
    fault: Annotated[list[str] | None, typer.Option(help=f"{', '.join(chaoses.FAULTS)}; repeatable.")] = None,
    rounds: Annotated[int, typer.Option(help="How often each.")] = 1,
    gap: Annotated[float, typer.Option(help="Seconds from one to the next.")] = 20.0,
    short: Annotated[bool, typer.Option("--short", help=f"{', '.join(chaoses.SHORT)}, 4 s apart.")] = False,
    save: Save = None,
) -> None:
    """A ledger of tasks, clients and watchers under faults; exit status 1 if it does not add up."""
    faults = tuple(fault or (chaoses.SHORT if short else chaoses.FAULTS)) * rounds
    if unknown := set(faults) - set(chaoses.FAULTS):
        raise typer.BadParameter(f"{', '.join(unknown)}: choose from {', '.join(chaoses.FAULTS)}")
    with tempfile.TemporaryDirectory() as folder:
        ledger, struck = chaoses.measure(Path(folder), faults, gap_s=4.0 if short else gap, tell=tell)
    keep = saving(save, "chaos")
    for one in struck:
        keep(one)
    show([chaoses.report(ledger, struck)])
    raise typer.Exit(0 if ledger.holds else 1)


@app.command()
def soak(
    count: Annotated[int, typer.Argument(help="Requests in all.")] = 2000,
    clients: int = 4,
    seed: int = 0,
    environment: Environment = None,
    save: Save = None,
) -> None:
    """Memory of every process over mixed requests."""
    keep = saving(save, "soak")

    def each(point: soaks.Point) -> None:
        keep(point)
        everything = point.held[soaks.ALL]
        tell(
            f"{point.requests} requests, {point.seconds:.0f} s: RSS {everything.rss_bytes / 1e6:.0f} MB,"
            f" USS {everything.uss_bytes / 1e6:.0f} MB, {sum(point.errors.values())} errors"
        )

    with tempfile.TemporaryDirectory() as folder:
        measured = soaks.measure(
            Path(folder), count=count, clients=clients, seed=seed, environment=variables(environment)
        )  # fmt: skip
        found = gathered(measured, each)
    if found:
        show(soaks.reports(found))


@app.command()
def data() -> None:
    """The pool of Ray Data against the model alone: one that sleeps, in 4 workers, and cv2 in one."""
    with tempfile.TemporaryDirectory() as folder:
        results = list(pools.measure(Path(folder), tell=tell))
    show([pools.report(results)])
