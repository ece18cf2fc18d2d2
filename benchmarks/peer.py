"""IOPaint 1.6.0's own server against our service: same weights file, same images, same machine, taking turns.

A turn is one server's: every client sends its share of requests, one after the other (closed loop). In a round each
server has one turn; the rounds rotate who begins. The first rounds are not counted, because TorchScript and allocators
spend seconds on what they have not met before.

Both servers get the same image and mask bytes as base64 in JSON, on the same path. IOPaint answers in the format of the
image it got (JPEG quality 95 here), so ours is asked for that format (ours has full colour resolution, so its files are
larger). Nothing else differs but the hd_strategy. IOPaint
gets a low hd_strategy_crop_trigger_size with Crop, because it would not crop images below it (strategies.py).

IOPaint runs up to 40 requests at once in threads of one process, each with activations of its own: with `Original` on
large images and many clients it may need more memory than there is. Its death is an error of the requests it had, and
it is started anew for its next turn.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from benchmarks.iopaint_server import IOPaintServer
from benchmarks.load import Answer, Run, client_of, closed_loop
from benchmarks.memory import forget_peaks, held_by_tree_bytes, peak_of_tree_bytes, processes
from benchmarks.pictures import Workload, encoded
from benchmarks.requests import Request, in_json
from benchmarks.strategies import AUTO, ORIGINAL, STRATEGIES
from benchmarks.weights import StandIn
from tests.service import ROOT, Service, running

OURS = "ours"
SERVERS: Mapping[str, str] = {OURS: AUTO, "original": ORIGINAL, "crop-128": "Crop 128", "crop-32": "Crop 32"}
"""Name on the command line, and the strategy."""


@dataclass(frozen=True, slots=True)
class Contest:
    """`kind` is the image's format, "jpeg" or "png"; `requests` is each client's share of a turn."""

    workloads: Sequence[Workload]
    servers: Sequence[str]
    clients: Sequence[int] = (1,)
    rounds: int = 3
    warm_rounds: int = 1
    requests: int = 1
    kind: str = "jpeg"
    timeout_s: float = 1800.0


@dataclass(frozen=True, slots=True)
class Turn:
    """`counted` False: a warm-up. `peak_bytes` is that of the server's process tree during the turn, `held_bytes` what
    it holds after it."""

    workload: str
    server: str
    clients: int
    round: int
    counted: bool
    wall_s: float
    good: int
    errors: int
    peak_bytes: int
    held_bytes: int


class Runner(Protocol):
    def url(self) -> str: ...

    @property
    def pid(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Ours:
    service: Service

    def url(self) -> str:
        return self.service.url

    @property
    def pid(self) -> int:
        return self.service.process.pid


@dataclass(frozen=True, slots=True)
class Setup:
    """`config` and `environment` are ours; `iopaint` is the peer's command."""

    weights: StandIn
    iopaint: Path
    device: str = "cpu"
    config: Path = ROOT / "serve_config.yaml"
    environment: Mapping[str, str] | None = None


def measure(folder: Path, setup: Setup, contest: Contest, save: Callable[[Mapping[str, Any]], None]) -> Iterator[Turn]:
    """Start the servers the contest needs and yield every turn as it ends; `save` gets every request as it is answered
    and every turn, as what jsonlines.py writes and peer_report.py reads."""
    with ExitStack() as stack:
        runners: dict[str, Runner] = {}
        if set(contest.servers) - {OURS}:
            theirs = IOPaintServer(setup.iopaint, setup.weights, folder / "iopaint.log", setup.device)
            stack.callback(theirs.stop)
            theirs.url()
            save({"what": "peer", "versions": theirs.versions()})
            runners |= {server: theirs for server in contest.servers if server != OURS}
        if OURS in contest.servers:
            service = stack.enter_context(_our_service(folder, setup, contest.timeout_s))
            service.wait_until_ready("lama")
            runners[OURS] = Ours(service)
        yield from turns(runners, contest, save)


def _our_service(folder: Path, setup: Setup, timeout_s: float) -> Any:
    environment = {
        **setup.weights.environment, "IOPAINT_DEVICE": setup.device, "REQUEST_TIMEOUT": str(timeout_s),
        **(setup.environment or {}),
    }  # fmt: skip
    return running(folder, config=setup.config, **environment)


def turns(runners: Mapping[str, Runner], contest: Contest, save: Callable[[Mapping[str, Any]], None]) -> Iterator[Turn]:
    for workload in contest.workloads:
        bodies = requests_to(contest.servers, workload, contest.kind)
        for clients in contest.clients:
            for number in range(contest.warm_rounds + contest.rounds):
                first = number % len(contest.servers)
                for server in (*contest.servers[first:], *contest.servers[:first]):
                    counted = number >= contest.warm_rounds
                    case = {
                        "workload": workload.name, "server": server, "clients": clients, "round": number,
                        "counted": counted,
                    }  # fmt: skip
                    run = _run(runners[server], bodies[server], clients, contest, case, save)
                    pid = runners[server].pid
                    turn = Turn(
                        workload.name, server, clients, number, counted, run.wall_s, len(run.good), run.errors,
                        peak_of_tree_bytes(pid), held_by_tree_bytes(pid),
                    )  # fmt: skip
                    save({"what": "turn", **asdict(turn)})
                    yield turn


def _run(
    runner: Runner,
    request: Request,
    clients: int,
    contest: Contest,
    case: Mapping[str, Any],
    save: Callable[[Mapping[str, Any]], None],
) -> Run:
    def heard(answer: Answer) -> None:
        facts = {"seconds": answer.seconds, "status": answer.status, "size_bytes": answer.size_bytes}
        save({"what": "request", **case, **facts, "media_type": answer.media_type})

    async def run() -> Run:
        async with client_of(url, contest.timeout_s) as http:
            return await closed_loop(
                http, request, clients=clients, seconds=0, at_least=contest.requests, heard=heard
            )  # fmt: skip

    url = runner.url()
    forget_peaks(processes(runner.pid))
    return asyncio.run(run())


def requests_to(servers: Sequence[str], workload: Workload, kind: str) -> dict[str, Request]:
    """Equal image and mask bytes for all."""
    image, mask = encoded(workload.image(), kind), encoded(workload.mask(), "PNG")
    return {
        server: in_json("/api/v1/inpaint", {"image": image, "mask": mask, **fields_of(server, kind)})
        for server in servers
    }


def fields_of(server: str, kind: str) -> dict[str, Any]:
    parameters = STRATEGIES[SERVERS[server]]
    if server == OURS:
        return {"hd_strategy": str(parameters.hd_strategy), "output_format": kind}
    return {
        "hd_strategy": str(parameters.hd_strategy),
        "hd_strategy_crop_trigger_size": parameters.hd_strategy_crop_trigger_size,
        "hd_strategy_crop_margin": parameters.hd_strategy_crop_margin,
    }
