"""IOPaint's strategies: our windows give the bytes IOPaint 1.6.0 itself gives, for its own model classes."""

import random
import warnings
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from models import registry
from models.base import ModelFacts
from models.errors import InvalidRequest
from models.planning.padding import pad, padded_shape, unpad
from models.planning.paste import Canvas
from models.planning.plan import PlanLimits, Scaling, cut, plan
from models.types import Box, HDStrategy, Image, InpaintParameters, Mask
from tests.standins import save_script, torch_script

CASES = range(24)


class GlobalNet(nn.Module):
    """LaMa's tensor interface; every output pixel depends on its surroundings, its place and the whole input's mean."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.near = nn.Conv2d(4, 8, 5, padding=2, padding_mode="zeros")
        self.back = nn.Conv2d(8, 3, 3, padding=1)

    def forward(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        seen = torch.cat([image * (1 - mask), mask.to(image.dtype)], dim=1)
        features = torch.relu(self.near(seen)) + seen.mean(dim=[1, 2, 3], keepdim=True)
        ramp = torch.linspace(0, 1, image.shape[3], dtype=image.dtype)
        return torch.sin(7 * self.back(features) + ramp) * 0.8 + 0.5


class Peer:
    """IOPaint's model of one name, with what our side needs to know of it."""

    def __init__(self, model: Any, facts: ModelFacts, request: Any) -> None:
        self.model, self.facts, self._request = model, facts, request

    def config(self, parameters: InpaintParameters) -> Any:
        return self._request(
            hd_strategy=str(parameters.hd_strategy),
            hd_strategy_crop_trigger_size=parameters.hd_strategy_crop_trigger_size,
            hd_strategy_crop_margin=parameters.hd_strategy_crop_margin,
            hd_strategy_resize_limit=parameters.hd_strategy_resize_limit,
            cv2_flag=parameters.cv2_flag,
            cv2_radius=parameters.cv2_radius,
        )

    def answer(self, image: Image, mask: Mask, parameters: InpaintParameters) -> Image:
        """What IOPaint sends back, as ModelManager does it."""
        result = self.model(image.copy(), mask.copy(), self.config(parameters)).astype(np.uint8)
        return np.asarray(cv2.cvtColor(result, cv2.COLOR_BGR2RGB))

    def fill(self, image: Image, mask: Mask, parameters: InpaintParameters) -> Image:
        """One window through the network, the way a replica of ours runs it."""
        height, width = padded_shape(mask.shape[0], mask.shape[1], self.facts)
        padded, hole = pad(image, height, width), pad(mask, height, width)[:, :, np.newaxis]
        with torch.no_grad():
            result = self.model.forward(padded, hole, self.config(parameters))
        return unpad(result[:, :, ::-1], *mask.shape)


@pytest.fixture(scope="module")
def peers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Peer]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        import iopaint.model.lama
        from iopaint.model.opencv2 import OpenCV2
        from iopaint.schema import InpaintRequest

        file: Path = save_script(torch_script(GlobalNet()), tmp_path_factory.mktemp("weights") / "big-lama.pt")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(iopaint.model.lama, "LAMA_MODEL_URL", str(file))
            lama = iopaint.model.lama.LaMa(torch.device("cpu"))
    return {
        "cv2": Peer(OpenCV2(torch.device("cpu")), ModelFacts("cv2", "none:none", pad_multiple=1), InpaintRequest),
        "lama": Peer(lama, ModelFacts("lama", "none:none", pad_multiple=8), InpaintRequest),
    }


def random_case(seed: int) -> tuple[Image, Mask]:
    """Noise over a gradient with saturated blocks, so that cubic resampling overshoots; holes of all kinds."""
    dice = np.random.default_rng(seed)
    height, width = (int(n) for n in dice.integers(1, 260, 2))
    image = dice.integers(0, 256, (height, width, 3), dtype=np.uint8)
    image[: height // 2] = np.where(image[: height // 2] > 127, 255, 0)
    mask = np.zeros((height, width), np.uint8)
    for _ in range(int(dice.integers(1, 9))):
        x, y = int(dice.integers(0, width)), int(dice.integers(0, height))
        kind = dice.integers(0, 4)
        if kind == 0:
            mask[y, x] = 255
        elif kind == 1:
            mask[:, x : x + 2] = 255
        elif kind == 2:
            mask[y : y + int(dice.integers(1, 60)), x : x + int(dice.integers(1, 60))] = 255
        else:
            cv2.circle(mask, (x, y), int(dice.integers(2, 40)), 255, int(dice.choice([-1, 2])))
    return image, mask


def parameters_for(strategy: HDStrategy, seed: int) -> InpaintParameters:
    dice = random.Random(seed)
    return InpaintParameters(
        hd_strategy=strategy,
        hd_strategy_crop_trigger_size=dice.choice([1, 3, 64, 100]),
        hd_strategy_crop_margin=dice.choice([1, 7, 16, 32, 128, 300]),
        hd_strategy_resize_limit=dice.choice([16, 33, 64, 97, 128]),
        cv2_flag=dice.choice(["INPAINT_NS", "INPAINT_TELEA"]),
        cv2_radius=dice.choice([1, 4, 9]),
    )


def answers_surely(model: str, image: Image, parameters: InpaintParameters) -> bool:
    """Whether IOPaint gives an answer, and the same one twice.

    Resize raises where a side vanishes, and cv2.inpaint gives another result each time on one row or column.
    """
    height, width = image.shape[:2]
    if parameters.hd_strategy is HDStrategy.RESIZE:
        ratio = min(1.0, parameters.hd_strategy_resize_limit / max(height, width))
        height, width = int(height * ratio + 0.5), int(width * ratio + 0.5)
    return bool(min(height, width) > (1 if model == "cv2" else 0))


def erase(peer: Peer, image: Image, mask: Mask, parameters: InpaintParameters, seed: int) -> Image:
    """Our way, with answers arriving in a random order."""
    windows = list(plan(mask, peer.facts, parameters))
    random.Random(seed).shuffle(windows)
    canvas = Canvas(image, mask)
    for window in windows:
        canvas.paste(window, peer.fill(*cut(image, mask, window), parameters))
    return canvas.image


@pytest.mark.parametrize("strategy", [HDStrategy.ORIGINAL, HDStrategy.CROP, HDStrategy.RESIZE])
@pytest.mark.parametrize("model", ["cv2", "lama"])
def test_our_windows_give_the_very_bytes_iopaint_gives(
    model: str, strategy: HDStrategy, peers: dict[str, Peer]
) -> None:
    peer = peers[model]
    changed = several = 0
    for seed in CASES:
        # Given a random image, mask and parameters
        image, mask = random_case(seed)
        parameters = parameters_for(strategy, seed)
        if not answers_surely(model, image, parameters):
            continue
        before = image.copy(), mask.copy()

        # When both erase
        ours = erase(peer, image, mask, parameters, seed)
        theirs = peer.answer(image, mask, parameters)

        # Then no byte differs, and nobody's arguments were written to
        np.testing.assert_array_equal(ours, theirs, err_msg=f"case {seed}: {image.shape} {parameters}")
        np.testing.assert_array_equal(image, before[0])
        np.testing.assert_array_equal(mask, before[1])
        changed += bool((ours != image).any())
        several += len(plan(mask, peer.facts, parameters)) > 1
    assert changed >= 20
    assert several >= 10 if strategy is HDStrategy.CROP else several == 0


@pytest.mark.parametrize("strategy", [HDStrategy.ORIGINAL, HDStrategy.CROP, HDStrategy.RESIZE])
def test_the_corner_cases_of_size_agree_with_iopaint_too(strategy: HDStrategy, peers: dict[str, Peer]) -> None:
    dice = np.random.default_rng(5)
    for height, width in [(1, 1), (1, 9), (2, 3), (17, 3), (8, 8), (400, 5)]:
        # Given a tiny or narrow image, masked in one corner, with limits around the 3 channels IOPaint counts as a side
        image = dice.integers(0, 256, (height, width, 3), dtype=np.uint8)
        mask = np.zeros((height, width), np.uint8)
        mask[-1, -1] = 255
        for limit in (2, 3, 400):
            parameters = InpaintParameters(strategy, limit, 5, limit)

            # When / Then
            for model, peer in peers.items():
                if not answers_surely(model, image, parameters):
                    continue
                ours = erase(peer, image, mask, parameters, 0)
                np.testing.assert_array_equal(ours, peer.answer(image, mask, parameters), err_msg=f"{image.shape}")


def test_an_odd_hole_without_margin_loses_its_last_column_as_in_iopaint(peers: dict[str, Peer]) -> None:
    # Given a hole 5 wide and 4 high, and no margin
    image = np.random.default_rng(1).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    mask = np.zeros((40, 40), np.uint8)
    mask[10:14, 20:25] = 255
    parameters = InpaintParameters(HDStrategy.CROP, 1, 0)

    # When
    ours = erase(peers["lama"], image, mask, parameters, 0)

    # Then
    np.testing.assert_array_equal(ours, peers["lama"].answer(image, mask, parameters))
    np.testing.assert_array_equal(ours[10:14, 24], image[10:14, 24])


def test_a_single_pixel_without_margin_is_filled_where_iopaint_raises() -> None:
    # Given
    mask = np.zeros((40, 40), np.uint8)
    mask[10, 20] = 255

    # When
    (window,) = plan(mask, ModelFacts("any", "none:none"), InpaintParameters(HDStrategy.CROP, 1, 0))

    # Then
    assert window.box == Box(20, 10, 21, 11)


def test_a_crop_that_a_later_one_covers_is_not_run() -> None:
    # Given a speck in the notch of an L; cv2 lists the L last, so in IOPaint its crop paints over the speck's
    mask = np.zeros((300, 300), np.uint8)
    mask[100:200, 100:110] = 255
    mask[190:200, 100:200] = 255
    mask[150, 150] = 255

    # When
    windows = plan(mask, ModelFacts("any", "none:none"), InpaintParameters(HDStrategy.CROP, 1, 10))

    # Then
    assert [(window.index, window.box) for window in windows] == [(0, Box(90, 90, 210, 210))]


@pytest.mark.parametrize("strategy", [HDStrategy.ORIGINAL, HDStrategy.CROP, HDStrategy.RESIZE])
def test_models_that_crop_themselves_and_diffusion_models_get_the_whole_image(strategy: HDStrategy) -> None:
    # Given
    mask = np.zeros((700, 900), np.uint8)
    mask[::50, ::50] = 255
    parameters = InpaintParameters(strategy, 1, 32, 64)

    for facts in (
        ModelFacts("migan", "none:none", pad_multiple=512, min_size=512, pad_to_square=True, own_crop_px=512),
        ModelFacts("sd", "none:none", min_size=512, diffusion=True),
    ):
        # When
        (window,) = plan(mask, facts, parameters)

        # Then
        assert window.box == window.paste == Box(0, 0, 900, 700)
        assert window.shape == (700, 900)
        assert window.scaling is Scaling.NONE


def test_resize_sends_iopaints_cubic_grey_mask() -> None:
    # Given
    mask = np.zeros((300, 200), np.uint8)
    mask[50:101, 20:99] = 255
    image = np.zeros((300, 200, 3), np.uint8)

    # When
    (window,) = plan(mask, ModelFacts("any", "none:none"), InpaintParameters(HDStrategy.RESIZE, 1, 32, 111))
    crop, hole = cut(image, mask, window)

    # Then
    assert crop.shape == (111, 74, 3)
    assert ((hole > 0) & (hole < 255)).any()


def test_padding_is_iopaints_for_every_size_multiple_and_shape(peers: dict[str, Peer]) -> None:
    from iopaint.helper import pad_img_to_modulo

    dice = np.random.default_rng(2)
    for multiple, least, square in [(8, 1, False), (1, 1, False), (16, 1, False), (32, 256, True), (512, 512, True)]:
        facts = ModelFacts("any", "none:none", pad_multiple=multiple, min_size=least, pad_to_square=square)
        for height, width in [(1, 1), (3, 17), (8, 8), (129, 40), (513, 20)]:
            # Given
            image = dice.integers(0, 256, (height, width, 3), dtype=np.uint8)

            # When
            ours = pad(image, *padded_shape(height, width, facts))

            # Then
            theirs = pad_img_to_modulo(image, multiple, square, least if least > 1 else None)
            np.testing.assert_array_equal(ours, theirs)
            np.testing.assert_array_equal(pad(image[:, :, 0], *ours.shape[:2]), ours[:, :, 0])
            np.testing.assert_array_equal(unpad(ours, height, width), image)


@pytest.mark.parametrize("strategy", [HDStrategy.ORIGINAL, HDStrategy.CROP, HDStrategy.RESIZE])
def test_a_forward_that_needs_more_memory_than_the_longest_side_allows_is_refused(strategy: HDStrategy) -> None:
    # Given: a window of 2,000 x 1,000 pixels for whichever strategy
    mask = np.zeros((1000, 2000), np.uint8)
    mask[10:990, 10:1990] = 255
    parameters = InpaintParameters(strategy, 1, 32, 2000)
    # When / Then
    assert len(plan(mask, registry.facts("lama"), parameters, PlanLimits(max_window_px=1448))) == 1
    with pytest.raises(InvalidRequest, match=r"lama over 2000x1000 pixels at once, which takes 2\.9 GiB") as caught:
        plan(mask, registry.facts("lama"), parameters, PlanLimits(max_window_px=1024))
    assert caught.value.details["field"] == "hd_strategy"


def test_a_model_that_takes_little_memory_gets_larger_images_whole() -> None:
    mask = np.zeros((4000, 5000), np.uint8)
    mask[0, 0] = 255

    assert len(plan(mask, registry.facts("cv2"), InpaintParameters(HDStrategy.ORIGINAL))) == 1


def test_crop_refuses_a_mask_of_countless_areas() -> None:
    # Given
    mask = np.zeros((2000, 2000), np.uint8)
    mask[::10, ::10] = 255
    # When / Then
    with pytest.raises(InvalidRequest, match="40000 separate areas"):
        plan(mask, registry.facts("lama"), InpaintParameters(HDStrategy.CROP))
