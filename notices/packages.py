"""The packages of a lock as they are installed here, with the texts of their licences."""

import re
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

_PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)")
_LICENCE_FILE = re.compile(r"(^|/)(licen[cs]e|copying|notice|copyright|authors)[^/]*$", re.IGNORECASE)
_CLASSIFIER = "License :: OSI Approved :: "


@dataclass(frozen=True, slots=True)
class Package:
    """`texts`: what lies in its wheel as licence, notice or list of authors, by path."""

    name: str
    version: str
    licence: str
    home: str
    texts: tuple[tuple[str, str], ...]


def locked(lock: Path) -> tuple[list[Package], list[str]]:
    """Those that are installed, in the order of the lock; and the names of those that belong to other platforms.

    Raises: ValueError if another version is installed than the lock has.
    """
    found: list[Package] = []
    absent: list[str] = []
    for name, versions in _pins(lock).items():
        try:
            here = distribution(name)
        except PackageNotFoundError:
            absent.append(name)
            continue
        if here.version not in versions:
            raise ValueError(f"{name} {here.version} is installed, the lock has {' or '.join(versions)}")
        found.append(_package(name, here))
    return found, absent


def _pins(lock: Path) -> dict[str, list[str]]:
    """Versions by name; more than one where another Python gets another version."""
    pins: dict[str, list[str]] = {}
    for line in lock.read_text().splitlines():
        if match := _PINNED.match(line):
            pins.setdefault(match[1], []).append(match[2])
    return pins


def _package(name: str, here: Distribution) -> Package:
    files = [file for file in here.files or () if _LICENCE_FILE.search(str(file)) and file.suffix != ".py"]
    texts = tuple((str(file), Path(file.locate()).read_text(errors="replace").strip()) for file in sorted(files))
    return Package(name, here.version, _licence(here), _home(here), texts)


def _licence(here: Distribution) -> str:
    """As its metadata says it: an SPDX expression, else classifiers, else the first line of a free text."""
    metadata = here.metadata
    classified = [c.removeprefix(_CLASSIFIER) for c in metadata.get_all("Classifier") or () if c.startswith("License")]
    free = _field(here, "License").strip().partition("\n")[0][:80]
    return _field(here, "License-Expression") or ", ".join(classified) or free or "not stated; see its project"


def _home(here: Distribution) -> str:
    urls = [url.partition(",")[2].strip() for url in here.metadata.get_all("Project-URL") or ()]
    return _field(here, "Home-page") or (urls[0] if urls else "")


def _field(here: Distribution, name: str) -> str:
    return next(iter(here.metadata.get_all(name) or ()), "")
