"""What the documentation tells people to run, run: against the service's HTTP layer over a fake."""

import ast
import os
import re
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.clients.conftest import PYTHON_CLIENT, ROOT, run

pytestmark = pytest.mark.timeout(180)

PAGES = [
    ROOT / "README.md",
    *(ROOT / "docs" / f"{name}.md" for name in ("api", "clients", "quickstart", "recipes")),
    *sorted((ROOT / "clients").glob("*/README.md")),
]
ADDRESS = "http://127.0.0.1:8081"
SET_UP = re.compile(r"(make|docker|pip|npm) ")
"""Commands that other tests stand for: they build the environment, the image and the packages."""
ABSENT = {"presidio_image_redactor"}
"""Libraries of others that are no part of the tests' environment: such code is only read."""

# An error of the service ends the script, but for the cancel of a task, or a batch, that may have ended.
CURL = """
curl() { case "$*" in *cancel*) command curl -sS "$@" ;; *) command curl -sS --fail-with-body "$@" ;; esac; }
"""


class Snippet(NamedTuple):
    page: Path
    line: int
    language: str
    code: str

    @property
    def name(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def is_set_up(self) -> bool:
        commands = [line for line in self.code.splitlines() if line and not line.startswith(("#", " "))]
        return self.language == "bash" and all(map(SET_UP.match, commands))

    @property
    def is_for_a_page(self) -> bool:
        """clients/typescript/test/browser.test.ts runs it in Chromium."""
        return self.language == "javascript" and "document." in self.code

    def aimed_at(self, url: str) -> str:
        return self.code.replace(ADDRESS, url)


def snippets(*languages: str) -> list[Snippet]:
    found = []
    for page in PAGES:
        text = page.read_text()
        for match in re.finditer(r"^```(\w+)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            line = text.count("\n", 0, match.start()) + 1
            found.append(Snippet(page, line, match[1], match[2]))
    return [
        snippet
        for snippet in found
        if snippet.language in languages and not snippet.is_set_up and not snippet.is_for_a_page
    ]


def of(*languages: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("snippet", snippets(*languages), ids=lambda snippet: snippet.name)


def check_files(snippet: Snippet, folder: Path) -> None:
    """What it says it writes is there."""
    for name in re.findall(r"\b(?:clean|empty|mask|anonymous)\.(?:png|jpg)\b", snippet.code):
        assert (folder / name).stat().st_size > 1000, name


@of("bash")
def test_commands_do_what_the_page_says(snippet: Snippet, url: str, folder: Path) -> None:
    path = f"{folder}/bin:{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {"PATH": path, "PYTHONPATH": PYTHON_CLIENT, "TEXT_REMOVAL_URL": url}

    run("bash", "-euo", "pipefail", "-c", CURL + snippet.aimed_at(url), cwd=folder, **environment)

    check_files(snippet, folder)


@of("python")
def test_python_does_what_the_page_says(snippet: Snippet, url: str, folder: Path) -> None:
    # Given
    tree = ast.parse(snippet.code, snippet.name)
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    missing = {name for name in imported if name != "text_removal" and find_spec(name) is None}
    if missing:
        assert missing <= ABSENT
        pytest.skip(f"{', '.join(missing)} is not installed; the code parses")
    # When
    run(sys.executable, "-c", snippet.aimed_at(url), cwd=folder, PYTHONPATH=PYTHON_CLIENT, TEXT_REMOVAL_URL=url)
    # Then
    check_files(snippet, folder)


@pytest.mark.skipif(shutil.which("node") is None, reason="no Node here; CI has one")
@pytest.mark.usefixtures("typescript")
@of("javascript")
def test_javascript_does_what_the_page_says(snippet: Snippet, url: str, folder: Path) -> None:
    (folder / "snippet.mjs").write_text(snippet.aimed_at(url))

    run("node", "snippet.mjs", cwd=folder, TEXT_REMOVAL_URL=url)

    check_files(snippet, folder)


def test_there_is_something_to_run_in_every_language_of_the_guide() -> None:
    languages = {snippet.language for snippet in snippets("bash", "python", "javascript") if snippet.page.stem == "api"}

    assert languages == {"bash", "python", "javascript"}
