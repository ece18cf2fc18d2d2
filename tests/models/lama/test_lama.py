"""LaMa's light path gives IOPaint's bytes."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.pictures import WORKLOADS
from models import registry
from models.base import InpaintModel
from models.errors import ModelUnavailable
from models.lama.model import WARM_SIZES
from models.planning.plan import plan
from models.types import InpaintParameters
from tests.standins import checksum_variable, make_lama


@pytest.fixture
def checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    return tmp_path / "hub" / "checkpoints"


@pytest.fixture
def lama(checkpoints: Path, monkeypatch: pytest.MonkeyPatch) -> InpaintModel:
    for variable, value in checksum_variable(make_lama(checkpoints)).items():
        monkeypatch.setenv(variable, value)
    return registry.load("lama", "cpu")


def test_lama_leaves_unmasked_pixels_and_fills_masked_ones(lama: InpaintModel) -> None:
    # Given
    images = np.random.default_rng(0).integers(0, 256, (1, 64, 72, 3), np.uint8)
    masks = np.zeros((1, 64, 72), np.uint8)
    masks[0, 10:20, 10:40] = 255
    # When
    filled = lama.inpaint(images, masks, InpaintParameters())
    # Then
    assert filled.shape == images.shape
    assert filled.dtype == np.uint8
    assert np.abs(filled[masks == 0].astype(int) - images[masks == 0]).max() <= 1
    assert (filled[masks == 255] != images[masks == 255]).mean() > 0.9


def test_lama_takes_read_only_arrays_and_does_not_write_into_them(lama: InpaintModel) -> None:
    # Given
    images = np.full((1, 16, 16, 3), 200, np.uint8)
    masks = np.full((1, 16, 16), 255, np.uint8)
    images.flags.writeable = masks.flags.writeable = False
    # When
    lama.inpaint(images, masks, InpaintParameters())
    # Then
    assert (images == 200).all()
    assert (masks == 255).all()


def test_a_batch_differs_from_single_windows_by_at_most_one_grey_level(lama: InpaintModel) -> None:
    # Given
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (5, 40, 48, 3), np.uint8)
    masks = (rng.random((5, 40, 48)) < 0.3).astype(np.uint8) * 255
    # When
    together = lama.inpaint(images, masks, InpaintParameters())
    # Then
    for index in range(5):
        alone = lama.inpaint(images[index : index + 1], masks[index : index + 1], InpaintParameters())[0]
        assert np.abs(together[index].astype(int) - alone).max() <= 1


def test_a_file_that_is_no_torchscript_is_a_clear_error(checkpoints: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given
    checkpoints.mkdir(parents=True)
    path = checkpoints / "big-lama.pt"
    path.write_bytes(b"not a network")
    for variable, value in checksum_variable(path).items():
        monkeypatch.setenv(variable, value)
    # When / Then
    with pytest.raises(ModelUnavailable, match=r"big-lama\.pt cannot be loaded"):
        registry.load("lama", "cpu")
    assert path.read_bytes() == b"not a network"


def test_the_sizes_recorded_at_the_start_are_windows_the_planner_makes_of_text() -> None:
    facts = registry.facts("lama")
    planned = {
        (window.padded_height, window.padded_width)
        for picture in WORKLOADS.values()
        for window in plan(picture.mask(), facts, InpaintParameters())
    }

    assert set(WARM_SIZES) <= planned
