"""Results on disk, one JSON object a line, written as they come: an interrupted run loses nothing."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def append(path: Path | None, record: Mapping[str, Any]) -> None:
    """Without a path nothing is written."""
    if path is not None:
        with path.open("a") as file:
            file.write(json.dumps(record) + "\n")


def read(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """All records in order. A last line cut off by a crash is left out.

    Raises: ValueError with the file and the line for any other line that is not JSON.
    """
    records = []
    for path in paths:
        lines = path.read_text().splitlines()
        for number, line in enumerate(lines, 1):
            try:
                records.append(json.loads(line))
            except ValueError:
                if number < len(lines):
                    raise ValueError(f"{path}:{number} is not JSON") from None
    return records
