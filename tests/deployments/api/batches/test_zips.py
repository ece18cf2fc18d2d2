"""Zips of pictures, good and hostile."""

import io
import struct
import zipfile
from collections.abc import Callable

import pytest

from deployments.api.batches import zips
from deployments.api.batches.pictures import Picture
from deployments.api.batches.zips import Room, is_zip, pictures_in
from deployments.api.errors import MalformedBody
from models.errors import ImageTooLarge
from tests.pictures import encoded, photo

PICTURE = encoded(photo(16, 12))
MIB = 2**20


def zipped(*files: tuple[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", how) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return packed.getvalue()


def read(content: bytes, limit: int = MIB, max_file: int = MIB) -> list[Picture]:
    return list(pictures_in(content, Room(limit, max_file)))


def test_each_file_is_a_picture_and_what_systems_add_is_none() -> None:
    content = zipped(
        ("a.png", PICTURE), ("sub/", b""), ("sub/b.png", PICTURE), ("__MACOSX/._a.png", b"x"), (".DS_Store", b"x")
    )

    pictures = read(content)

    assert is_zip(content)
    assert [(picture.name, picture.fields, picture.error) for picture in pictures] == [
        ("a.png", {"image": PICTURE}, None),
        ("sub/b.png", {"image": PICTURE}, None),
    ]


def encrypted() -> bytes:
    content = bytearray(zipped(("a.png", PICTURE)))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    return bytes(content)


def corrupt() -> bytes:
    content = bytearray(zipped(("a.png", PICTURE), how=zipfile.ZIP_STORED))
    content[content.index(PICTURE) + 20] ^= 0xFF
    return bytes(content)


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (encrypted, "encrypted"),
        (corrupt, "cannot be unpacked"),
        (lambda: zipped(("a.zip", zipped(("b.png", PICTURE)))), "zip within a zip"),
        (lambda: zipped(("a.png", bytes(MIB))), "unpacks to more"),
        (lambda: zipped(("a.png", PICTURE), how=zipfile.ZIP_LZMA), "another way"),
    ],
)
def test_a_file_that_cannot_be_taken_is_an_item_with_an_error(make: Callable[[], bytes], word: str) -> None:
    with zipfile.ZipFile(io.BytesIO(make())) as archive:
        assert len(archive.infolist()) == 1

    (picture,) = read(make(), limit=4 * MIB)

    assert picture.fields == {}
    assert picture.error is not None
    assert word in picture.error.message
    assert picture.error.details["field"] == "image"


def test_a_file_over_the_limit_of_files_is_not_unpacked_any_further() -> None:
    (picture,) = read(zipped(("a.bmp", bytes(range(256)) * 40)), max_file=5000)
    assert picture.error is not None
    assert "5000" in picture.error.message


def test_all_files_together_may_not_be_too_much_be_they_taken_or_not() -> None:
    large = zipped(*((f"{n}.bmp", bytes(range(256)) * 40) for n in range(10)))

    with pytest.raises(ImageTooLarge):
        read(large, limit=50_000)
    with pytest.raises(ImageTooLarge):
        read(large, limit=50_000, max_file=9_000)


def test_too_many_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zips, "MAX_ITEMS", 3)
    with pytest.raises(ImageTooLarge, match="4 files"):
        read(zipped(*((f"{n}.png", PICTURE) for n in range(4))))


def with_directory_of(size: int) -> bytes:
    content = bytearray(zipped(("a.png", PICTURE)))
    struct.pack_into("<L", content, content.index(b"PK\x05\x06") + 12, size)
    return bytes(content)


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04",
        b"PK\x05\x06",
        b"not a zip",
        zipped(("a.png", PICTURE))[:-30],
        with_directory_of(2**31),
        with_directory_of(60_000),
        zipped(("a.png", PICTURE)).replace(b"PK\x01\x02", b"PK\x01\x03"),
        zipped(("a.png", PICTURE)).replace(b"PK\x05\x06", b"PK\x06\x07" + bytes(16) + b"PK\x05\x06"),
    ],
)
def test_what_is_no_zip_or_lists_too_much_is_malformed(content: bytes) -> None:
    with pytest.raises(MalformedBody):
        read(content)
