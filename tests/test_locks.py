"""Two locks: what the service needs, which the image installs, and what its developers need besides."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock")


def versions(lock: str) -> dict[str, set[str]]:
    """Of each package; more than one where they differ by Python's version."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", (ROOT / lock).read_text(), re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


def asked_for(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=~; ]", requirement)[0].lower() for requirement in requirements}


def test_each_lock_holds_what_pyproject_asks_for() -> None:
    # Given
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    service = asked_for(project["project"]["dependencies"])
    tools = asked_for(project["dependency-groups"]["dev"])
    # Then
    assert service <= versions("requirements.lock").keys()
    assert tools <= versions("requirements-dev.lock").keys()


def test_what_both_locks_hold_they_hold_in_the_same_version() -> None:
    # Given
    service, tools = versions("requirements.lock"), versions("requirements-dev.lock")
    both = service.keys() & tools.keys()
    # Then
    assert len(both) >= 5
    assert {name: tools[name] for name in both} == {name: service[name] for name in both}


def test_the_image_installs_no_test_tool() -> None:
    # Given
    dockerfile = (ROOT / "Dockerfile").read_text()
    # Then
    assert re.findall(r"^COPY (requirements\S*)", dockerfile, re.MULTILINE) == ["requirements.lock"]
    assert not {"pytest", "hypothesis", "mypy", "ruff"} & versions("requirements.lock").keys()


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert len(versions(lock)) > 20
    assert not re.search(r"://|^\s*-(i|f)\b|--(extra-)?index-url|--find-links| @ ", text, re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_a_hash_for_every_package(lock: str) -> None:
    entries = re.split(r"\n(?=[a-z0-9])", (ROOT / lock).read_text())
    unhashed = [entry.split()[0] for entry in entries if "==" in entry and "--hash=sha256:" not in entry]
    assert unhashed == []
