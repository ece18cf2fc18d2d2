"""Where image bytes of tasks wait: inputs until the task ends, results until they expire. Any fsspec URL."""

import asyncio
import contextlib
import os
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

INPUTS = "inputs"
RESULTS = "results"

_KEY = re.compile(rf"(?:{INPUTS}|{RESULTS})/[A-Za-z0-9._-]{{1,128}}~[A-Za-z0-9.]{{1,64}}")


def input_key(task_id: str, digest: str) -> str:
    """The digest keeps a second job that wrongly uses the id of a first from overwriting the first one's input."""
    return f"{INPUTS}/{task_id}~{digest[:16]}"


def result_key(task_id: str, digest: str, attempt: int) -> str:
    """By attempt, so that one given up for dead but still at work cannot overwrite the result of a later one."""
    return f"{RESULTS}/{task_id}~{digest[:16]}.{attempt}"


@dataclass(frozen=True, slots=True)
class Blob:
    """`modified_at` is epoch seconds."""

    key: str
    modified_at: float

    @property
    def task_id(self) -> str:
        return self.key.partition("/")[2].rpartition("~")[0]


class BlobStore:
    """Whole blobs by key; keys are made by `input_key` and `result_key` only, so none can leave the folder.

    A blob is there entirely or not at all: a file is written beside its place, synced, renamed, and its folder synced;
    object stores and memory do the same by themselves. Calls run in threads.
    """

    def __init__(self, filesystem: Any, root: str) -> None:
        self._filesystem = filesystem
        self._root = root.rstrip("/")

    async def put(self, key: str, data: bytes) -> None:
        write = _write_file if isinstance(self._filesystem, LocalFileSystem) else self._pipe
        await asyncio.to_thread(write, self._path(key), data)

    async def get(self, key: str) -> bytes:
        """Raises: FileNotFoundError."""
        data: bytes = await asyncio.to_thread(self._filesystem.cat_file, self._path(key))
        return data

    async def delete(self, key: str) -> None:
        """Deleting what is not there is fine."""
        with contextlib.suppress(FileNotFoundError):
            await asyncio.to_thread(self._filesystem.rm_file, self._path(key))

    async def list(self, kind: str) -> tuple[Blob, ...]:
        """Everything of `kind` (`INPUTS` or `RESULTS`), also what a dead process left half-written."""
        return await asyncio.to_thread(self._list, kind)

    def _path(self, key: str) -> str:
        if not _KEY.fullmatch(key):
            raise ValueError(f"not a blob's key: {key!r}")
        return f"{self._root}/{key}"

    def _pipe(self, path: str, data: bytes) -> None:
        self._filesystem.makedirs(path.rpartition("/")[0], exist_ok=True)
        self._filesystem.pipe_file(path, data)

    def _list(self, kind: str) -> tuple[Blob, ...]:
        try:
            entries: list[dict[str, Any]] = self._filesystem.ls(f"{self._root}/{kind}", detail=True)
        except FileNotFoundError:
            return ()
        named = ((f"{kind}/{entry['name'].rpartition('/')[2]}", entry) for entry in entries)
        return tuple(Blob(key, _modified_at(entry)) for key, entry in named if _KEY.fullmatch(key))


def open_blobs(url: str) -> BlobStore:
    """Any fsspec URL, `file:///folder` or `memory://name` for instance; what it needs is in its own package (s3fs).

    Raises: ValueError for an unknown scheme, ImportError when its package is not installed.
    """
    filesystem, root = fsspec.core.url_to_fs(url, use_listings_cache=False)
    return BlobStore(filesystem, root)


def _write_file(path: str, data: bytes) -> None:
    place = Path(path)
    if not place.parent.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        _sync(place.parent.parent)
    beside = place.with_name(f"{place.name}.{uuid.uuid4().hex}")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(place)
        _sync(place.parent)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _sync(folder: Path) -> None:
    """Until its folder is on the disk, a file's name is not: a power cut would take it away again."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _modified_at(entry: dict[str, Any]) -> float:
    """Filesystems name it differently; one that does not say counts as new, so that nothing is taken for stale."""
    moment = entry.get("mtime") or entry.get("LastModified") or entry.get("last_modified") or entry.get("created")
    if isinstance(moment, datetime):
        return moment.timestamp()
    return float(moment) if isinstance(moment, int | float) else datetime.now(UTC).timestamp()
