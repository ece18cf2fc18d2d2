"""`tasks`, `models`, `--local`, and a command line without its extra."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from clients.python.tests.commandline import Command, make
from clients.python.tests.serving import PictureBackend, Running
from deployments.messages.task import TaskStatus
from tests.pictures import decoded
from tests.service import ROOT

SOURCE = ROOT / "clients/python/src"
SAMPLE = ROOT / "docs/images/sample.jpg"


def test_tasks_are_counted_watched_cancelled_and_fetched(
    command: Command, running: Running, backend: PictureBackend
) -> None:
    # Given
    for name in ("done", "going", "failed"):
        backend.tasks.add(name)
    running.do(backend.tasks.complete("done"))
    running.do(backend.tasks.change("failed", status=TaskStatus.ERROR, error_message="the model failed"))
    # When
    counts = json.loads(command.done("tasks").stdout)
    watched = json.loads(command.done("tasks", "done", "--watch", "--output", "result.bin").stdout)
    cancelled = json.loads(command.done("tasks", "going", "--cancel").stdout)
    # Then
    assert (counts["total_tasks"], counts["active_task_ids"]) == (3, ["going"])
    assert watched["status"] == "completed"
    assert Path("result.bin").read_bytes() == b"result"
    assert cancelled["status"] == "cancelled"
    assert "the model failed" in command.done("tasks", "failed", "--output", "x.png", code=1).output
    assert "no task nope" in command.done("tasks", "nope", code=1).output


def test_models_are_listed(command: Command) -> None:
    lines = command.done("models").stdout.splitlines()

    assert any("lama" in line and "default" in line for line in lines)
    assert any("cv2" in line and "fallback" in line for line in lines)


def call(*words: str, cwd: Path, pythonpath: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "text_removal", *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": pythonpath, "OMP_NUM_THREADS": "1", **environment},
        capture_output=True,
        text=True,
        timeout=110,
    )


def test_local_runs_the_services_own_pipeline_without_a_service(tmp_path: Path) -> None:
    # Given
    make(tmp_path / "broken.png").write_bytes(b"no picture")
    (tmp_path / "sample.jpg").write_bytes(SAMPLE.read_bytes())
    words = ("remove", "sample.jpg", "broken.png", "-o", "out", "--local", "--model", "mend", "--format", "png")
    # When
    done = call(*words, cwd=tmp_path, pythonpath=f"{SOURCE}{os.pathsep}{ROOT}", IOPAINT_DATA_DIR=str(tmp_path / "data"))
    # Then
    assert done.returncode == 1, done.stderr
    assert "broken.png: " in done.stderr
    assert "1 done, 1 failed" in done.stderr
    before, after = decoded(SAMPLE.read_bytes()), decoded((tmp_path / "out/sample.png").read_bytes())
    changed = (before != after).any(axis=2)
    assert 0.005 < changed.mean() < 0.3, "three lines of text, and nothing else"
    assert changed[40:170].any()
    assert not (tmp_path / "data").exists()
    assert "Traceback" not in done.stderr


def test_local_without_the_service_says_what_it_needs(tmp_path: Path) -> None:
    make(tmp_path / "a.png")

    done = call("remove", "a.png", "-o", "out", "--local", cwd=tmp_path, pythonpath=str(SOURCE))

    assert done.returncode == 3
    assert "--local needs the service itself" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_without_its_extra_the_command_line_says_what_to_install(tmp_path: Path, missing: str) -> None:
    (tmp_path / f"{missing}.py").write_text(f"raise ModuleNotFoundError('no', name={missing!r})")

    done = call("--help", cwd=tmp_path, pythonpath=f"{tmp_path}{os.pathsep}{SOURCE}")

    assert done.returncode == 2
    assert "pip install 'text-removal-client[cli]'" in done.stderr


def test_help_tells_each_command_and_its_options(command: Command) -> None:
    assert {"remove", "mask", "detect", "tasks", "models"} <= set(command.done("--help").output.split())
    for option in ("--recursive", "--regions", "--keep", "--resume", "--report", "--watch", "--in-place", "--local"):
        assert option in command.done("remove", "--help").output
