"""The client in TypeScript: its types are the service's, it works in Node and Chromium, and its package installs."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "clients/typescript"

pytestmark = [
    pytest.mark.skipif(shutil.which("npm") is None, reason="no npm here; CI has one"),
    pytest.mark.timeout(900),
]

USE = """
import { Client } from "text-removal-client";
const { blob, model } = await new Client().removeText(new Uint8Array(await readFile(process.argv[2])));
console.log(JSON.stringify({ size: blob.size, model }));
"""


def run(*command: str | Path, cwd: Path = CLIENT, **environment: str) -> str:
    """What it printed. Fails with all it said."""
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, "PYTHON": sys.executable, **environment}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-20_000:]
    return done.stdout


@pytest.fixture(scope="module")
def installed() -> None:
    run("npm", "ci", "--no-audit", "--no-fund", "--prefer-offline")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Of the service's HTTP layer over a fake."""
    command = [sys.executable, "-m", "tests.fake_service"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        yield service.stdout.readline().strip()
        service.communicate("")


@pytest.mark.usefixtures("installed")
def test_the_types_are_those_of_the_service(url: str, tmp_path: Path) -> None:
    run("npm", "run", "generate", "--", url, tmp_path / "openapi.ts")

    assert (tmp_path / "openapi.ts").read_text() == (CLIENT / "src/openapi.ts").read_text(), (
        "run `npm run generate` against the service"
    )


@pytest.mark.usefixtures("installed")
def test_the_client_works_in_node_and_in_chromium() -> None:
    told = run("npm", "test")

    assert "# fail 0" in told
    assert "# pass 0" not in told


@pytest.mark.usefixtures("installed")
def test_the_package_installs_into_an_empty_folder_and_removes_text_in_three_lines(url: str, tmp_path: Path) -> None:
    # Given
    (packed,) = json.loads(run("npm", "pack", "--silent", "--json", "--pack-destination", tmp_path).strip())
    files = {file["path"] for file in packed["files"]}
    assert {"dist/index.js", "dist/index.d.ts", "README.md", "LICENSE"} <= files
    assert not [file for file in files if file.startswith(("src", "test", "build"))]
    project = tmp_path / "project"
    project.mkdir()
    (project / "package.json").write_text('{"private": true}')
    run("npm", "install", "--offline", tmp_path / packed["filename"], cwd=project)
    # When
    picture = ROOT / "docs/images/sample.jpg"
    (project / "use.mjs").write_text('import { readFile } from "node:fs/promises";' + USE)
    told = json.loads(run("node", "use.mjs", picture, cwd=project, TEXT_REMOVAL_URL=url))
    # Then
    assert told == {"size": picture.stat().st_size, "model": "cv2"}
    assert [path.name for path in (project / "node_modules").iterdir() if path.is_dir()] == ["text-removal-client"]


def test_the_lock_file_names_no_registry() -> None:
    assert '"resolved"' not in (CLIENT / "package-lock.json").read_text()
