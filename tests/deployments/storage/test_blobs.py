import asyncio
import os
import uuid
from pathlib import Path

import pytest

from deployments.storage.blobs import INPUTS, RESULTS, BlobStore, input_key, open_blobs, result_key
from tests.deployments.storage.stores import exists

KEY = input_key("task", "0123456789abcdef0123")


@pytest.fixture(params=["file", "memory"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    return open_blobs(f"file://{tmp_path}/blobs" if request.param == "file" else f"memory://{uuid.uuid4().hex}")


def files_under(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


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
    with pytest.raises(OSError, match="No space"):
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
    # Then: the new folder's own name, the bytes, and the name under which they are found
    name = KEY.partition("/")[2]
    assert synced == [("blobs", ["inputs"]), (name, []), ("inputs", [name])]
