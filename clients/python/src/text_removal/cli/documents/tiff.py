"""TIFF files of several pages, such as scanners and fax machines make."""

import io
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from PIL import Image, TiffImagePlugin, UnidentifiedImageError

from text_removal.cli.documents.document import Pages
from text_removal.cli.problems import Spoiled
from text_removal.files import notes_of, saved
from text_removal.results import Result

BROKEN = (OSError, UnidentifiedImageError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError)
"""What Pillow raises for files it cannot read."""

BILEVEL = ("group3", "group4", "tiff_ccitt")
"""Compressions of black and white only."""


def has_pages(path: Path) -> bool:
    """More than one; also False for what does not open: the service will say what is wrong with it."""
    try:
        with Image.open(path) as image:
            return getattr(image, "n_frames", 1) > 1
    except BROKEN:
        return False


class Tiff:
    """Each page keeps its mode and its compression."""

    format = "png"

    def __init__(self, path: Path) -> None:
        self._image = Image.open(path)
        self._count: int = getattr(self._image, "n_frames", 1)
        self._seeking = Lock()

    @property
    def names(self) -> Sequence[str]:
        return [str(number) for number in range(1, self._count + 1)]

    def page(self, index: int) -> bytes:
        return saved(self._frame(index), "TIFF")

    def finished(self, index: int, result: Result) -> bytes | None:
        return result.content

    def write(self, target: Path, pages: Pages) -> None:
        with TiffImagePlugin.AppendingTiffWriter(str(target), new=True) as file:
            for index in range(self._count):
                frame = self._frame(index)
                content = pages(index)
                new = frame if content is None else _like(frame, content)
                new.save(file, "TIFF", compression=_compression(frame, new), **notes_of(new))
                file.newFrame()

    def close(self) -> None:
        self._image.close()

    def _frame(self, index: int) -> Any:
        try:
            with self._seeking:
                self._image.seek(index)
                frame = self._image.copy()
                frame.info = dict(self._image.info)
                return frame
        except BROKEN as error:
            raise Spoiled(f"page {index + 1} cannot be read: {error}") from error


def _like(frame: Any, content: bytes) -> Any:
    """The picture in the mode of the page it takes the place of, with its notes."""
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        new: Any = image if image.mode == frame.mode or frame.mode == "P" else image.convert(frame.mode)
    new.info = {**frame.info, **{name: value for name, value in new.info.items() if name == "icc_profile"}}
    return new


def _compression(frame: Any, new: Any) -> str:
    used = str(frame.info.get("compression", "raw"))
    if used in BILEVEL and new.mode != "1":
        return "tiff_deflate"
    return used
