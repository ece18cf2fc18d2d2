"""A file that is one picture."""

from collections.abc import Sequence
from pathlib import Path

from text_removal.cli.documents.document import Pages
from text_removal.cli.problems import Spoiled
from text_removal.files import FORMATS, converted
from text_removal.results import Result

PICTURES = (*FORMATS, ".heic", ".heif")
NEVER_WRITTEN = (".heic", ".heif")


class Picture:
    """The suffix of `target` says what it becomes in the end."""

    def __init__(self, path: Path, target: Path, format: str) -> None:
        self._path = path
        self._target = target
        self.format = format

    @staticmethod
    def target_name(name: str, format: str) -> str:
        """The same name, with the suffix of what it becomes."""
        suffix = Path(name).suffix
        if format == "same":
            return str(Path(name).with_suffix(".jpg")) if suffix.lower() in NEVER_WRITTEN else name
        wanted = ".jpg" if format == "jpeg" else f".{format}"
        same = FORMATS.get(suffix.lower()) == FORMATS[wanted]
        return name if same else str(Path(name).with_suffix(wanted))

    @property
    def names(self) -> Sequence[str]:
        return [""]

    def page(self, index: int) -> bytes:
        try:
            return self._path.read_bytes()
        except OSError as error:
            raise Spoiled(f"cannot be read: {error.strerror}") from error

    def finished(self, index: int, result: Result) -> bytes | None:
        return converted(result.content, result.media_type, self._target.suffix)

    def write(self, target: Path, pages: Pages) -> None:
        content = pages(0)
        target.write_bytes(self.page(0) if content is None else content)

    def close(self) -> None:
        pass
