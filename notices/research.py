"""Taking the research-only network code out of an installed IOPaint."""

from importlib.util import find_spec
from pathlib import Path

CLASSES = {"mat": "MAT", "fcf": "FcF"}
"""Module of iopaint.model, and the class in it that iopaint.model imports."""

_STUB = '''"""The network code of {name} is for research only and was left out of this environment."""


class {class_name}:
    name = "{name}"
    is_erase_model = True

    def __init__(self, *arguments, **options):
        raise ImportError("the network code of {name} is for research only and was left out here")
'''


def strip(package: Path | None = None) -> list[Path]:
    """Overwrite the modules by stubs; returns the files. `package` is the folder of the package iopaint.

    Raises: FileNotFoundError if there is no IOPaint.
    """
    folder = (package or _installed()) / "model"
    written = []
    for name, class_name in CLASSES.items():
        path = folder / f"{name}.py"
        if not path.exists():
            raise FileNotFoundError(f"{path} is not there: IOPaint has moved it")
        for compiled in (folder / "__pycache__").glob(f"{name}.*.pyc"):
            compiled.unlink()
        path.unlink()  # it may be a link into a cache that others share
        path.write_text(_STUB.format(name=name, class_name=class_name))
        written.append(path)
    return written


def _installed() -> Path:
    found = find_spec("iopaint")
    if found is None or found.origin is None:
        raise FileNotFoundError("IOPaint is not installed")
    return Path(found.origin).parent
