"""The documentation says what is there: files, links, tables and commands."""

import ast
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from deployments.api.app import create_api
from deployments.api.errors import TABLE
from deployments.api.routes.service import INPUT_FORMATS
from deployments.api.schema.headers import EXPOSED
from deployments.config.settings import VERSION, AppConfig, Environment, resolve
from deployments.messages.jobs import OutputFormat
from models.__main__ import table
from tests.deployments.fakes import FakeBackend

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [*sorted(ROOT.glob("README*.md")), ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
PAGES += [ROOT / "examples/README.md", ROOT / "clients/typescript/README.md"]
FOLDERS = "models|deployments|tests|benchmarks|training|configs|docs|examples|clients"
OF_THE_TREE = re.compile(rf"({FOLDERS})/[\w./*-]*|serve_config\.yaml")


def quoted(page: Path) -> set[str]:
    """What stands between backticks, outside of blocks of code."""
    return set(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)))


def anchors(page: Path) -> set[str]:
    """Of headings, by GitHub's rules."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_a_page_names_is_there(page: Path) -> None:
    # When
    named = {name for name in quoted(page) if OF_THE_TREE.fullmatch(name)}
    # Then
    assert {name for name in named if not any(ROOT.glob(name))} == set()


def test_the_pages_that_explain_the_code_do_name_files() -> None:
    for page, least in (("architecture.md", 40), ("development.md", 20)):
        assert len([name for name in quoted(DOCS / page) if OF_THE_TREE.fullmatch(name)]) >= least


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text())
    for link in (link for link in links if "://" not in link):
        place, _, anchor = link.partition("#")
        target = (page.parent / place).resolve() if place else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_can_be_reached_from_the_readme() -> None:
    # Given
    reached, waiting = set[Path](), [ROOT / "README.md"]
    # When
    while waiting:
        page = waiting.pop()
        reached.add(page)
        links = re.findall(r"\]\(([^)\s#]+\.md)(?:#[^)]*)?\)", page.read_text())
        pages = {(page.parent / link).resolve() for link in links if "://" not in link}
        waiting += pages - reached - set(waiting)
    # Then
    assert set(PAGES) <= reached


def test_the_two_commands_of_the_readme_are_make_targets() -> None:
    commands = re.findall(r"^make (\w+) ", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert commands == ["serve", "test"]


def test_every_make_target_that_a_page_names_exists() -> None:
    # Given
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    # When
    named = {word for page in PAGES for word in re.findall(r"`make (\w+)", page.read_text())}
    # Then
    assert named >= {"serve", "test", "lint"}
    assert named - targets == set()


def test_the_readme_s_table_of_models_is_the_registry_s() -> None:
    assert table() in (ROOT / "README.md").read_text(), "put the output of `python -m models` there"


def test_the_capacity_s_figures_are_those_that_were_measured() -> None:
    # Given
    measured = (ROOT / "benchmarks/RESULTS.md").read_text()
    page = (DOCS / "capacity.md").read_text()
    row = re.compile(r"^\| (\w+) \| (\w+)[^|]* \| (\d+ clients?) \| ([\d.]+) \| ([\d,]+) \|$", re.MULTILINE)
    # When
    rows = row.findall(page)
    memory = re.findall(r"^\| ([\w-]+) \| (\d+) \|$", page, re.MULTILINE)
    # Then
    assert len(rows) == 8
    for model, picture, load, per_second, per_hour in rows:
        assert re.search(rf"^\| {model} \| {picture} \| {load} \| \d+ \| 0 \| {per_second} \|", measured, re.MULTILINE)
        assert float(per_second) * 3600 == float(per_hour.replace(",", ""))
    assert len(memory) == 6
    assert {
        f"{replica} {megabytes}" for replica, megabytes in memory if f"{replica} {megabytes}" not in measured
    } == set()


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().split()) <= 1100


def test_the_changelog_tells_of_the_version_and_of_what_comes() -> None:
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert VERSION in headings


def test_every_environment_variable_is_documented() -> None:
    text = (DOCS / "configuration.md").read_text()
    assert {name.upper() for name in Environment.model_fields if f"`{name.upper()}`" not in text} == set()


def test_every_route_is_in_the_guide_and_no_other() -> None:
    # Given
    app = create_api(FakeBackend(), resolve(AppConfig(), Environment()).api)
    text = (DOCS / "api.md").read_text()
    # When
    told = {(method, path) for method, path in re.findall(r"`(GET|POST) (/[^`?]*)`", text)}
    routes = {(method.upper(), path) for path, item in app.openapi()["paths"].items() for method in item}
    # Then
    assert told - {("GET", "/ui")} == routes


def test_every_header_of_an_answer_and_every_format_is_in_the_guide() -> None:
    text = (DOCS / "api.md").read_text()
    assert {header for header in EXPOSED if f"`{header}`" not in text} == set()
    assert {name for name in INPUT_FORMATS if name not in text} == set()
    assert {format for format in OutputFormat if f"`{format}`" not in text} == set()


def test_every_error_is_in_the_guide_beside_its_status() -> None:
    text = (DOCS / "api.md").read_text()
    rows = {
        int(status): set(re.findall(r"`(\w+)`", rest)) for status, rest in re.findall(r"^\| (\d+) \|(.*)$", text, re.M)
    }
    for row in TABLE.values():
        assert row.code in rows.get(row.status, ()), (row.status, row.code)


def test_every_field_of_iopaint_is_in_the_guide() -> None:
    text = (DOCS / "api.md").read_text()
    table = text[text.index("### IOPaint's fields") : text.index("### Limits of work")]
    package = find_spec("iopaint")
    assert package is not None
    assert package.origin is not None
    tree = ast.parse((Path(package.origin).parent / "schema.py").read_text())
    (model,) = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "InpaintRequest"]
    fields = {
        node.target.id for node in model.body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    assert len(fields) == 46
    assert {field for field in fields if f"`{field}`" not in table} == set()
