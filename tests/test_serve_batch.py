"""`python -m deployments.batch` on real Ray: killed in the middle with -9, and started again."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from tests.pictures import encoded, photo

pytestmark = [pytest.mark.serve, pytest.mark.timeout(400)]

ROOT = Path(__file__).parents[1]
PICTURES, BROKEN = 60, 5
REGIONS = [{"x": 10, "y": 10, "width": 30, "height": 20}]


def make_pictures(folder: Path) -> None:
    for index in range(PICTURES):
        path = folder / "in" / f"{index % 7}" / f"{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"broken" if index % 12 == 3 else encoded(photo(64, 48)))


def start(folder: Path) -> subprocess.Popen[bytes]:
    sleeper = {"name": "sleeper", "loader": "benchmarks.sleeper:load", "facts": {"parameters": []}}
    config = {"workers": 2, "pictures": 2, "app": {"model": "sleeper", "models": [sleeper]}}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    (folder / "regions.json").write_text(json.dumps(REGIONS))
    files = ["--config", str(folder / "config.yaml"), "--regions", str(folder / "regions.json")]
    command = [sys.executable, "-m", "deployments.batch", str(folder / "in"), str(folder / "out"), *files]
    environment = {
        "RAY_AUTH_MODE": "disabled",
        "RAY_RAYLET_START_WAIT_TIME_S": "120",
        "RAY_worker_niceness": "0",
        "PYTHONPATH": str(ROOT),
        "SLEEPER_SECONDS": "0.25",
    }
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [*command, "--set", "fill=model"],
            cwd=ROOT,
            env=os.environ | environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def results(folder: Path) -> dict[str, int]:
    """Paths and when they were written."""
    found = (path for path in (folder / "out").rglob("*.png") if "quarantine" not in path.parts)
    return {str(path.relative_to(folder / "out")): path.stat().st_mtime_ns for path in found}


def report(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "out/report.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines if line]


def test_a_run_that_was_killed_goes_on_and_does_nothing_twice(tmp_path: Path) -> None:
    # Given
    make_pictures(tmp_path)
    first = start(tmp_path)
    deadline = time.monotonic() + 180
    while len(results(tmp_path)) < 10:
        assert first.poll() is None, (tmp_path / "log").read_text()[-4000:]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    children = psutil.Process(first.pid).children(recursive=True)
    # When
    first.send_signal(signal.SIGKILL)
    first.wait(10)
    _, alive = psutil.wait_procs(children, timeout=30)
    for process in alive:  # Ray's own helpers; the workers end with their raylet
        with contextlib.suppress(psutil.Error):
            process.kill()
    before = results(tmp_path)
    second = start(tmp_path)
    # Then
    assert second.wait(180) == 1, (tmp_path / "log").read_text()[-4000:]
    assert len(before) < PICTURES - BROKEN
    after = results(tmp_path)
    assert len(after) == PICTURES - BROKEN
    assert {path: after[path] for path in before} == before
    rows = report(tmp_path)
    outcomes = Counter(row["status"] for row in {row["path"]: row for row in rows}.values())
    assert outcomes == {"completed": PICTURES - BROKEN, "error": BROKEN}
    assert max(Counter(row["path"] for row in rows if row["status"] == "completed").values()) == 1
    assert len(list((tmp_path / "out/quarantine").rglob("*.png"))) == BROKEN
    assert list((tmp_path / "out").rglob("*.part")) == []
    # When all is done
    third = start(tmp_path)
    # Then
    assert third.wait(120) == 1
    assert (results(tmp_path), report(tmp_path)) == (after, rows)
