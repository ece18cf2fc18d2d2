"""Batches that are stopped and started again: killed, interrupted, without a service for a while, watching."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from clients.python.tests.commandline import OLD_NS, Command, make, tree
from clients.python.tests.serving import PictureBackend, Running, serving
from tests.pictures import encoded, photo
from tests.service import ROOT, free_port
from text_removal import Patience

PICTURES, BROKEN = 200, 5
"""The size of the batch that is killed; the issue's 500 take no other path, only longer."""


@pytest.fixture
def start(running: Running) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start `text-removal` in a process of its own, which does not survive the test."""
    path = os.pathsep.join([str(ROOT / "clients/python/src"), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
    processes: list[subprocess.Popen[bytes]] = []

    def starting(*words: str, url: str = running.url) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "text_removal", *words],
            env={**os.environ, "TEXT_REMOVAL_URL": url, "PYTHONPATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # Tests that were started in the background ignore SIGINT, and so would what they start.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        processes.append(process)
        return process

    yield starting
    for process in processes:
        process.kill()
        process.communicate(timeout=30)


Start = Callable[..., subprocess.Popen[bytes]]


def cut_off(seed: int) -> bytes:
    """A picture without its end: its header is right, so it is decoded before it is refused."""
    whole = encoded(photo(48, 32, seed), "JPEG")
    return whole[:-150]


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def lines(report: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in Path(report).read_text().splitlines() if line]


@pytest.mark.parametrize("in_place", [False, True])
def test_a_killed_batch_goes_on_and_does_nothing_twice(
    command: Command, start: Start, backend: PictureBackend, in_place: bool
) -> None:
    # Given
    Path("in").mkdir()
    for number in range(PICTURES):
        make(f"in/{number:03}.jpg", seed=number)
    for number in range(0, PICTURES, PICTURES // BROKEN):
        Path(f"in/{number:03}.jpg").write_bytes(cut_off(number))
    shutil.copytree("in", "before")
    where = ["--in-place"] if in_place else ["-o", "out"]
    words = ["remove", "in", *where, "--jobs", "4", "--resume", "--report", "report.jsonl"]

    def finished() -> set[str]:
        made = "in" if in_place else "out"
        names = [name for name in tree(made) if not name.startswith(".")]  # the one it was writing
        return {name for name in names if Path(made, name).read_bytes() != Path("before", name).read_bytes()}

    # When
    process = start(*words)
    until(lambda: len(backend.seen) >= PICTURES // 3)
    process.kill()
    process.communicate(timeout=30)
    sent, done = Counter(backend.seen), finished()
    broken_before = {line["input"] for line in lines("report.jsonl") if line["status"] == "failed"}
    again = command.done(*words, code=1)
    # Then
    assert 0 < len(done) < PICTURES - BROKEN, "it was killed in the middle"
    assert len(finished()) == PICTURES - BROKEN
    assert len(tree("in" if in_place else "out")) == PICTURES - (0 if in_place else BROKEN), "nothing is left over"
    last = {str(line["input"]): str(line["status"]) for line in lines("report.jsonl")}
    assert Counter(last.values()) == {"done": PICTURES - BROKEN, "failed": BROKEN}
    assert f"{BROKEN} failed" in again.output
    sent_again = Counter(backend.seen) - sent
    done_before = {Path("before", name).read_bytes() for name in done}
    assert not done_before & sent_again.keys()
    assert not {Path(str(name).replace("in/", "before/")).read_bytes() for name in broken_before} & sent_again.keys()
    assert max(Counter(backend.seen).values()) <= 2
    assert sum(Counter(backend.seen).values()) <= PICTURES + 4, "only what was in flight was sent again"


def test_a_report_whose_last_line_was_cut_off_is_read(command: Command, backend: PictureBackend) -> None:
    make("in/a.png")
    Path("in/b.png").write_bytes(cut_off(7))
    command.done("remove", "in", "-o", "out", "--report", "report.jsonl", code=1)
    with Path("report.jsonl").open("ab") as report:
        report.write(b'{"input": "in/c.p')

    make("in/c.png", seed=3)
    command.done("remove", "in", "-o", "out", "--report", "report.jsonl", "--resume", code=1)

    assert len(backend.seen) == 3, "a.png, b.png, then c.png only"
    read = [line["input"] for line in map(_parsed, Path("report.jsonl").read_text().splitlines()) if line]
    assert sorted(map(str, read)) == ["in/a.png", "in/b.png", "in/c.png"]


def _parsed(line: str) -> dict[str, object]:
    try:
        parsed: dict[str, object] = json.loads(line)
    except ValueError:
        return {}
    return parsed


def test_what_has_changed_since_is_done_again(command: Command, backend: PictureBackend) -> None:
    make("in/a.png")
    Path("in/b.png").write_bytes(cut_off(7))
    words = ("remove", "in", "-o", "out", "--report", "report.jsonl", "--resume")
    command.done(*words, code=1)
    command.done(*words, code=1)
    assert len(backend.seen) == 2

    make("in/a.png", seed=1)
    os.utime("in/a.png")
    make("in/b.png", seed=2)
    result = command.done(*words)

    assert len(backend.seen) == 4
    assert "2 done" in result.output


def test_a_document_goes_on_at_the_page_it_was_at(command: Command, start: Start, backend: PictureBackend) -> None:
    # Given
    with zipfile.ZipFile("book.cbz", "w") as book:
        for number in range(60):
            book.writestr(f"{number}.jpg", encoded(photo(48, 32, number), "JPEG"))
    os.utime("book.cbz", ns=(OLD_NS, OLD_NS))
    # When
    process = start("remove", "book.cbz", "-o", "out", "--jobs", "2")
    until(lambda: len(backend.seen) >= 20)
    process.kill()
    process.communicate(timeout=30)
    assert not Path("out/book.cbz").exists()
    again = command.done("remove", "book.cbz", "-o", "out", "--resume")
    # Then
    assert len(backend.seen) <= 62
    assert "done before" in again.output
    with zipfile.ZipFile("out/book.cbz") as book:
        assert len(book.namelist()) == 60
        assert book.testzip() is None
    assert tree("out") == ["book.cbz"]


def test_an_interrupted_batch_says_how_to_go_on(command: Command, start: Start, backend: PictureBackend) -> None:
    for number in range(PICTURES):
        make(f"in/{number}.png", seed=number)

    process = start("remove", "in", "-o", "out", "--jobs", "2")
    until(lambda: len(backend.seen) >= 10)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)

    assert process.returncode == 130, output
    assert b"--resume" in output
    assert [name for name in tree("out") if name.endswith(".part")] == []


def test_a_service_that_restarts_is_waited_for(command: Command, start: Start) -> None:
    # Given
    port = free_port()
    backends = PictureBackend(), PictureBackend()
    for number in range(60):
        make(f"in/{number}.png", seed=number)
    # When
    with serving(backends[0], port) as running:
        process = start("remove", "in", "-o", "out", url=running.url)
        until(lambda: len(backends[0].seen) >= 10)
    with serving(backends[1], port):
        output, _ = process.communicate(timeout=60)
    # Then
    assert process.returncode == 0, output
    assert len(tree("out")) == 60
    assert len(backends[1].seen) > 0


def test_a_service_that_stays_away_ends_the_batch_once(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("text_removal.cli.service.LATER", Patience(attempts=3, first_pause_s=0.01))
    for number in range(20):
        make(f"in/{number}.png", seed=number)
    with serving() as running:

        async def gone_soon(app: Any, scope: Any, receive: Any, send: Any) -> None:
            if len(running.calls) > 5:
                await send({"type": "http.response.start", "status": 503, "headers": []})
                await send({"type": "http.response.body", "body": b""})
            else:
                await app(scope, receive, send)

        running.through = gone_soon
        result = command.done(
            "remove", "in", "-o", "out", "--jobs", "1", "--url", running.url, "--report", "report.jsonl", code=3
        )

    assert len(result.output.strip().splitlines()) == 1
    assert {line["status"] for line in lines("report.jsonl")} == {"done"}, "what was not tried has not failed"


def test_watching_does_what_comes_in(command: Command, start: Start, backend: PictureBackend) -> None:
    # Given
    make("in/a.png")
    process = start("remove", "in", "-o", "out", "--recursive", "--watch")
    until(lambda: Path("out/a.png").exists())
    # When
    make("in/deep/b.png", seed=1)
    until(lambda: Path("out/deep/b.png").exists())
    whole = encoded(photo(48, 32, 2))
    with Path("in/c.png").open("wb", buffering=0) as file:
        file.write(whole[: len(whole) // 2])
        until(lambda: whole[: len(whole) // 2] in backend.seen)
        file.write(whole[len(whole) // 2 :])
    until(lambda: Path("out/c.png").exists())
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=60)
    # Then
    assert b"3 done" in output
    assert process.returncode == 1, "it has seen half a picture"
    assert tree("out") == ["a.png", "c.png", "deep/b.png"]
    with Image.open("out/c.png") as picture:
        assert picture.size == (48, 32)
