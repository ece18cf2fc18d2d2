"""Where image bytes of tasks wait: inputs until the task ends, results until they expire. Any fsspec URL."""

import asyncio
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import fsspec
from fsspec.implementations.local import LocalFileSystem

from deployments.errors import StoreUnavailable
from deployments.storage import local_files

T = TypeVar("T")

INPUTS = "inputs"
RESULTS = "results"

PROBE = f"{INPUTS}/probe~0"
"""No task's: the digest in a task's key is longer."""

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

    Every method may raise StoreUnavailable: a full disk, a forbidden folder, an object store that does not answer. All
    of that may pass, and repeating the call is safe.
    """

    def __init__(self, filesystem: Any, root: str, failed: Callable[[], None] = lambda: None) -> None:
        """`failed` is called for every call that fails."""
        self._failed = failed
        self._filesystem = filesystem
        self._root = root.rstrip("/")
        self._local = isinstance(filesystem, LocalFileSystem)

    async def put(self, key: str, data: bytes) -> None:
        path = self._path(key)
        await self._in_thread("written", lambda: self._write(path, data))

    async def get(self, key: str) -> bytes:
        """Raises: FileNotFoundError."""
        path = self._path(key)
        data: bytes | None = await self._in_thread("read", lambda: self._found(lambda: self._filesystem.cat_file(path)))
        if data is None:
            raise FileNotFoundError(key)
        return data

    async def delete(self, key: str) -> None:
        """Deleting what is not there is fine."""
        path = self._path(key)
        await self._in_thread("written", lambda: self._found(lambda: self._filesystem.rm_file(path)))

    async def list(self, kind: str) -> tuple[Blob, ...]:
        """Everything of `kind` (`INPUTS` or `RESULTS`), also what a dead process left half-written."""
        return await self._in_thread("read", lambda: self._list(kind))

    async def check(self, room_bytes: int) -> None:
        """Try it out; a folder that was deleted is made anew. On a local disk there must be `room_bytes` left.

        Raises: StoreUnavailable.
        """
        await self.put(PROBE, b"")
        await self.delete(PROBE)
        if self._local:
            free = await self._in_thread("read", lambda: shutil.disk_usage(self._root).free)
            if free < room_bytes:
                raise StoreUnavailable(f"the disk of the blob store is nearly full: {free // 2**20} MiB are left")

    async def _in_thread(self, done: str, call: Callable[[], T]) -> T:
        """Raises: StoreUnavailable for whatever goes wrong: each object store's client has errors of its own."""
        try:
            return await asyncio.to_thread(call)
        except Exception as error:
            self._failed()
            reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            raise StoreUnavailable(f"the blob store cannot be {done} ({reason})") from error

    def _path(self, key: str) -> str:
        if not _KEY.fullmatch(key):
            raise ValueError(f"not a blob's key: {key!r}")
        return f"{self._root}/{key}"

    def _write(self, path: str, data: bytes) -> None:
        if self._local:
            local_files.write(Path(path), data)
        else:
            self._filesystem.makedirs(path.rpartition("/")[0], exist_ok=True)
            self._filesystem.pipe_file(path, data)

    @staticmethod
    def _found(call: Callable[[], T]) -> T | None:
        try:
            return call()
        except FileNotFoundError:
            return None

    def _list(self, kind: str) -> tuple[Blob, ...]:
        entries: Any = self._found(lambda: self._filesystem.ls(f"{self._root}/{kind}", detail=True)) or ()
        named = ((f"{kind}/{entry['name'].rpartition('/')[2]}", entry) for entry in entries)
        return tuple(Blob(key, _modified_at(entry)) for key, entry in named if _KEY.fullmatch(key))


def open_blobs(url: str, failed: Callable[[], None] = lambda: None) -> BlobStore:
    """Any fsspec URL, `file:///folder` or `memory://name` for instance; what it needs is in its own package (s3fs).

    Raises: ValueError for an unknown scheme, ImportError when its package is not installed.
    """
    filesystem, root = fsspec.core.url_to_fs(url, use_listings_cache=False)
    return BlobStore(filesystem, root, failed)


def _modified_at(entry: dict[str, Any]) -> float:
    """Filesystems name it differently; one that does not say counts as new, so that nothing is taken for stale."""
    moment = entry.get("mtime") or entry.get("LastModified") or entry.get("last_modified") or entry.get("created")
    if isinstance(moment, datetime):
        return moment.timestamp()
    return float(moment) if isinstance(moment, int | float) else datetime.now(UTC).timestamp()
