import asyncio
import os
import shutil
import stat
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import pytest

from deployments.errors import StoreUnavailable
from deployments.storage.blobs import INPUTS, RESULTS, BlobStore, input_key, open_blobs, result_key
from deployments.storage.watching import BlobWatch
from tests.deployments.storage.stores import exists

KEY = input_key("task", "0123456789abcdef0123")


@pytest.fixture(params=["file", "memory"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    return open_blobs(f"file://{tmp_path}/blobs" if request.param == "file" else f"memory://{uuid.uuid4().hex}")


def files_under(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def modes_under(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}


async def test_what_was_put_is_got(blobs: BlobStore) -> None:
    await blobs.put(KEY, b"\x00image\xff")

    assert await blobs.get(KEY) == b"\x00image\xff"
    assert await exists(blobs, KEY)


async def test_a_second_put_replaces_the_first(blobs: BlobStore) -> None:
    await blobs.put(KEY, b"first, and longer")
    await blobs.put(KEY, b"second")

    assert await blobs.get(KEY) == b"second"
    assert [blob.key for blob in await blobs.list(INPUTS)] == [KEY]


async def test_what_is_not_there_is_not_found(blobs: BlobStore) -> None:
    with pytest.raises(FileNotFoundError):
        await blobs.get(KEY)
    assert not await exists(blobs, KEY)
    assert await blobs.list(INPUTS) == ()


async def test_a_deleted_blob_is_gone_and_may_be_deleted_again(blobs: BlobStore) -> None:
    await blobs.put(KEY, b"x")

    await blobs.delete(KEY)
    await blobs.delete(KEY)

    assert not await exists(blobs, KEY)


async def test_blobs_are_listed_by_kind_with_their_task(blobs: BlobStore) -> None:
    await blobs.put(input_key("a.b-c", "0" * 64), b"x")
    await blobs.put(result_key("task", "1" * 64, 2), b"y")

    (found,) = await blobs.list(INPUTS)
    (result,) = await blobs.list(RESULTS)

    assert found.task_id == "a.b-c"
    assert (result.key, result.task_id) == (f"results/task~{'1' * 16}.2", "task")
    assert result.modified_at > 0


@pytest.mark.parametrize("task_id", [".", "..", "...", "-", "a" * 128, "A.b_c-9", ".hidden"])
async def test_every_legal_task_id_is_a_safe_key(tmp_path: Path, task_id: str) -> None:
    blobs = open_blobs(f"file://{tmp_path}/blobs")

    await blobs.put(input_key(task_id, "f" * 64), b"in")
    await blobs.put(result_key(task_id, "f" * 64, 1), b"out")

    assert await blobs.get(input_key(task_id, "f" * 64)) == b"in"
    assert len(files_under(tmp_path / "blobs" / "inputs")) == 1
    assert len(files_under(tmp_path)) == 2


@pytest.mark.parametrize(
    "key", ["inputs/../../x~0", "inputs/a/b~0", "other/a~0", "inputs/a", "/etc/a~0", "inputs/a~0\n"]
)
async def test_a_key_that_could_leave_the_folder_is_refused(blobs: BlobStore, key: str) -> None:
    with pytest.raises(ValueError, match="not a blob's key"):
        await blobs.put(key, b"x")
    with pytest.raises(ValueError, match="not a blob's key"):
        await blobs.get(key)


async def test_jobs_that_share_an_id_and_attempts_that_share_a_task_do_not_share_a_blob() -> None:
    assert input_key("a", "0" * 64) != input_key("a", "1" * 64)
    assert result_key("a", "0" * 64, 1) != result_key("a", "0" * 64, 2)


async def test_a_write_that_fails_leaves_the_old_blob_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = open_blobs(f"file://{tmp_path}")
    await blobs.put(KEY, b"old")

    def full_disk(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(StoreUnavailable, match=r"cannot be written \(No space left on device\)$"):
        await blobs.put(KEY, b"new")
    monkeypatch.undo()

    assert await blobs.get(KEY) == b"old"
    assert [path.name for path in files_under(tmp_path)] == [KEY.partition("/")[2]]


async def test_concurrent_readers_see_a_whole_blob_while_it_is_replaced(tmp_path: Path) -> None:
    blobs = open_blobs(f"file://{tmp_path}")
    versions = [bytes([value]) * 200_000 for value in range(8)]
    await blobs.put(KEY, versions[0])

    writes = asyncio.gather(*(blobs.put(KEY, version) for version in versions))
    reads = [await blobs.get(KEY) for _ in range(20)]
    await writes

    assert all(read in versions for read in reads)


def test_a_url_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        open_blobs("nonsense://x")


async def test_a_file_and_the_name_it_got_last_are_on_the_disk_before_put_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    synced: list[tuple[str, list[str]]] = []
    real = os.fsync

    def watched(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").resolve()
        synced.append((path.name.partition(".")[0], sorted(p.name for p in path.iterdir()) if path.is_dir() else []))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    # When
    await open_blobs(f"file://{tmp_path}/blobs").put(KEY, b"x")
    # Then: the new folders' own names, the bytes, and the name under which they are found
    name = KEY.partition("/")[2]
    assert synced[0][1] == ["blobs"]
    assert synced[1:] == [("blobs", ["inputs"]), (name, []), ("inputs", [name])]


class ConnectionFailed(Exception):
    """As the clients of object stores have them: no OSError."""


class Broken(fsspec.AbstractFileSystem):  # type: ignore[misc]
    """An object store whose every call fails with `error`."""

    protocol = "broken"
    cachable = False

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def _fail(self, *_: Any, **__: Any) -> Any:
        raise self.error

    ls = cat_file = pipe_file = rm_file = makedirs = _fail


CALLS: dict[str, Callable[[BlobStore], Any]] = {
    "put": lambda blobs: blobs.put(KEY, b"x"),
    "get": lambda blobs: blobs.get(KEY),
    "delete": lambda blobs: blobs.delete(KEY),
    "list": lambda blobs: blobs.list(RESULTS),
    "check": lambda blobs: blobs.check(0),
}


@pytest.mark.parametrize(
    "error", [ConnectionFailed("s3.internal"), PermissionError(13, "denied", "/secret"), OSError()]
)
@pytest.mark.parametrize("call", CALLS)
async def test_whatever_an_object_store_raises_is_a_store_that_is_unavailable(call: str, error: Exception) -> None:
    failures: list[None] = []
    blobs = BlobStore(Broken(error), "bucket/secret", lambda: failures.append(None))

    with pytest.raises(StoreUnavailable, match="the blob store cannot be") as caught:
        await CALLS[call](blobs)

    assert len(failures) == 1

    assert caught.value.__cause__ is error
    assert "secret" not in caught.value.message
    assert "s3.internal" not in caught.value.message


async def test_a_bucket_that_is_gone_is_no_missing_blob_when_something_is_written() -> None:
    with pytest.raises(StoreUnavailable):
        await BlobStore(Broken(FileNotFoundError("no such bucket")), "bucket").put(KEY, b"x")


async def test_only_the_owner_may_read_what_is_stored(tmp_path: Path) -> None:
    blobs = open_blobs(f"file://{tmp_path}/data/blobs")

    await blobs.put(KEY, b"x")

    modes = modes_under(tmp_path)
    assert modes.pop(KEY.partition("/")[2]) == 0o600
    assert modes == {"data": 0o700, "blobs": 0o700, "inputs": 0o700}


async def test_a_check_makes_a_deleted_folder_anew_and_leaves_nothing_in_it(tmp_path: Path) -> None:
    blobs = open_blobs(f"file://{tmp_path}/data/blobs")
    await blobs.put(KEY, b"x")
    shutil.rmtree(tmp_path / "data")

    await blobs.check(0)

    assert await blobs.list(INPUTS) == ()
    assert (tmp_path / "data" / "blobs").is_dir()


async def test_a_disk_without_room_for_the_next_image_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="nearly full"):
        await open_blobs(f"file://{tmp_path}").check(2**60)


async def test_a_watch_says_what_is_wrong_until_it_is_right_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # Given
    watch = BlobWatch(open_blobs(f"file://{tmp_path}"), 0)
    await watch.look()
    assert watch.fault is None
    # When
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    await watch.look()
    await watch.look()
    # Then
    assert watch.fault == "the blob store cannot be written (No space left on device)"
    monkeypatch.setattr(os, "fsync", real)
    await watch.look()
    assert watch.fault is None
    assert [record.message for record in caplog.records if record.name.endswith("watching")] == [
        "the blob store cannot be written (No space left on device)",
        "the blob store can be used again",
    ]


async def test_a_store_that_hangs_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deployments.storage.watching.CHECK_S", 0.01)

    class Hanging:
        async def check(self, room_bytes: int) -> None:
            await asyncio.Event().wait()

    watch = BlobWatch(Hanging(), 0)  # type: ignore[arg-type]
    await watch.look()

    assert watch.fault == "the blob store does not answer"
