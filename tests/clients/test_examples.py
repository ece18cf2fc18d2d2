"""Every example runs: against the service's HTTP layer over a fake that sends pictures back as they were."""

import hashlib
import hmac
import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.clients.conftest import PYTHON_CLIENT, ROOT, TYPESCRIPT, run

pytestmark = pytest.mark.timeout(180)

EXAMPLES = ROOT / "examples"
PICTURE = (ROOT / "docs/images/sample.jpg").read_bytes()
SECRET = "shared"


@pytest.fixture(scope="module")
def compiled(typescript: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The examples in TypeScript, checked and made JavaScript, beside the client they import."""
    folder = tmp_path_factory.mktemp("examples")
    shutil.copytree(EXAMPLES / "typescript", folder, dirs_exist_ok=True)
    modules = folder / "node_modules"
    modules.mkdir()
    (modules / "text-removal-client").symlink_to(typescript)
    (modules / "@types").symlink_to(typescript / "node_modules/@types")
    (modules / "undici-types").symlink_to(typescript / "node_modules/undici-types")
    (folder / "package.json").write_text('{"type": "module"}')
    run(typescript / "node_modules/.bin/tsc", "-p", folder, cwd=folder)
    return folder


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Three, and a file that is none."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("a.jpg", "b c.jpg", "d.jpg"):
        (folder / name).write_bytes(PICTURE)
    (folder / "notes.txt").write_text("no picture")
    return folder


def commands(request: pytest.FixtureRequest, name: str) -> list[str | Path]:
    """How the example of that name is run in its language."""
    language, _, name = name.partition("/")
    if language == "python":
        return [sys.executable, EXAMPLES / "python" / f"{name}.py"]
    if language == "curl":
        return ["bash", EXAMPLES / "curl" / f"{name}.sh"]
    return ["node", request.getfixturevalue("compiled") / f"{name}.js"]


def test_every_example_is_listed_and_no_other() -> None:
    listed = set(re.findall(r"`(examples/[\w./-]+)", (EXAMPLES / "README.md").read_text()))
    there = {str(path.relative_to(ROOT)) for path in EXAMPLES.glob("*/*") if path.suffix in (".sh", ".ts", ".py")}

    assert listed == there


@pytest.mark.parametrize(
    "name",
    [
        "curl/remove-text",
        "curl/task",
        "python/remove_text",
        "python/task",
        "typescript/remove-text",
        "typescript/task",
        "typescript/regions",
    ],
)
def test_an_example_for_one_picture(name: str, request: pytest.FixtureRequest, url: str, tmp_path: Path) -> None:
    picture = ROOT / "docs/images/sample.jpg"

    told = run(
        *commands(request, name),
        picture,
        tmp_path / "clean.jpg",
        cwd=tmp_path,
        TEXT_REMOVAL_URL=url,
        PYTHONPATH=PYTHON_CLIENT,
    )

    assert (tmp_path / "clean.jpg").read_bytes() == PICTURE
    assert {"task": " %", "regions": "1 of 1 texts"}.get(name.partition("/")[2], "cv2") in told


@pytest.mark.parametrize("name", ["curl/folder", "python/folder", "typescript/folder"])
def test_an_example_for_a_folder_goes_on_where_it_stopped_and_names_what_cannot_be_done(
    name: str, request: pytest.FixtureRequest, url: str, pictures: Path, tmp_path: Path
) -> None:
    # Given
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.jpg").write_text("done before")
    # When
    done = subprocess.run(
        [*commands(request, name), pictures, out],
        env={**os.environ, "TEXT_REMOVAL_URL": url, "PYTHONPATH": PYTHON_CLIENT}, capture_output=True, text=True,
    )  # fmt: skip
    # Then
    assert done.returncode == 1
    assert "notes.txt" in done.stderr
    assert "unsupported_image" in done.stderr or "invalid_image" in done.stderr
    assert {path.name for path in out.iterdir()} == {"a.jpg", "b c.jpg", "d.jpg"}
    assert (out / "a.jpg").read_text() == "done before"
    assert (out / "b c.jpg").read_bytes() == PICTURE


def test_the_example_for_a_batch_brings_a_zip_and_names_what_cannot_be_done(
    compiled: Path, url: str, pictures: Path, tmp_path: Path
) -> None:
    files = sorted(pictures.iterdir())

    for _ in range(2):  # the second time it is the same batch
        told = run("node", compiled / "batch.js", "out.zip", *files, cwd=tmp_path, TEXT_REMOVAL_URL=url)

        assert "3 done, 1 not" in told
        assert "notes.txt: " in told
        with zipfile.ZipFile(tmp_path / "out.zip") as made:
            assert len(made.namelist()) == 4  # and the manifest


def test_every_verb_of_the_client_in_typescript_is_shown_in_an_example_or_its_guide() -> None:
    # Given
    source = "".join((TYPESCRIPT / f"src/{name}.ts").read_text() for name in ("client", "task", "batch"))
    verbs = set(re.findall(r"^  (?:async )?(\w+)\(.*\{$", source, re.MULTILINE)) - {"constructor"}
    assert {"removeText", "submitBatch", "events", "wait", "results"} <= verbs
    # When
    shown = "".join(path.read_text() for path in EXAMPLES.glob("typescript/*.ts"))
    shown += (TYPESCRIPT / "README.md").read_text()
    # Then
    assert {verb for verb in verbs if f"{verb}(" not in shown} == set()


@pytest.fixture(params=["python/callbacks", "typescript/callbacks"])
def receiver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address at which the example receives callbacks."""
    environment = {**os.environ, "CALLBACK_SECRET": SECRET, "PORT": "0", "PYTHONPATH": PYTHON_CLIENT}
    command = commands(request, request.param)
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().split()[-1]}/"
        process.terminate()


def test_the_example_for_callbacks_keeps_what_is_signed_and_turns_away_the_rest(receiver: str, tmp_path: Path) -> None:
    # Given
    body = json.dumps({"task_id": "t", "status": "completed", "image_data": "aW1hZ2U=", "timestamp": ""}).encode()
    made_at = str(int(time.time()))
    signature = hmac.new(SECRET.encode(), made_at.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {"X-Signature": f"sha256={signature}", "X-Signature-Timestamp": made_at}
    # When
    forged = httpx.post(receiver, content=body + b" ", headers=headers)
    true = httpx.post(receiver, content=body, headers=headers)
    # Then
    assert (forged.status_code, true.status_code) == (401, 204)
    assert (tmp_path / "t.png").read_bytes() == b"image"
