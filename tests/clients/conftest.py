"""What the clients' tests share: the service's HTTP layer on a port, and the client in TypeScript, built."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TYPESCRIPT = ROOT / "clients/typescript"
PYTHON_CLIENT = str(ROOT / "clients/python/src")


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """What it printed. Fails with all it said."""
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert done.returncode == 0, done.stdout[-20_000:]
    return done.stdout


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """Of the service's HTTP layer over a fake."""
    command = [sys.executable, "-m", "tests.fake_service"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        yield service.stdout.readline().strip()
        service.communicate("")


@pytest.fixture(scope="session")
def typescript() -> Path:
    """The folder of the client, with what it needs installed and built. Skips where there is no npm."""
    if shutil.which("npm") is None:
        pytest.skip("no npm here; CI has one")
    run("npm", "ci", "--no-audit", "--no-fund", "--prefer-offline", cwd=TYPESCRIPT)
    run("npm", "run", "build", cwd=TYPESCRIPT)
    return TYPESCRIPT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty one, but for the pictures of the documentation and what a program may import."""
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    (tmp_path / "poster.jpg").symlink_to(ROOT / "docs/images/sample.jpg")
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin/text-removal"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m text_removal "$@"\n')
    command.chmod(0o755)
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules/text-removal-client").symlink_to(TYPESCRIPT)
    return tmp_path
