"""Names of files that come from outside: relative paths that are safe to write to, on every system."""

import re
from pathlib import PurePosixPath

MAX_NAME = 200
"""Characters; beside a folder of the receiver's own there is room for them in every file system's limit."""

_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"|?*]')


def safe_name(name: str, index: int) -> str:
    """`name` without what leads out of a folder or is a letter of no file system's; without a name, the picture's
    place in its batch, from 1."""
    parts = [_UNSAFE.sub("_", part).strip(" .") for part in name.replace("\\", "/").split("/")]
    kept = "/".join(part for part in parts if part)
    return kept[-MAX_NAME:].lstrip("/. ") or f"image-{index + 1:04d}"


class Names:
    """Hands out each name once; the second of a name gets a number."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def unique(self, name: str, suffix: str) -> str:
        """`name` with this suffix in place of its own."""
        path = PurePosixPath(name)
        stem = str(path.with_suffix("")) if path.suffix else str(path)
        number, found = 1, f"{stem}.{suffix}"
        while found.lower() in self._given:
            number += 1
            found = f"{stem}-{number}.{suffix}"
        self._given.add(found.lower())
        return found
