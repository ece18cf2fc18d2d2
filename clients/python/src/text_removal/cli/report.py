"""The report: one line of JSON for each file, and for each page that failed. It is what --resume goes by."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

DONE, FAILED = "done", "failed"


@dataclass
class Report:
    """`path` None: nothing is kept. Lines are appended and flushed as things happen, each before its file takes its
    place, so a process that is killed leaves at most a line too many. Of several lines of a file the last counts."""

    path: Path | None
    _earlier: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    _writing: Lock = field(default_factory=Lock)

    @classmethod
    def open(cls, path: Path | None, *, resume: bool) -> "Report":
        report = cls(path)
        if path is None:
            return report
        path.parent.mkdir(parents=True, exist_ok=True)
        if resume and path.exists():
            report._earlier = _read(path)
        else:
            path.write_bytes(b"")
        return report

    def write(self, source: Path, page: str, status: str, **facts: Any) -> None:
        if self.path is None:
            return
        line = {"input": str(source), "page": page or None, "status": status, **facts, **_state(source)}
        with self._writing, self.path.open("ab") as file:
            file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")

    def finished_in_place(self, source: Path) -> bool:
        """It is what an earlier run has made of it."""
        line = self._earlier.get((str(source), ""), {})
        return line.get("status") == DONE and line.get("sha256") == sha256(source.read_bytes())

    def failed_for_good(self, source: Path, page: str = "") -> bool:
        """An earlier run has found it broken, and it has not changed since."""
        line = self._earlier.get((str(source), page), {})
        return bool(
            line.get("status") == FAILED
            and line.get("lasting")
            and {name: line.get(name) for name in ("bytes", "mtime_ns")} == _state(source)
        )

    def failed_pages(self, source: Path) -> int:
        """That an earlier run has found broken for good."""
        pages = [page for path, page in self._earlier if path == str(source) and page]
        return sum(self.failed_for_good(source, page) for page in pages)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _state(source: Path) -> dict[str, int]:
    try:
        found = source.stat()
    except OSError:
        return {"bytes": 0, "mtime_ns": 0}
    return {"bytes": found.st_size, "mtime_ns": found.st_mtime_ns}


def _read(path: Path) -> dict[tuple[str, str], Mapping[str, Any]]:
    """The last line of each file and page. A line that was cut off is ended, and no line."""
    content = path.read_bytes()
    if content and not content.endswith(b"\n"):
        with path.open("ab") as file:
            file.write(b"\n")
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for text in content.split(b"\n"):
        try:
            line = json.loads(text)
            found[line["input"], line["page"] or ""] = line
        except (ValueError, KeyError, TypeError):
            continue
    return found
