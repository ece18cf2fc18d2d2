"""What all files of pictures have in common."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeAlias

from text_removal.results import Result

Pages: TypeAlias = Callable[[int], bytes | None]
"""The finished picture of a page; None: it is to stay as it was."""


class Document(Protocol):
    """`names` are those of its pages, [""] where the file is the picture. `format` is what is asked of the service."""

    @property
    def names(self) -> Sequence[str]: ...

    @property
    def format(self) -> str: ...

    def page(self, index: int) -> bytes:
        """As the file of a picture. Raises: Spoiled."""
        ...

    def finished(self, index: int, result: Result) -> bytes | None:
        """The answer of the service as it goes into the file; None: the page stays as it is."""
        ...

    def write(self, target: Path, pages: Pages) -> None:
        """The file again, with these pages."""
        ...

    def close(self) -> None: ...
