"""What an earlier run has left to do."""

from collections.abc import Mapping, Sequence, Set

from deployments.api.replies import suffix_of
from deployments.batch.places import result_path
from deployments.batch.report import Row
from deployments.messages.jobs import OutputFormat

SUFFIXES = tuple(f".{suffix_of(kind.media_type)}" for kind in OutputFormat)
"""A result has one of them."""


def sorted_out(pictures: Sequence[str], told: Mapping[str, Row], written: Set[str]) -> tuple[list[Row], list[str]]:
    """Rows of the pictures that need no more work, and the paths of all others.

    `told` is what earlier runs have reported, `written` the paths of all files in the target. A result that is there
    counts, reported or not: a run may have been killed in between. One that is not there any more is made again. So is
    one that failed for a reason that may have passed.
    """
    settled: list[Row] = []
    waiting: list[str] = []
    for path in pictures:
        row = told.get(path)
        file = next((name for name in (result_path(path, suffix) for suffix in SUFFIXES) if name in written), None)
        if file is not None:
            is_told = row is not None and row["status"] == "completed" and row.get("file") == file
            settled.append(row if is_told and row else {"path": path, "status": "completed", "file": file})
        elif row is not None and row["status"] == "error" and not row.get("again"):
            settled.append(row)
        else:
            waiting.append(path)
    return settled, waiting
