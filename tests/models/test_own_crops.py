"""migan and fcf under Auto beside IOPaint's own call of the same network: as much context, and no worse a result."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from models import registry
from models.base import ModelFacts
from models.iopaint_models import SEED, IOPaintModel
from models.planning.paste import Canvas
from models.planning.plan import cut, plan
from models.types import Box, Image, InpaintParameters, Mask
from tests.standins import checksum_variable, import_quietly, make_migan, save_script, torch_script

AUTO = InpaintParameters()
ONE = {
    "crop of the network's size": ((700, 900), Box(300, 200, 556, 456)),
    "at an edge": ((700, 900), Box(0, 444, 256, 700)),
    "picture of the network's size": ((512, 512), Box(40, 60, 90, 300)),
    "picture inside the crop": ((300, 280), Box(90, 100, 200, 220)),
}
"""One area each, of which IOPaint's crop is all that a 512x512 forward sees."""


class BestShift(nn.Module):
    """migan's interface; fills low holes with what lies above, by the shift at which the known pixels agree best."""

    def forward(self, seen: torch.Tensor) -> torch.Tensor:
        known = (seen[:, :1] > 0).float()
        image = seen[:, 1:]
        least, best = 1e9, image
        for shift in range(32, 65):
            both = known[:, :, shift:] * known[:, :, :-shift]
            difference = float((torch.abs(image[:, :, shift:] - image[:, :, :-shift]) * both).sum() / both.sum())
            if difference < least:
                least, best = difference, torch.roll(image, shift, 2)
        return image * known + best * (1 - known)


def load(folder: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> IOPaintModel:
    monkeypatch.setenv("TORCH_HOME", str(folder))
    for name, value in checksum_variable(path).items():
        monkeypatch.setenv(name, value)
    model = registry.load("migan", "cpu")
    assert isinstance(model, IOPaintModel)
    return model


def by_iopaint(model: IOPaintModel, image: Image, mask: Mask) -> Image:
    schema = import_quietly("iopaint.schema")
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        torch.manual_seed(SEED)
        bgr = model.model(image.copy(), mask.copy(), schema.InpaintRequest(hd_strategy="Original"))
    return np.ascontiguousarray(bgr[:, :, ::-1]).astype(np.uint8)


def by_auto(model: IOPaintModel, image: Image, mask: Mask) -> Image:
    canvas = Canvas(image, mask)
    for window in plan(mask, model.facts, AUTO):
        part, hole = cut(image, mask, window)
        canvas.paste(window, model.inpaint(part[None], hole[None], AUTO)[0])
    return canvas.image


def masked(height: int, width: int, *holes: Box) -> Mask:
    mask = np.zeros((height, width), np.uint8)
    for hole in holes:
        mask[hole.slices] = 255
    return mask


def iopaints_crop(mask: Mask, hole: Box) -> Box:
    base = import_quietly("iopaint.model.base")
    request = import_quietly("iopaint.schema").InpaintRequest(hd_strategy_crop_margin=128)
    image = np.zeros((*mask.shape, 3), np.uint8)
    box = (hole.left, hole.top, hole.right, hole.bottom)
    _, _, crop = base.InpaintModel._crop_box(None, image, mask, box, request)
    return Box(*crop)


@pytest.mark.parametrize("name", ["migan", "fcf"])
def test_a_window_has_the_size_and_all_the_context_of_iopaints_crop(name: str) -> None:
    facts: ModelFacts = registry.facts(name)
    dice = np.random.default_rng(0)
    for _ in range(60):
        # Given: a hole whose crop the network sees without shrinking it
        height, width = (int(side) for side in dice.integers(520, 1400, 2))
        tall, wide = (2 * int(side) for side in dice.integers(1, 129, 2))
        left, top = int(dice.integers(0, width - wide + 1)), int(dice.integers(0, height - tall + 1))
        hole = Box(left, top, left + wide, top + tall)
        mask = masked(height, width, hole)
        # When
        (window,) = plan(mask, facts, AUTO)
        # Then: what IOPaint mirrors around a smaller crop is real here
        crop = iopaints_crop(mask, hole)
        assert window.shape == (window.box.height, window.box.width) == (512, 512)
        assert window.box.left <= crop.left
        assert window.box.top <= crop.top
        assert window.box.right >= crop.right
        assert window.box.bottom >= crop.bottom


@pytest.mark.parametrize("name", ONE)
def test_where_iopaints_crop_fills_the_network_the_windows_are_equal(name: str) -> None:
    (height, width), hole = ONE[name]
    mask = masked(height, width, hole)

    (window,) = plan(mask, registry.facts("migan"), AUTO)

    if (height, width) != (512, 512):  # there IOPaint crops nothing
        assert window.box == iopaints_crop(mask, hole)
    assert window.shape == (min(height, 512), min(width, 512))


def test_the_masked_pixels_of_one_area_are_iopaints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = load(tmp_path, make_migan(tmp_path / "hub" / "checkpoints"), monkeypatch)
    for name, ((height, width), hole) in ONE.items():
        # Given
        image = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
        mask = masked(height, width, hole)
        # When
        ours = by_auto(model, image, mask)
        # Then
        assert (ours == by_iopaint(model, image, mask)).all(), name
        assert (ours[mask > 0] != image[mask > 0]).any(), name


@pytest.fixture
def continuing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> IOPaintModel:
    path = save_script(torch_script(BestShift()), tmp_path / "hub" / "checkpoints" / "migan_traced.pt")
    return load(tmp_path, path, monkeypatch)


def texture(kind: str, height: int, width: int) -> Image:
    """A pattern that repeats itself every 40 pixels in both directions."""
    y, x = np.mgrid[:height, :width] % 40
    dice = np.random.default_rng(5).integers(0, 256, (40, 40, 3), np.uint8)
    patterns: dict[str, Any] = {
        "weave": np.where((x // 5 + y // 5) % 2, 210, 60)[:, :, None].repeat(3, axis=2),
        "bricks": np.where((y % 20 < 3) | ((x + (y >= 20) * 20) % 40 < 3), 200, 110)[:, :, None].repeat(3, axis=2),
        "grain": dice[y, x],
    }
    return np.ascontiguousarray(patterns[kind].astype(np.uint8))


@pytest.mark.parametrize("kind", ["weave", "bricks", "grain"])
def test_a_texture_is_continued_at_least_as_well_as_by_iopaint(continuing: IOPaintModel, kind: str) -> None:
    # Given: two labels far apart, wider than IOPaint's crop may be without being shrunk
    image = texture(kind, 700, 900)
    mask = masked(700, 900, Box(60, 100, 360, 130), Box(500, 560, 800, 590))

    def error(filled: Image) -> float:
        return float(np.abs(filled[mask > 0].astype(int) - image[mask > 0]).mean())

    # When
    ours, theirs = error(by_auto(continuing, image, mask)), error(by_iopaint(continuing, image, mask))
    # Then: a period is whole pixels at full resolution only
    assert ours < 1.0
    assert ours < theirs
