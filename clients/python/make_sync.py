"""Makes the blocking client of the async one: `python clients/python/make_sync.py`; with `--check` it only compares.

One is written, the other follows: they cannot drift apart, and neither runs an event loop behind its caller's back. All
that differs by more than names is in `io.py`, of which both folders have their own.
"""

import re
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parent / "src" / "text_removal"
SOURCE, TARGET = PACKAGE / "_async", PACKAGE / "_sync"
BY_HAND = {"__init__.py", "io.py"}

NAMES: dict[str, str] = {
    r"\basync (def|with|for)\b": r"\1",
    r"\bawait ": "",
    r"\bAsync([A-Z]\w*)": r"\1",
    r"\b_async\b": "_sync",
    r"\b__a(enter|exit)__": r"__\1__",
    r"\baclos(e|ing)\b": r"clos\1",
    r"\ba(iter_lines|read)\b": r"\1",
}
HEADS = {
    "Its blocking twin in `_sync` is made of this file by `make_sync.py`.": "Made of its twin in `_async` by "
    "`make_sync.py`: change that one.",
}


def made(source: Path) -> str:
    """The blocking twin of a file, as the formatter leaves it."""
    text = source.read_text()
    for old, new in HEADS.items():
        text = text.replace(old, new)
    for pattern, twin in NAMES.items():
        text = re.sub(pattern, twin, text)
    for command in (["check", "--quiet", "--fix", "--exit-zero", "-"], ["format", "--quiet", "-"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(TARGET / source.name)]
        done = subprocess.run(ruff, input=text, capture_output=True, text=True, check=True)
        text = done.stdout
    return text


def sources() -> list[Path]:
    return [path for path in sorted(SOURCE.glob("*.py")) if path.name not in BY_HAND]


def stale() -> list[str]:
    """Files of `_sync` that are not what their twin says."""
    return [
        path.name
        for path in sources()
        if not (TARGET / path.name).exists() or (TARGET / path.name).read_text() != made(path)
    ]


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(f"run {Path(__file__).name}: {', '.join(stale())}" if stale() else 0)
    for path in sources():
        (TARGET / path.name).write_text(made(path))
