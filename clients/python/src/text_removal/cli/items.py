"""Which files are meant, and where each result goes."""

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from text_removal.cli.documents import SUFFIXES, target_name
from text_removal.cli.problems import Stop
from text_removal.files import PART


@dataclass(frozen=True)
class Item:
    """`name` is the path below the folder it was found in, "/" between its parts."""

    source: Path
    name: str
    target: Path


@dataclass(frozen=True)
class Place:
    """Where results go: into the folder `output`, or for a single picture into that file; None: in place."""

    output: Path | None
    format: str
    suffix: str = ""
    """Of all results, instead of what follows from `format`."""

    def target(self, name: str, source: Path) -> Path:
        renamed = str(Path(name).with_suffix(self.suffix)) if self.suffix else target_name(name, self.format)
        return source.with_name(Path(renamed).name) if self.output is None else self.output / renamed


def items(paths: Sequence[str], place: Place, *, recursive: bool) -> list[Item]:
    """Files of the given files, folders and patterns. Folders keep their tree below the output; where several are
    given, each under its own name.

    Raises: Stop for what is not there, for two inputs of one result, and for a result that would overwrite an input.
    """
    given = [path for pattern in paths for path in _expanded(pattern)]
    folders = [path for path in given if path.is_dir()]
    found: dict[Path, Item] = {}
    for path in given:
        below = f"{path.resolve().name}/" if len(folders) > 1 and path.is_dir() else ""
        for source, name in _files(path, recursive, place.output):
            found.setdefault(source.resolve(), Item(source, below + name, place.target(below + name, source)))
    chosen = list(found.values())
    if len(chosen) == 1 and not folders and place.output is not None and is_file(place.output):
        chosen = [Item(chosen[0].source, chosen[0].name, place.output)]
    _check(chosen, in_place=place.output is None)
    return chosen


def is_file(output: Path) -> bool:
    """As opposed to a folder, there or to be made."""
    return output.suffix.lower() in SUFFIXES and not output.is_dir()


def wanted(path: Path, output: Path | None) -> bool:
    """A file that holds pictures, and is neither hidden nor a result."""
    if path.suffix.lower() not in SUFFIXES or path.name.startswith(".") or path.name.endswith(PART):
        return False
    return output is None or not path.resolve().is_relative_to(output.resolve())


def _expanded(pattern: str) -> list[Path]:
    path = Path(pattern)
    if path.exists():
        return [path]
    found = sorted(glob.glob(pattern, recursive=True)) if glob.has_magic(pattern) else []  # noqa: PTH207  may be absolute
    if not found:
        raise Stop(f"{pattern}: there is no such file or folder")
    return [Path(name) for name in found]


def _files(path: Path, recursive: bool, output: Path | None) -> Iterator[tuple[Path, str]]:
    if not path.is_dir():
        if path.suffix.lower() not in SUFFIXES:
            raise Stop(f"{path}: files called so are not known to hold pictures")
        yield path, path.name
        return
    for file in sorted(path.rglob("*") if recursive else path.iterdir()):
        hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
        if wanted(file, output) and not hidden and file.is_file():
            yield file, file.relative_to(path).as_posix()


def _check(chosen: Sequence[Item], *, in_place: bool) -> None:
    sources = {item.source.resolve() for item in chosen}
    targets: dict[Path, Item] = {}
    for item in chosen:
        target = item.target.resolve()
        if target in targets:
            raise Stop(f"{targets[target].source} and {item.source} would both become {item.target}")
        targets[target] = item
        if target in sources and not in_place:
            raise Stop(f"{item.target} would overwrite an input; say --in-place if you mean it")
        if in_place and target != item.source.resolve():
            raise Stop(f"{item.source}: cannot be written as what it is, so not in place; give an --output")
