"""Archives of pictures: zip, and comics as cbz."""

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from threading import Lock

from text_removal.cli.documents.document import Pages
from text_removal.cli.documents.picture import PICTURES, Picture
from text_removal.cli.problems import Spoiled
from text_removal.files import converted
from text_removal.results import Result

MAX_MEMBER_BYTES = 500_000_000
"""Ten times what the service takes by default: whoever says more of itself is a bomb."""

BROKEN = (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, ValueError, zlib.error)
"""What zipfile raises for archives that are broken, encrypted, or coded as it cannot read."""


class Archive:
    """Its pictures; all else in it is copied as it is. Nothing is ever unpacked under a name from the archive."""

    def __init__(self, path: Path, format: str) -> None:
        self.format = format
        self._reading = Lock()
        try:
            self._zip = zipfile.ZipFile(path)
        except BROKEN as error:
            raise Spoiled(f"is no readable archive: {error}") from error
        self._pictures = [
            member
            for member in self._zip.infolist()
            if not member.is_dir()
            and PurePosixPath(member.filename).suffix.lower() in PICTURES
            and not PurePosixPath(member.filename).name.startswith(".")
        ]

    @property
    def names(self) -> Sequence[str]:
        return [member.filename for member in self._pictures]

    def page(self, index: int) -> bytes:
        return self._content(self._pictures[index])

    def finished(self, index: int, result: Result) -> bytes | None:
        return converted(result.content, result.media_type, PurePosixPath(self._target_name(index)).suffix)

    def write(self, target: Path, pages: Pages) -> None:
        indices = {member.filename: index for index, member in enumerate(self._pictures)}
        with zipfile.ZipFile(target, "w") as file:
            file.comment = self._zip.comment
            for member in self._zip.infolist():
                index = indices.get(member.filename)
                content = None if index is None else pages(index)
                name = member.filename if index is None or content is None else self._target_name(index)
                copy = zipfile.ZipInfo(name, member.date_time)
                copy.compress_type = member.compress_type
                copy.external_attr = member.external_attr
                copy.comment = member.comment
                file.writestr(copy, self._content(member) if content is None else content)

    def close(self) -> None:
        self._zip.close()

    def _target_name(self, index: int) -> str:
        return Picture.target_name(self._pictures[index].filename, self.format)

    def _content(self, member: zipfile.ZipInfo) -> bytes:
        if member.file_size > MAX_MEMBER_BYTES:
            raise Spoiled(f"says it has {member.file_size} bytes", "too_large")
        try:
            with self._reading:
                return self._zip.read(member)
        except BROKEN as error:
            raise Spoiled(f"cannot be unpacked: {error}") from error
