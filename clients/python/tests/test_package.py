"""The package as it is built. `make clients` installs it into an empty environment, which needs a network."""

import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

from deployments.config.settings import VERSION
from tests.service import ROOT
from text_removal import __version__

PACKAGE = ROOT / "clients/python"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    code = f"from hatchling.build import build_wheel; build_wheel({str(folder)!r})"
    subprocess.run([sys.executable, "-c", code], cwd=PACKAGE, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_package_its_types_and_its_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
        (entry_points,) = [file.read(name).decode() for name in names if name.endswith("entry_points.txt")]
    sources = {path.relative_to(PACKAGE / "src").as_posix() for path in (PACKAGE / "src").rglob("*.py")}

    assert sources | {"text_removal/py.typed"} == {name for name in names if name.startswith("text_removal/")}
    assert "text-removal = text_removal.__main__:main" in entry_points


def test_the_wheel_says_what_it_needs_and_which_service_it_is_for(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as file:
        (metadata,) = [file.read(name) for name in file.namelist() if name.endswith("METADATA")]
    told = message_from_bytes(metadata)

    assert told["Version"] == __version__ == VERSION
    assert told["Requires-Python"] == ">=3.10"
    assert {"cli", "pillow", "progress"} == set(told.get_all("Provides-Extra", []))
    needed = [word for word in told.get_all("Requires-Dist", []) if "extra ==" not in word]
    assert sorted(word.partition(">")[0] for word in needed) == [
        "anyio", "httpx", "tenacity", "typing-extensions", "websockets",
    ]  # fmt: skip


def test_the_client_imports_nothing_that_only_an_extra_brings(wheel: Path) -> None:
    """rich is left out: httpx takes it where it is there."""
    extras = ("PIL", "numpy", "tqdm", "typer", "watchfiles", "pypdfium2", "deployments", "models")
    code = f"import sys, text_removal; print(*sorted(set({extras!r}) & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(wheel)}, capture_output=True, text=True)

    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr
