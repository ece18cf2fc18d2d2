"""IOPaint's heavier models: the same bytes as IOPaint's own call on the same weights."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models import registry
from models.base import InpaintModel
from models.errors import Cancelled, InvalidRequest, ModelUnavailable
from models.planning.padding import pad, padded_shape
from models.types import HDStrategy, Image, InpaintParameters, Mask
from tests.standins import checksum_variable, make_all, make_fcf, make_mat

SMALL = ("lama", "anime-lama", "ldm", "zits", "manga", "migan")
HEAVY = (pytest.mark.heavy, pytest.mark.timeout(400))
LARGE = (pytest.param("mat", marks=HEAVY), pytest.param("fcf", marks=HEAVY))
PARAMETERS = InpaintParameters(ldm_steps=4)


@pytest.fixture(scope="module")
def torch_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("torch-home")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in make_all(home, large=False).items():
            patch.setenv(name, value)
        yield home


@pytest.fixture(scope="module")
def loaded(torch_home: Path) -> Iterator[dict[str, InpaintModel]]:
    """Models loaded so far, so that each is loaded once."""
    with pytest.MonkeyPatch.context() as patch:
        yield _Models(torch_home, patch)


class _Models(dict[str, InpaintModel]):
    def __init__(self, home: Path, patch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self._folder, self._patch = home / "hub" / "checkpoints", patch

    def __missing__(self, name: str) -> InpaintModel:
        make = {"mat": make_mat, "fcf": make_fcf}.get(name)
        if make is not None:
            for variable, value in checksum_variable(make(self._folder)).items():
                self._patch.setenv(variable, value)
        self[name] = registry.load(name, "cpu")
        return self[name]


def by_iopaint(name: str, image: Image, mask: Mask, parameters: InpaintParameters) -> Image:
    """What IOPaint's ModelManager would answer, in RGB."""
    import torch

    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        import iopaint.model
        from iopaint.schema import InpaintRequest

        model: Any = iopaint.model.models[name](torch.device("cpu"))
        request = InpaintRequest(
            hd_strategy="Original", ldm_steps=parameters.ldm_steps, ldm_sampler=parameters.ldm_sampler
        )
        torch.manual_seed(42)
        bgr = model(image.copy(), mask.copy(), request).astype(np.uint8)
    return np.ascontiguousarray(bgr[:, :, ::-1])


def by_us(model: InpaintModel, name: str, image: Image, mask: Mask, parameters: InpaintParameters) -> Image:
    height, width = mask.shape
    shape = padded_shape(height, width, registry.facts(name))
    images, masks = pad(image, *shape)[np.newaxis], pad(mask, *shape)[np.newaxis]
    images.flags.writeable = masks.flags.writeable = False
    return model.inpaint(images, masks, parameters)[0, :height, :width]


def picture(height: int, width: int, seed: int = 0) -> tuple[Image, Mask]:
    """Noise with a rectangle to fill in the middle: at least one pixel, at most the left half of one row."""
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    mask = np.zeros((height, width), np.uint8)
    mask[height // 3 : height // 2 + 1, width // 3 : (width + 1) // 2] = 255
    return image, mask


@pytest.mark.parametrize("name", [*SMALL, *LARGE])
def test_masked_pixels_equal_iopaints(name: str, loaded: dict[str, InpaintModel]) -> None:
    # Given
    image, mask = picture(203, 310)
    # When
    ours = by_us(loaded[name], name, image, mask, PARAMETERS)
    # Then
    theirs = by_iopaint(name, image, mask, PARAMETERS)
    assert (ours[mask > 0] == theirs[mask > 0]).all()
    assert (ours[mask > 0] != image[mask > 0]).any()


@pytest.mark.parametrize("name", SMALL)
def test_the_same_window_gives_the_same_bytes_again(name: str, loaded: dict[str, InpaintModel]) -> None:
    # Given
    image, mask = picture(130, 90)
    # When
    first = by_us(loaded[name], name, image, mask, PARAMETERS)
    by_us(loaded[name], name, *picture(64, 64, seed=5), PARAMETERS)
    again = by_us(loaded[name], name, image, mask, PARAMETERS)
    # Then
    assert (first == again).all()


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize(("height", "width"), [(1, 2), (3, 17), (40, 1500), (512, 512)])
def test_odd_sizes_work(name: str, height: int, width: int, loaded: dict[str, InpaintModel]) -> None:
    # Given
    image, mask = picture(height, width)
    # When
    ours = by_us(loaded[name], name, image, mask, InpaintParameters(ldm_steps=2))
    # Then
    assert ours.shape == image.shape
    assert ours.dtype == np.uint8


@pytest.mark.heavy
@pytest.mark.timeout(400)
@pytest.mark.parametrize("shape", [(600, 700), (512, 512)])
def test_fcf_crops_as_iopaint_does(shape: tuple[int, int], loaded: dict[str, InpaintModel]) -> None:
    # Given
    image, mask = picture(*shape)
    # When
    ours = by_us(loaded["fcf"], "fcf", image, mask, PARAMETERS)
    # Then
    assert (ours == by_iopaint("fcf", image, mask, PARAMETERS)).all()


def test_migan_crops_each_area_as_iopaint_does(loaded: dict[str, InpaintModel]) -> None:
    # Given: a picture over 512 pixels with three areas, one of them wider than a crop
    image, mask = picture(700, 1300)
    mask[:] = 0
    mask[20:60, 30:200] = mask[300:340, 100:1250] = mask[600:690, 900:1000] = 255
    # When
    ours = by_us(loaded["migan"], "migan", image, mask, PARAMETERS)
    # Then
    theirs = by_iopaint("migan", image, mask, PARAMETERS)
    assert (ours == theirs).all()


@pytest.mark.parametrize("sampler", ["plms", "ddim"])
def test_ldm_reports_its_steps_and_stops_between_them(sampler: str, loaded: dict[str, InpaintModel]) -> None:
    # Given
    image, mask = (array[np.newaxis] for array in picture(64, 64))
    parameters = InpaintParameters(ldm_steps=5, ldm_sampler=sampler)
    seen: list[tuple[int, int]] = []

    def stop_after_two(done: int, total: int) -> None:
        seen.append((done, total))
        if done == 2:
            raise Cancelled("enough")

    # When
    with pytest.raises(Cancelled):
        loaded["ldm"].inpaint(image, mask, parameters, stop_after_two)
    # Then
    assert seen == [(1, 5), (2, 5)]
    assert (by_us(loaded["ldm"], "ldm", image[0], mask[0], parameters) != image[0]).any()


def test_ldm_and_zits_parameters_reach_the_model(loaded: dict[str, InpaintModel]) -> None:
    # Given
    image, mask = picture(300, 300)
    # When
    steps = [by_us(loaded["ldm"], "ldm", image, mask, InpaintParameters(ldm_steps=n)) for n in (2, 5)]
    lines = [by_us(loaded["zits"], "zits", image, mask, InpaintParameters(zits_wireframe=on)) for on in (True, False)]
    # Then
    assert (steps[0] != steps[1]).any()
    assert (lines[0] != lines[1]).any()


@pytest.mark.parametrize("size", [1, 300])
def test_zits_refuses_a_fully_masked_image_instead_of_searching_forever(
    size: int, loaded: dict[str, InpaintModel]
) -> None:
    # Given
    image, mask = np.zeros((size, size, 3), np.uint8), np.full((size, size), 255, np.uint8)
    # When / Then
    with pytest.raises(InvalidRequest, match="zits cannot fill a whole image"):
        by_us(loaded["zits"], "zits", image, mask, PARAMETERS)


def test_a_window_of_auto_is_one_forward_of_migan_and_each_crop_of_iopaint_a_step(
    loaded: dict[str, InpaintModel],
) -> None:
    # Given: two areas
    image, mask = picture(512, 400)
    mask[:] = 0
    mask[20:60, 30:200] = mask[300:340, 100:300] = 255
    # When
    steps: dict[HDStrategy, list[tuple[int, int]]] = {HDStrategy.AUTO: [], HDStrategy.ORIGINAL: []}
    for strategy, seen in steps.items():

        def on_step(done: int, total: int, seen: list[tuple[int, int]] = seen) -> None:
            seen.append((done, total))

        loaded["migan"].inpaint(image[None], mask[None], InpaintParameters(strategy), on_step)
    # Then
    assert steps == {HDStrategy.AUTO: [], HDStrategy.ORIGINAL: [(1, 2), (2, 2)]}


def test_migan_can_be_stopped_between_two_crops_and_goes_on_working(loaded: dict[str, InpaintModel]) -> None:
    # Given
    image, mask = picture(700, 600)
    mask[:] = 0
    mask[::200, ::200] = 255
    whole = InpaintParameters(HDStrategy.ORIGINAL)

    def stop(done: int, total: int) -> None:
        if done == 2:
            raise Cancelled("enough")

    # When
    with pytest.raises(Cancelled):
        loaded["migan"].inpaint(image[None], mask[None], whole, stop)
    # Then
    assert (by_us(loaded["migan"], "migan", image, mask, whole) == by_iopaint("migan", image, mask, whole)).all()


def test_an_area_too_thin_for_migan_is_a_clear_error(loaded: dict[str, InpaintModel]) -> None:
    # Given
    image = np.zeros((1, 3000, 3), np.uint8)
    mask = np.full((1, 3000), 255, np.uint8)
    # When / Then
    with pytest.raises(InvalidRequest, match="migan cannot fill areas as thin"):
        by_us(loaded["migan"], "migan", image, mask, PARAMETERS)


def test_a_file_iopaint_cannot_read_neither_exits_nor_is_deleted(
    torch_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    path = tmp_path / "hub" / "checkpoints" / "migan_traced.pt"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not a network")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    for variable, value in checksum_variable(path).items():
        monkeypatch.setenv(variable, value)
    # When / Then
    with pytest.raises(ModelUnavailable, match=r"IOPaint cannot load migan_traced\.pt"):
        registry.load("migan", "cpu")
    assert path.read_bytes() == b"not a network"
