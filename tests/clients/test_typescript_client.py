"""The client in TypeScript: its types are the service's, it works in Node and Chromium, and its package installs."""

import json
import sys
from pathlib import Path

import pytest

from tests.clients.conftest import ROOT, TYPESCRIPT, run

pytestmark = pytest.mark.timeout(900)

USE = """
import { Client } from "text-removal-client";
const { blob, model } = await new Client().removeText(new Uint8Array(await readFile(process.argv[2])));
console.log(JSON.stringify({ size: blob.size, model }));
"""


def test_the_types_are_those_of_the_service(typescript: Path, url: str, tmp_path: Path) -> None:
    run("npm", "run", "generate", "--", url, tmp_path / "openapi.ts", cwd=typescript)

    assert (tmp_path / "openapi.ts").read_text() == (typescript / "src/openapi.ts").read_text(), (
        "start `python -m tests.fake_service` and run `npm run generate -- URL` in clients/typescript"
    )


def test_the_client_works_in_node_and_in_chromium(typescript: Path) -> None:
    told = run("npm", "test", cwd=typescript, PYTHON=sys.executable)

    assert "# fail 0" in told
    assert "# pass 0" not in told


def test_the_package_installs_into_an_empty_folder_and_removes_text_in_three_lines(
    typescript: Path, url: str, tmp_path: Path
) -> None:
    # Given
    (packed,) = json.loads(run("npm", "pack", "--silent", "--json", "--pack-destination", tmp_path, cwd=typescript))
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
    assert '"resolved"' not in (TYPESCRIPT / "package-lock.json").read_text()
