"""A ledger under faults: tasks, synchronous clients and watchers while processes are killed, storage fails, and the
service is stopped and started again. Every task that was accepted must end well, once, with the right bytes.
"""

import asyncio
import contextlib
import itertools
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from benchmarks.configs import sleeping, write_config
from benchmarks.load import client_of
from benchmarks.pictures import THUMBNAIL
from benchmarks.report import Report
from benchmarks.requests import Request, request_for
from tests.service import Service, running

KINDS = ("Eraser", "Inpainter-cv2", "Gateway", "TaskTracker", "ServeController", "Proxy")
STORAGE = "blobs away"
RESTART = "SIGTERM and a new start"
FAULTS = (*KINDS, STORAGE, RESTART)
SHORT = ("Eraser", "TaskTracker", STORAGE, RESTART)
AWAY_S = 5.0
PATIENCE_S = 60.0
"""Of a client, for one answer."""

LAST_WORDS_S = 15.0
"""What clients get to hear the ends they wait for, after all tasks have ended."""

SETTLE_S = 180.0
"""How long tasks may take after the last fault: one that was refused its storage waits for up to 30 s each time."""


@dataclass
class Ledger:
    """What clients were promised and what they got. `ends` counts final events by task and watcher: one each."""

    accepted: set[str] = field(default_factory=set)
    outcomes: dict[str, str] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)
    ends: Counter[str] = field(default_factory=Counter)
    synchronous: Counter[str] = field(default_factory=Counter)
    wrong_answers: int = 0
    submissions: Counter[str] = field(default_factory=Counter)

    @property
    def lost(self) -> int:
        return len(self.accepted) - len(self.outcomes)

    @property
    def failed(self) -> int:
        return sum(outcome != "completed" for outcome in self.outcomes.values())

    @property
    def doubled(self) -> int:
        return sum(count > 1 for count in self.ends.values())

    @property
    def holds(self) -> bool:
        return bool(self.accepted) and not (
            self.lost or self.failed or self.doubled or self.wrong or self.wrong_answers
        )


@dataclass(frozen=True, slots=True)
class Struck:
    """A fault, and how long synchronous requests failed after it."""

    fault: str
    recovered_s: float


class Chaos:
    """Clients against a service whose address may change when it is started anew."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.url = ""
        self.stopping = False
        self.submitting = True
        self.reference = b""
        self._request = request_for(THUMBNAIL, "cv2")
        self._task = _task_request(self._request)

    async def look(self) -> bytes:
        """What the right answer is."""
        async with client_of(self.url, PATIENCE_S) as http:
            answer = await _post(http, self._request)
            answer.raise_for_status()
            return answer.content

    async def synchronous(self) -> None:
        while not self.stopping:
            await self._ask()
            await asyncio.sleep(0.1)

    async def _ask(self) -> bool:
        try:
            async with client_of(self.url, PATIENCE_S) as http:
                answer = await _post(http, self._request)
        except httpx.HTTPError as error:
            self.ledger.synchronous[type(error).__name__] += 1
            return False
        self.ledger.synchronous[str(answer.status_code)] += 1
        self.ledger.wrong_answers += answer.status_code == 200 and answer.content != self.reference
        return answer.status_code == 200

    async def recovered(self) -> float:
        """Seconds until three requests in a row are answered."""
        started = time.monotonic()
        good = 0
        while good < 3:
            good = good + 1 if await self._ask() else 0
            await asyncio.sleep(0.2)
        return time.monotonic() - started

    async def submit(self) -> None:
        async with asyncio.TaskGroup() as watchers:
            for number in itertools.count():
                if not self.submitting:
                    return
                task_id = f"chaos-{number}"
                if await self._submitted(task_id) and number % 5 == 0:
                    watchers.create_task(self._watch(task_id))
                await asyncio.sleep(0.4)

    async def _submitted(self, task_id: str) -> bool:
        """As a client should: the same again until it is taken."""
        while True:
            with contextlib.suppress(httpx.HTTPError):
                async with client_of(self.url, PATIENCE_S) as http:
                    answer = await http.post(
                        self._task.path,
                        content=self._task.content.replace(b"TASK-ID", task_id.encode()),
                        headers={"Content-Type": self._task.content_type},
                    )
                self.ledger.submissions[str(answer.status_code)] += 1
                if answer.status_code == 202:
                    self.ledger.accepted.add(task_id)
                    return True
            if self.stopping:
                return False
            await asyncio.sleep(0.5)

    async def _watch(self, task_id: str) -> None:
        """Server-sent events, taken up again wherever they end."""
        last, ended = "", False
        while not (ended or self.stopping):
            with contextlib.suppress(httpx.HTTPError):
                headers = {"Last-Event-ID": last} if last else {}
                async with (
                    client_of(self.url, PATIENCE_S) as http,
                    http.stream("GET", f"/api/v1/tasks/{task_id}/events", headers=headers) as answer,
                ):
                    async for kind, number in _events(answer):
                        last = number or last
                        if kind in ("task_completed", "task_failed", "task_cancelled"):
                            self.ledger.ends[task_id] += 1
                            ended = True
            await asyncio.sleep(0.5)

    async def settle(self, patience_s: float) -> None:
        """Look at all tasks until they have ended, then fetch their results."""
        deadline = time.monotonic() + patience_s
        while self.ledger.lost and time.monotonic() < deadline:
            for task_id in sorted(self.ledger.accepted - set(self.ledger.outcomes)):
                with contextlib.suppress(httpx.HTTPError, KeyError):
                    await self._settle(task_id)
            await asyncio.sleep(0.5)

    async def _settle(self, task_id: str) -> None:
        async with client_of(self.url, PATIENCE_S) as http:
            status = (await http.get(f"/api/v1/task-status/{task_id}")).json()["status"]
            if status not in ("completed", "error", "cancelled"):
                return
            if status == "completed":
                result = await http.get(f"/api/v1/task-result/{task_id}")
                result.raise_for_status()
                if result.content != self.reference:
                    self.ledger.wrong.add(task_id)
            self.ledger.outcomes[task_id] = status


def measure(
    folder: Path, faults: tuple[str, ...], *, gap_s: float, tell: Callable[[str], None] = lambda _: None
) -> tuple[Ledger, list[Struck]]:
    """Every fault once, `gap_s` apart, while the clients go on."""
    return asyncio.run(_measure(folder, faults, gap_s, tell))


async def _measure(
    folder: Path, faults: tuple[str, ...], gap_s: float, tell: Callable[[str], None]
) -> tuple[Ledger, list[Struck]]:
    config = write_config(folder, sleeping(erasers=2, more_models=("cv2",)))
    chaos = Chaos()
    struck: list[Struck] = []
    with contextlib.ExitStack() as services:
        service = await asyncio.to_thread(services.enter_context, _started(folder, config))
        chaos.url = service.url
        chaos.reference = await chaos.look()
        clients = [asyncio.create_task(chaos.submit()), *(asyncio.create_task(chaos.synchronous()) for _ in range(2))]
        try:
            for fault in faults:
                await asyncio.sleep(gap_s)
                if fault == RESTART:
                    await asyncio.to_thread(services.close)
                    service = await asyncio.to_thread(services.enter_context, _started(folder, config))
                    chaos.url = service.url
                else:
                    await _strike(fault, service, folder)
                struck.append(Struck(fault, await chaos.recovered()))
                tell(f"{fault}: answered again after {struck[-1].recovered_s:.1f} s")
            await asyncio.sleep(gap_s)
            chaos.submitting = False
            await chaos.settle(SETTLE_S)
        finally:
            chaos.submitting, chaos.stopping = False, True
            _, late = await asyncio.wait(clients, timeout=LAST_WORDS_S)
            for client in late:
                client.cancel()
            await asyncio.gather(*clients, return_exceptions=True)
    return chaos.ledger, struck


@contextmanager
def _started(folder: Path, config: Path) -> Iterator[Service]:
    with running(folder, config=config) as service:
        service.wait_until_ready("cv2")
        yield service


async def _strike(fault: str, service: Service, folder: Path) -> None:
    if fault == STORAGE:
        await asyncio.to_thread(take_blobs_away, folder / "data" / "blobs", AWAY_S)
        return
    for process in service.processes(fault):
        process.kill()
        return


def take_blobs_away(blobs: Path, seconds: float) -> None:
    """A file where the folder was: every call fails, as on a disk that is gone. Then it is back, with all in it."""
    aside, instead = blobs.with_name("blobs-aside"), blobs.with_name("blobs-instead")
    instead.touch()
    blobs.rename(aside)
    instead.rename(blobs)
    time.sleep(seconds)
    blobs.unlink()
    aside.rename(blobs)


def _task_request(request: Request) -> Request:
    """The same as a task, with a place for its id."""
    boundary = request.content_type.partition("boundary=")[2].encode()
    part = b'--%s\r\nContent-Disposition: form-data; name="task_id"\r\n\r\nTASK-ID\r\n' % boundary
    return Request("/api/v1/inpaint-regions-async", part + request.content, request.content_type)


async def _post(http: httpx.AsyncClient, request: Request) -> httpx.Response:
    return await http.post(request.path, content=request.content, headers={"Content-Type": request.content_type})


async def _events(answer: httpx.Response) -> AsyncIterator[tuple[str, str]]:
    """Type and id of each event."""
    number = ""
    async for line in answer.aiter_lines():
        if line.startswith("id:"):
            number = line.partition(":")[2].strip()
        elif line.startswith("data:"):
            yield str(json.loads(line.partition(":")[2]).get("type", "")), number


def report(ledger: Ledger, struck: list[Struck]) -> Report:
    def listed(counts: Mapping[str, int]) -> str:
        return ", ".join(f"{count} × {name}" for name, count in sorted(counts.items())) or "none"

    return Report(
        "Chaos: tasks, synchronous clients and watchers under faults",
        ("fault", "synchronous requests are answered again after, s"),
        [(one.fault, f"{one.recovered_s:.1f}") for one in struck],
        [
            f"{len(ledger.accepted)} tasks accepted: {len(ledger.outcomes) - ledger.failed} completed, {ledger.failed}"
            f" failed, {ledger.lost} lost, {len(ledger.wrong)} wrong; {sum(ledger.ends.values())} watched ends, of"
            f" which {ledger.doubled} came twice; {ledger.wrong_answers} wrong synchronous answers"
        ],
        (f"Synchronous: {listed(ledger.synchronous)}.", f"Submissions: {listed(ledger.submissions)}."),
    )
