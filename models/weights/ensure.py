"""Having a weights file: there and right, or fetched, or one clear error."""

import hashlib
import itertools
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from filelock import FileLock, Timeout

from models.errors import WeightsUnavailable
from models.weights.download import download, part_path
from models.weights.files import WeightsFile, file

log = logging.getLogger(__name__)

SETTLE_S = 10.0
"""A wrong file that changed less than this ago may still be on its way here (someone copies it): leave it alone."""

LOCK_POLL_S = 1.0

Share = Callable[[float], None]


class State(StrEnum):
    PRESENT = "present"
    MISSING = "missing"
    CORRUPT = "corrupt"


def state(wanted: WeightsFile) -> State:
    """Reads the whole file."""
    if not wanted.path.is_file():
        return State.MISSING
    return State.PRESENT if wrong_digest(wanted, wanted.path) is None else State.CORRUPT


def wrong_digest(wanted: WeightsFile, path: Path) -> str | None:
    """What is wrong with the file's checksums; None: both are as they must be. SHA-256 counts where it is known: MD5
    finds broken files, and two different ones of the same MD5 can be made."""
    for algorithm, must in (("md5", wanted.md5), ("sha256", wanted.sha256)):
        if must is not None and (got := digest(path, algorithm)) != must.lower():
            return f"checksum {got} instead of {must.lower()} ({algorithm})"
    return None


def digest(path: Path, algorithm: str) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()


def ensure_all(
    names: Sequence[str], progress: Share | None = None, sha256: Mapping[str, str] | None = None
) -> tuple[Path, ...]:
    """`ensure` for several files; `progress` gets the share of all of them, each file counted alike. `sha256` has what
    the files must have, by their names, beside what is known of them."""

    def share_of_all(index: int) -> Share | None:
        return None if progress is None else lambda share: progress((index + share) / len(names))

    pinned = sha256 or {}
    files = [replace(file(name), pinned_sha256=pinned.get(name)) for name in names]
    return tuple(ensure(wanted, share_of_all(index)) for index, wanted in enumerate(files))


def ensure(wanted: WeightsFile, progress: Share | None = None) -> Path:
    """The path of a file whose checksum is right, downloaded if need be; `progress` (0-1) is called only then.

    Processes of one node that want the same file wait for one download. A wrong file is renamed, never deleted.
    Raises: WeightsUnavailable.
    """
    if state(wanted) is State.PRESENT:
        return wanted.path
    try:
        wanted.path.parent.mkdir(parents=True, exist_ok=True)
        with _only_downloader(wanted, progress):
            return _ensure_alone(wanted, progress)
    except WeightsUnavailable as error:
        log.error("%s (folder: %s)", error.message, wanted.path.parent)
        raise
    except OSError as error:
        log.error("%s: %s", wanted.path, error)
        raise _unavailable(wanted, f"the folder for it cannot be used ({error.strerror})") from error


def _ensure_alone(wanted: WeightsFile, progress: Share | None) -> Path:
    found, remark = state(wanted), "it is missing"
    if found is State.PRESENT:
        return wanted.path
    if found is State.CORRUPT:
        remark = f"the file there was corrupt and is now {_set_aside(wanted)}"
        log.warning("%s has a wrong checksum: %s", wanted.path, remark)
    started = time.monotonic()
    try:
        arrived = download(wanted.url, wanted.path, progress)
    except WeightsUnavailable as error:
        raise _unavailable(wanted, f"{remark}, and it cannot be downloaded: {error.message}") from error
    if (wrong := wrong_digest(wanted, arrived)) is not None:
        arrived.unlink()
        raise _unavailable(wanted, f"{remark}, and the download has {wrong}")
    arrived.replace(wanted.path)
    log.info("fetched %s from %s in %.1f s", wanted.path, wanted.public_url, time.monotonic() - started)
    return wanted.path


def _set_aside(wanted: WeightsFile) -> str:
    """Renames a corrupt file and returns its new name."""
    path = wanted.path
    if time.time() - path.stat().st_mtime < SETTLE_S:
        raise _unavailable(wanted, "the file there is corrupt, or still being written")
    for number in itertools.count(1):
        aside = path.with_name(f"{path.name}.corrupt-{number}")
        if not aside.exists():
            path.rename(aside)
            return aside.name
    raise AssertionError("unreachable")


@contextmanager
def _only_downloader(wanted: WeightsFile, progress: Share | None) -> Iterator[None]:
    """Held by one process of the node. Whoever waits is told how far the other one's download is."""
    lock = FileLock(wanted.path.with_name(f"{wanted.path.name}.lock"))
    while True:
        try:
            with lock.acquire(timeout=LOCK_POLL_S):
                yield
            return
        except Timeout:
            if progress is not None and wanted.size_mb:
                arrived = _size_bytes(part_path(wanted.path)) / (wanted.size_mb * 1e6)
                progress(min(1.0, arrived))


def _size_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _unavailable(wanted: WeightsFile, why: str) -> WeightsUnavailable:
    message = f"weights file {wanted.name} ({wanted.public_url}): {why}"
    return WeightsUnavailable(message, file=wanted.name, url=wanted.public_url)
