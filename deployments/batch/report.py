"""What became of each picture: lines of JSON, added to as they come, and read again by the next run."""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

Row = dict[str, Any]
"""`path`, `status` (completed or error), `file` in the target, and of an error `error`, `message`, `field` and `again`:
whether another run may do better."""


class Report:
    """Appends; every line is handed to the system at once, so that a killed run has told all it knew."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def rows(self) -> dict[str, Row]:
        """The last row of each picture. A line that was cut short is passed over."""
        return {row["path"]: row for row in self._read() if {"path", "status"} <= row.keys()}

    def _read(self) -> Iterator[Row]:
        if not self._path.exists():
            return
        with self._path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                with suppress(ValueError):
                    row = json.loads(line)
                    yield row if isinstance(row, dict) else {}

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("a", encoding="utf-8", buffering=1)
        if self._file.tell():
            self._file.write("\n")  # the last line may have been cut short; an empty one harms nobody
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, row: Row) -> None:
        self._file.write(json.dumps(row, ensure_ascii=False) + "\n")

    def add_missing(self, rows: Iterable[Row]) -> None:
        """Those that are not there yet, word for word."""
        there = self.rows()
        for row in rows:
            if there.get(row["path"]) != row:
                self.add(row)
