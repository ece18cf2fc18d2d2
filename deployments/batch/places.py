"""Where pictures come from and go to: folders, or whatever fsspec has a file system for."""

import contextlib
import os
import uuid
from pathlib import Path, PurePosixPath

import fsspec
from fsspec.implementations.local import LocalFileSystem

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".heif", ".gif"}
)
"""Of files that are taken for pictures; all others are passed over."""

QUARANTINE = "quarantine"
"""The folder in the target for files that are no pictures, whatever their names say."""

PART = ".part"
"""Ends the name of a file that is still being written. No result's name ends so."""

SAME_SUFFIXES = {".jpeg": ".jpg", ".jfif": ".jpg"}


class Place:
    """A folder and all below it; paths are relative to it, with slashes."""

    def __init__(self, url: str) -> None:
        """Raises: ValueError for an unknown scheme, ImportError when its package is not installed."""
        self._files, root = fsspec.core.url_to_fs(url, use_listings_cache=False)
        self._root: str = root.rstrip("/")
        self._local = isinstance(self._files, LocalFileSystem)

    @property
    def folder(self) -> Path | None:
        """None: it is on no local disk."""
        return Path(self._root) if self._local else None

    def inside(self, other: "Place") -> str | None:
        """Its path in another place, "" if it is the same; None if it is not in there."""
        same = type(self._files) is type(other._files) and f"{self._root}/".startswith(f"{other._root}/")
        return self._root[len(other._root) + 1 :] if same else None

    def paths(self) -> list[str]:
        """Of all files, in order; none if there is no such folder."""
        try:
            found: list[str] = self._files.find(self._root)
        except FileNotFoundError:
            return []
        return sorted(path[len(self._root) + 1 :] for path in found)

    def pictures(self, *, without: str | None) -> list[str]:
        """Paths of what is named like a picture; `without` is a folder that is passed over."""
        kept = (path for path in self.paths() if without is None or not f"{path}/".startswith(f"{without}/"))
        return [path for path in kept if PurePosixPath(path).suffix.lower() in SUFFIXES]

    def read(self, path: str) -> bytes:
        """Raises: OSError."""
        data: bytes = self._files.cat_file(f"{self._root}/{path}")
        return data

    def has(self, path: str) -> bool:
        return bool(self._files.exists(f"{self._root}/{path}"))

    def write(self, path: str, data: bytes) -> None:
        """All of it or nothing: object stores do so by themselves. Raises: OSError."""
        place = f"{self._root}/{path}"
        if self._local:
            _write_file(Path(place), data)
        else:
            self._files.makedirs(place.rpartition("/")[0], exist_ok=True)
            self._files.pipe_file(place, data)


def result_path(path: str, suffix: str) -> str:
    """Where the result of a picture goes: the picture's own path, with the suffix (".png") added if it has another. So
    no two pictures share a result, and a result tells its picture."""
    own = PurePosixPath(path).suffix.lower()
    return path if SAME_SUFFIXES.get(own, own) == suffix else path + suffix


def _write_file(place: Path, data: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = place.with_name(f".{uuid.uuid4().hex}{PART}")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # or a power cut could leave an empty file that counts as done
        beside.replace(place)
    finally:
        with contextlib.suppress(FileNotFoundError):
            beside.unlink()
