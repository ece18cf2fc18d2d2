"""The eager LaMa against the TorchScript file its weights come from."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from models import registry
from models.base import LoadOptions, ModelFacts
from models.errors import ModelUnavailable
from models.lama.model import EagerLama, Lama, from_file, load_torchscript
from models.lama.network import LamaNetwork, NotLama, read_network
from models.types import Images, InpaintParameters, Masks
from tests.standins import checksum_variable, make_lama, save_script, torch_script

PARAMETERS = InpaintParameters()


@pytest.fixture(scope="module")
def big_lama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """LaMa's own architecture with random weights, 206 MB."""
    path = make_lama(tmp_path_factory.mktemp("weights"), true_size=True)
    yield path
    path.unlink()


@pytest.fixture(scope="module")
def reference(big_lama: Path) -> Lama:
    return Lama(load_torchscript(big_lama, "cpu"), "cpu")


@pytest.fixture(scope="module")
def eager(reference: Lama) -> EagerLama:
    return EagerLama(read_network(reference.network, "fp32"))


def windows(count: int, height: int, width: int) -> tuple[Images, Masks]:
    rng = np.random.default_rng(count)
    images = rng.integers(0, 256, (count, height, width, 3), np.uint8)
    masks = np.zeros((count, height, width), np.uint8)
    for index in range(count):
        top, left = rng.integers(4, 12, 2)
        masks[index, top : top + 24, left : left + 40] = 255
    images.flags.writeable = masks.flags.writeable = False
    return images, masks


def psnr_db(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    error = float(np.mean((one.astype(np.float64) - other) ** 2))
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


@pytest.mark.heavy
@pytest.mark.parametrize(("height", "width"), [(64, 64), (48, 136)])
def test_in_fp32_it_gives_torchscript_s_grey_levels_give_or_take_one(
    eager: EagerLama, reference: Lama, height: int, width: int
) -> None:
    images, masks = windows(1, height, width)

    ours, theirs = (model.inpaint(images, masks, PARAMETERS) for model in (eager, reference))

    assert np.abs(ours.astype(int) - theirs)[masks == 255].max() <= 1
    assert (ours != images)[masks == 255].mean() > 0.9


@pytest.mark.heavy
def test_in_bf16_it_stays_within_45_db_of_torchscript(reference: Lama) -> None:
    images, masks = windows(2, 64, 72)

    ours = EagerLama(read_network(reference.network, "bf16")).inpaint(images, masks, PARAMETERS)

    hole = masks == 255
    assert psnr_db(ours[hole], reference.inpaint(images, masks, PARAMETERS)[hole]) >= 45


@pytest.mark.heavy
def test_pixels_outside_the_mask_keep_their_bytes_and_arguments_are_left_alone(eager: EagerLama) -> None:
    images, masks = windows(2, 64, 64)
    before = images.copy(), masks.copy()

    filled = eager.inpaint(images, masks, PARAMETERS)

    assert filled.shape == images.shape
    assert filled.dtype == np.uint8
    assert np.array_equal(filled[masks == 0], images[masks == 0])
    assert np.array_equal(images, before[0])
    assert np.array_equal(masks, before[1])


@pytest.mark.heavy
def test_any_value_but_0_marks_a_pixel(eager: EagerLama) -> None:
    images, masks = windows(1, 64, 64)

    faint = eager.inpaint(images, (masks > 0).astype(np.uint8), PARAMETERS)

    assert np.array_equal(faint, eager.inpaint(images, masks, PARAMETERS))


@pytest.mark.heavy
def test_a_batch_gives_what_single_windows_give(eager: EagerLama) -> None:
    images, masks = windows(3, 64, 64)

    together = eager.inpaint(images, masks, PARAMETERS)

    for index in range(3):
        one = slice(index, index + 1)
        alone = eager.inpaint(images[one], masks[one], PARAMETERS)
        assert np.abs(together[one].astype(int) - alone).max() <= 1


@pytest.mark.heavy
def test_on_a_cpu_fp32_stays_torchscript_and_bf16_is_eager(
    big_lama: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAMA_MODEL_URL", str(big_lama))
    for variable, value in checksum_variable(big_lama).items():
        monkeypatch.setenv(variable, value)

    assert isinstance(registry.load("lama", "cpu"), Lama)
    assert isinstance(registry.load("lama", "cpu", precision="bf16"), EagerLama)


@pytest.mark.heavy
@pytest.mark.parametrize("prefix", ["model.generator.model.", "model."])
def test_the_generator_is_found_whatever_wraps_it(reference: Lama, prefix: str) -> None:
    class Wrapped:
        """A file whose weights have other names, and which runs the same network."""

        def state_dict(self) -> dict[str, torch.Tensor]:
            state = reference.network.state_dict()
            return {name.replace("model.model.", prefix, 1): weight for name, weight in state.items()} | {
                "discriminator.model.0.weight": torch.zeros(1)
            }

        def __call__(self, image: torch.Tensor, mask: torch.Tensor) -> Any:
            return reference.network(image, mask)

    assert isinstance(read_network(Wrapped(), "fp32"), LamaNetwork)


@pytest.mark.heavy
def test_a_file_with_lama_s_weights_that_gives_other_pictures_is_not_taken_for_lama(reference: Lama) -> None:
    class Darker:
        def state_dict(self) -> Any:
            return reference.network.state_dict()

        def __call__(self, image: torch.Tensor, mask: torch.Tensor) -> Any:
            return 0.8 * reference.network(image, mask)

    with pytest.raises(NotLama, match="grey levels off"):
        read_network(Darker(), "fp32")


def test_another_network_in_the_file_runs_as_torchscript_and_the_log_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = make_lama(tmp_path)

    with caplog.at_level(logging.WARNING):
        model = from_file(path, LoadOptions("cpu", precision="bf16"))

    assert isinstance(model, Lama)
    assert caplog.messages == [
        "big-lama.pt runs as TorchScript in fp32 on cpu: it holds no weights of LaMa's architecture"
    ]


def test_weights_with_lama_s_names_and_other_shapes_are_not_taken_for_lama(tmp_path: Path) -> None:
    class Layer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bn_l = nn.BatchNorm2d(4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x

    class Impostor(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = nn.Sequential(nn.Identity(), Layer())

        def forward(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            return image

    path = save_script(torch_script(Impostor()), tmp_path / "big-lama.pt")

    with pytest.raises(NotLama, match="do not fit LaMa's architecture"):
        read_network(load_torchscript(path, "cpu"), "fp32")


def test_without_a_cuda_device_lama_on_cuda_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is one")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    for variable, value in checksum_variable(make_lama(tmp_path / "hub" / "checkpoints")).items():
        monkeypatch.setenv(variable, value)

    with pytest.raises(ModelUnavailable, match=r"big-lama\.pt cannot be loaded for lama on cuda"):
        registry.load("lama", "cuda")


def test_a_precision_the_model_has_not_is_refused() -> None:
    with pytest.raises(ModelUnavailable, match="model cv2 cannot run in bf16"):
        registry.load("cv2", "cpu", precision="bf16")
    with pytest.raises(ModelUnavailable, match="model mine cannot run in bf16"):
        registry.load(ModelFacts("mine", "models.opencv:load"), "cpu", precision="bf16")


def test_a_model_on_the_cpu_warms_up_in_one_small_window() -> None:
    class Counting:
        def __init__(self) -> None:
            self.shapes: list[tuple[int, ...]] = []

        def __call__(self, images: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
            self.shapes.append(tuple(masks.shape))
            return images

    network = Counting()
    model = EagerLama(network)

    assert model.warm_up(12_345) == 12_345
    assert network.shapes == [(1, 64, 64)]
