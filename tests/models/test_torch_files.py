"""Pickled files of weights run nothing when they are read."""

import os
import pickle
from pathlib import Path

import pytest

from models.torch_files import VARIABLE, tensors_only


class Evil:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self._path),)


def test_code_in_a_pickled_file_is_refused_even_if_a_library_would_run_it(tmp_path: Path) -> None:
    import torch

    (tmp_path / "weights.pth").write_bytes(pickle.dumps(Evil(tmp_path / "proof"), protocol=2))

    with tensors_only(), pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
        torch.load(tmp_path / "weights.pth", weights_only=False)

    assert not (tmp_path / "proof").exists()


def test_tensors_are_read_and_the_environment_is_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    torch.save({"weight": torch.ones(2)}, tmp_path / "weights.pth")
    monkeypatch.delenv(VARIABLE, raising=False)
    with tensors_only():
        assert torch.load(tmp_path / "weights.pth")["weight"].sum() == 2
    assert VARIABLE not in os.environ

    monkeypatch.setenv(VARIABLE, "0")
    with tensors_only():
        pass
    assert os.environ[VARIABLE] == "0"
