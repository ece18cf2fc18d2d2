"""How the task tracker is, as it says itself."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrackerStatus:
    """`fault` says why no task can run, `blob_fault` why their images cannot be stored; None: all is well. `unreadable`
    counts records in the store that this release cannot read, and keeps."""

    fault: str | None = None
    blob_fault: str | None = None
    unreadable: int = 0
