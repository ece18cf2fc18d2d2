"""The visible list of models."""

import subprocess
import sys
from pathlib import Path

import pytest

from models import registry
from models.base import ModelFacts
from models.errors import ModelUnavailable, UnknownModel, WeightsUnavailable
from models.weights.files import FILES, file


def test_every_name_is_listed_once_and_has_a_loader_that_exists() -> None:
    # Given
    names = [model.name for model in registry.MODELS]
    # Then
    assert len(names) == len(set(names))
    for model in registry.MODELS:
        module, _, function = model.loader.partition(":")
        source = Path(*module.split(".")).with_suffix(".py")
        assert f"def {function}(" in source.read_text()


def test_every_weights_file_belongs_to_one_model() -> None:
    # Given
    used = [name for model in registry.MODELS for name in model.weights]
    # Then
    assert sorted(used) == sorted(entry.name for entry in FILES)
    assert all(file(name).name == name for name in used)


def test_an_unknown_name_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(UnknownModel, match=r"'lamma'.*lama, mend, cv2"):
        registry.facts("lamma")


def test_a_loader_that_does_not_exist_is_an_error_that_names_it() -> None:
    for loader in ("nowhere.at_all:load", "models.opencv:nothing"):
        with pytest.raises(ModelUnavailable, match=f"the loader {loader} of model mine cannot be used"):
            registry.load(ModelFacts("mine", loader), "cpu")


def test_a_hugging_face_name_or_a_folder_is_a_diffusion_model(tmp_path: Path) -> None:
    assert registry.facts("owner/inpainting").diffusion
    assert registry.facts(str(tmp_path)).min_size == 512


def test_the_list_and_cv2_need_neither_torch_nor_iopaint() -> None:
    # Given
    code = (
        "import sys; from models import registry; registry.load('cv2', 'cpu');"
        "print([m for m in ('torch', 'iopaint', 'pydantic', 'ray', 'fastapi') if m in sys.modules])"
    )
    # When
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    # Then
    assert printed.stdout.strip() == "[]"


def test_lama_needs_no_iopaint(tmp_path: Path) -> None:
    # Given
    code = "import sys, models.lama.model; print([m for m in ('iopaint', 'pydantic', 'diffusers') if m in sys.modules])"
    # When
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    # Then
    assert printed.stdout.strip() == "[]"


def test_missing_weights_without_a_network_name_the_file_and_its_url(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("LAMA_MODEL_URL", "http://127.0.0.1:1/big-lama.pt")
    monkeypatch.setattr("models.weights.download.ATTEMPTS", 1)
    # When / Then
    with pytest.raises(WeightsUnavailable, match=r"big-lama\.pt \(http://127\.0\.0\.1:1/big-lama\.pt\)") as caught:
        registry.load("lama", "cpu")
    assert str(tmp_path) not in caught.value.message + str(caught.value.details)
