"""Zip files of pictures, bounded: nothing in them can make the service hold more than it would take as a body."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

from deployments.api.batches.pictures import Picture
from deployments.api.errors import MalformedBody
from deployments.messages.batch import MAX_ITEMS
from models.errors import ImageTooLarge, InvalidImage

MAX_RATIO = 200
"""How many bytes one may become. Deflate makes 1032 of one at most; a picture's file hardly shrinks at all."""

MAX_DIRECTORY_BYTES = MAX_ITEMS * 1024
"""Of the list of entries, which is read as a whole: an entry takes 46 bytes and its name."""

SIGNATURE = b"PK\x03\x04"
_END = struct.Struct("<4s4H2LH")
_END_SIGNATURE = b"PK\x05\x06"
_ZIP64_LOCATOR = b"PK\x06\x07"
_LOCATOR_BYTES = 20
_MAX_COMMENT = 65_535
_ENCRYPTED = 0x1


class Room:
    """How much all zips of one request may hold, unpacked."""

    def __init__(self, limit_bytes: int, max_file_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._left = limit_bytes
        self.max_file_bytes = max_file_bytes

    def take(self, size: int) -> None:
        """Raises: ImageTooLarge."""
        self._left -= size
        if self._left < 0:
            limit = self._limit_bytes
            raise ImageTooLarge(f"the zip unpacks to more than the limit of {limit} bytes", limit_bytes=limit)


def is_zip(content: bytes | bytearray) -> bool:
    """No picture's format begins so."""
    return content[:4] in (SIGNATURE, _END_SIGNATURE)


def pictures_in(content: bytes | bytearray, room: Room) -> Iterator[Picture]:
    """One picture for each file; one that cannot be read has its error instead. Folders, hidden files and what macOS
    adds are passed over.

    Raises: MalformedBody if it is no zip that can be read here; ImageTooLarge if all of it is too much.
    """
    _check_directory(content)
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error):
        raise MalformedBody("the zip cannot be read") from None
    with archive:
        entries = [entry for entry in archive.infolist() if not _passed_over(entry)]
        if len(entries) > MAX_ITEMS:
            raise ImageTooLarge(f"the zip has {len(entries)} files; {MAX_ITEMS} are taken", limit=MAX_ITEMS)
        for entry in entries:
            try:
                picture = Picture(entry.filename, {"image": _unpacked(archive, entry, room)})
            except InvalidImage as error:
                picture = Picture(entry.filename, error=error)
            yield picture


def _passed_over(entry: zipfile.ZipInfo) -> bool:
    parts = entry.filename.split("/")
    return entry.is_dir() or parts[0] == "__MACOSX" or any(part[:1] == "." and part.strip(".") for part in parts)


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, room: Room) -> bytes:
    """Raises: InvalidImage; ImageTooLarge if there is no room left for it."""
    if entry.flag_bits & _ENCRYPTED:
        raise InvalidImage("the file is encrypted in its zip", field="image")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise InvalidImage("the file is packed in another way than deflate", field="image")
    most = min(room.max_file_bytes, MAX_RATIO * max(1, entry.compress_size))
    try:
        with archive.open(entry) as file:
            content = file.read(most + 1)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, ValueError):
        raise InvalidImage("the file cannot be unpacked from its zip", field="image") from None
    room.take(len(content))  # also what is refused: it was work
    if len(content) > most:
        raise InvalidImage(f"the file unpacks to more than the {most} bytes that are taken", field="image")
    if is_zip(content):
        raise InvalidImage("a zip within a zip is not opened", field="image")
    return content


def _check_directory(content: bytes | bytearray) -> None:
    """Before Python's zipfile reads the whole list of entries. Raises: MalformedBody."""
    place = content.rfind(_END_SIGNATURE, max(0, len(content) - _MAX_COMMENT - _END.size))
    if place < 0 or place + _END.size > len(content):
        raise MalformedBody("the zip cannot be read")
    directory_bytes = _END.unpack_from(content, place)[5]
    if content[max(0, place - _LOCATOR_BYTES) :][:4] == _ZIP64_LOCATOR or directory_bytes > MAX_DIRECTORY_BYTES:
        raise MalformedBody(f"the zip lists more than the {MAX_ITEMS} files that are taken")
