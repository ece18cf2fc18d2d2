"""How tests call the command line, and look at what it leaves."""

import io
import os
from pathlib import Path
from typing import Any

from PIL import Image
from typer.testing import CliRunner, Result

from tests.pictures import encoded, photo
from text_removal.cli.app import app

OLD_NS = 1_600_000_000_123_456_789


class Command:
    """`text-removal`, called in a folder with the service's address in the environment."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __call__(self, *words: str | Path) -> Result:
        return CliRunner().invoke(app, [str(word) for word in words], env={"TEXT_REMOVAL_URL": self.url})

    def done(self, *words: str | Path, code: int = 0) -> Result:
        result = self(*words)
        assert result.exit_code == code, result.output + repr(result.exception)
        return result


def make(path: str | Path, kind: str = "", seed: int = 0, **options: Any) -> Path:
    """A picture, of long ago."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = kind or {".jpg": "JPEG", ".tif": "TIFF"}.get(path.suffix, path.suffix[1:].upper())
    path.write_bytes(encoded(photo(48, 32, seed), kind, **options))
    os.utime(path, ns=(OLD_NS, OLD_NS))
    return path


def tree(folder: str) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file())


def kind_of(path: str) -> str:
    return str(Image.open(io.BytesIO(Path(path).read_bytes())).format)
