"""Files on a local disk that only this service's user may read, and that survive a power cut once they are written."""

import os
import uuid
from pathlib import Path

FOLDER_MODE = 0o700
FILE_MODE = 0o600
"""Clients' pictures and addresses: nobody else on the machine has to read them."""


def make_folder(folder: Path) -> None:
    """With those above it that are missing; one that is there keeps its mode."""
    if folder.exists():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
    sync(folder.parent)


def write(path: Path, data: bytes) -> None:
    """All of it or nothing, under its name: written beside its place, synced, renamed, and the folder synced."""
    make_folder(path.parent)
    beside = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        sync(path.parent)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def keep_private(path: Path) -> None:
    """Make an empty file there if there is none, and let only its owner read it."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, FILE_MODE))
    if path.stat().st_uid == os.getuid():
        path.chmod(FILE_MODE)


def sync(folder: Path) -> None:
    """Until its folder is on the disk, a file's name is not: a power cut would take it away again."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
