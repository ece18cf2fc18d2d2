"""Diffusion models: IOPaint's results, steps that are counted, cancels that reach them, state that does not leak."""

import shutil
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from models import registry
from models.base import InpaintModel
from models.diffusion import DiffusionModel
from models.errors import Cancelled, InvalidRequest, LoraUnavailable, ModelUnavailable, WeightsUnavailable
from models.types import Image, InpaintParameters, Mask
from tests.standins import import_quietly, make_diffusion

PARAMETERS = InpaintParameters(sd_steps=3, sd_seed=7, prompt="a b", negative_prompt="c")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_diffusion(tmp_path_factory.mktemp("diffusion") / "tiny-inpainting")


@pytest.fixture(scope="module")
def model(folder: Path) -> InpaintModel:
    return registry.load(str(folder), "cpu", low_mem=True, cpu_offload=True)


def picture(height: int = 64, width: int = 72) -> tuple[Image, Mask]:
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    mask = np.zeros((height, width), np.uint8)
    mask[16:40, 20:60] = 255
    return image, mask


def fill(model: InpaintModel, parameters: InpaintParameters, on_step: Callable[[int, int], Any] | None = None) -> Image:
    image, mask = picture()
    image.flags.writeable = mask.flags.writeable = False
    filled: Image = model.inpaint(image[np.newaxis], mask[np.newaxis], parameters, on_step)[0]
    return filled


def by_iopaint(folder: Path, kind: str, parameters: InpaintParameters, image: Image, mask: Mask, **more: Any) -> Image:
    """IOPaint's own class, freshly loaded, called as its server calls it but without blurring the mask; RGB."""
    import torch

    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        import iopaint.model
        from iopaint.schema import InpaintRequest, ModelInfo, ModelType

        model_type = ModelType.DIFFUSERS_SDXL_INPAINT if kind == "SDXL" else ModelType.DIFFUSERS_SD_INPAINT
        info = ModelInfo(name="tiny", path=str(folder), model_type=model_type)
        theirs = getattr(iopaint.model, kind)(
            torch.device("cpu"), model_info=info, low_mem=True, sd_cpu_textencoder=False, disable_nsfw=False, **more
        )
        if parameters.sd_lcm_lora:
            manager = import_quietly("iopaint.model_manager").ModelManager
            itself = SimpleNamespace(name="tiny", model=theirs, available_models={"tiny": info})
            manager.enable_disable_lcm_lora(itself, InpaintRequest(sd_lcm_lora=True))
        request = InpaintRequest(
            sd_lcm_lora=parameters.sd_lcm_lora,
            fitting_degree=parameters.fitting_degree,
            sd_seed=parameters.sd_seed,
            sd_steps=parameters.sd_steps,
            sd_strength=parameters.sd_strength,
            sd_guidance_scale=parameters.sd_guidance_scale,
            sd_sampler=parameters.sd_sampler,
            prompt=parameters.prompt,
            negative_prompt=parameters.negative_prompt,
            sd_mask_blur=0,
        )
        if max(mask.shape) < 512:
            bgr = theirs.forward(image, mask[:, :, np.newaxis], request)
        else:
            bgr = theirs(image, mask, request)
    rgb: Image = np.ascontiguousarray(bgr[:, :, ::-1]).astype(np.uint8)
    return rgb


@pytest.mark.parametrize(
    "changed", [{}, {"sd_sampler": "DPM++ 2M SDE Karras", "sd_guidance_scale": 2.0, "sd_strength": 0.7}]
)
def test_the_result_equals_iopaints(folder: Path, model: InpaintModel, changed: dict[str, Any]) -> None:
    # Given
    parameters = replace(PARAMETERS, **changed)
    # When
    ours = fill(model, parameters)
    # Then
    assert (ours == by_iopaint(folder, "SD", parameters, *picture())).all()


@pytest.mark.parametrize(
    "asked",
    [
        {"sd_scale": 0.5},
        {"sd_mask_blur": 11},
        {"sd_match_histograms": True},
        {"sd_keep_unmasked_area": False},
        {"sd_scale": 0.7, "sd_mask_blur": 5, "sd_match_histograms": True},
    ],
)
def test_what_iopaint_does_around_a_forward_is_done_as_there(asked: dict[str, Any]) -> None:
    # Given: IOPaint's base class around a network that gives the negative
    base = import_quietly("iopaint.model.base")
    schema = import_quietly("iopaint.schema")

    class Negative(base.DiffusionInpaintModel):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            self.model = Pipeline()

        def forward(self, image: Image, mask: Mask, config: Any) -> Image:
            return np.ascontiguousarray(255 - image[:, :, ::-1])

    image, mask = picture(520, 640)
    parameters = replace(PARAMETERS, **asked)
    # When
    facts = registry.facts("owner/name")
    (ours,) = DiffusionModel(Negative(), Pipeline.scheduler, facts).inpaint(image[None], mask[None], parameters)
    # Then
    theirs = Negative()(image.copy(), mask.copy(), schema.InpaintRequest(**{"sd_mask_blur": 0} | asked))
    assert (ours == np.clip(theirs[:, :, ::-1], 0, 255).astype(np.uint8)).all()


class Scheduler:
    config: Any = None

    @classmethod
    def from_config(cls, config: Any) -> "Scheduler":
        return cls()


class Pipeline:
    scheduler = Scheduler()
    callback: Any = None

    def get_list_adapters(self) -> dict[str, list[str]]:
        return {}


@pytest.mark.heavy
@pytest.mark.timeout(300)
def test_a_window_of_full_size_equals_iopaints_whole_call(folder: Path, model: InpaintModel) -> None:
    # Given
    image, mask = picture(512, 520)
    parameters = replace(PARAMETERS, sd_steps=1, sd_guidance_scale=1.0)
    # When
    ours = model.inpaint(image[np.newaxis], mask[np.newaxis], parameters)[0]
    # Then
    theirs = by_iopaint(folder, "SD", parameters, image, mask)
    assert (ours[mask > 0] == theirs[mask > 0]).all()


@pytest.mark.heavy
@pytest.mark.timeout(300)
def test_sdxl_equals_iopaints_and_takes_the_folders_own_decoder(tmp_path: Path) -> None:
    # Given
    import diffusers

    folder = make_diffusion(tmp_path / "tiny-xl", sdxl=True)
    # When
    model = registry.load(str(folder), "cpu", low_mem=True)
    # Then
    decoder = {"vae": diffusers.AutoencoderKL.from_pretrained(folder / "vae")}
    theirs = by_iopaint(folder, "SDXL", PARAMETERS, *picture(), pipe_components=decoder)
    assert (fill(model, PARAMETERS) == theirs).all()
    with pytest.raises(InvalidRequest, match="no step to run"):
        fill(model, replace(PARAMETERS, sd_steps=1))


def test_the_same_seed_gives_the_same_bytes_whatever_ran_before(model: InpaintModel) -> None:
    # Given
    first = fill(model, PARAMETERS)
    # When: samplers that change what the next one would find in the scheduler's configuration
    for sampler in ("DPM++ 2M Karras", "Euler a", "LCM", "UniPC"):
        fill(model, replace(PARAMETERS, sd_sampler=sampler, sd_seed=1))
    with pytest.raises(Cancelled):
        fill(model, PARAMETERS, cancel_after(2))
    # Then
    assert (fill(model, PARAMETERS) == first).all()


@pytest.fixture(scope="module")
def lora(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LoRA for the model of `folder`, as the hub has the LCM-LoRA, with weights that do something."""
    made = tmp_path_factory.mktemp("lora") / "lcm-lora"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import diffusers
        import peft
        import torch

        unet = diffusers.UNet2DConditionModel.from_pretrained(folder / "unet")
        torch.manual_seed(3)
        unet.add_adapter(peft.LoraConfig(r=4, target_modules=["to_q", "to_v"], init_lora_weights=False))
        layers = peft.get_peft_model_state_dict(unet)
        diffusers.StableDiffusionInpaintPipeline.save_lora_weights(made, unet_lora_layers=layers)
    return made


FAST = replace(PARAMETERS, sd_lcm_lora=True, sd_guidance_scale=1.5)


def test_the_lcm_lora_is_iopaints_and_comes_and_goes_with_the_request(
    folder: Path, lora: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    monkeypatch.setattr(import_quietly("iopaint.model").SD, "lcm_lora_id", str(lora))
    model = registry.load(str(folder), "cpu", low_mem=True)
    without = replace(FAST, sd_lcm_lora=False, sd_sampler="LCM")
    # When
    plain, fast, plain_again, fast_again = (fill(model, asked) for asked in (without, FAST, without, FAST))
    # Then
    assert (fast == by_iopaint(folder, "SD", FAST, *picture())).all()
    assert (plain == by_iopaint(folder, "SD", without, *picture())).all()
    assert (plain != fast).any()
    assert (plain_again == plain).all()
    assert (fast_again == fast).all()


def test_an_lcm_lora_that_cannot_be_fetched_is_a_clear_error_and_the_model_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    import huggingface_hub.constants

    model = registry.load(str(folder), "cpu", low_mem=True)
    first = fill(model, PARAMETERS)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    # When
    told = []
    for _ in range(2):
        with pytest.raises(LoraUnavailable, match="latent-consistency/lcm-lora-sdv1-5 is not here") as caught:
            fill(model, FAST)
        told.append(caught.value)
    # Then
    assert told[0].details == {"field": "sd_lcm_lora"}
    assert told[0] is not told[1]
    assert (fill(model, PARAMETERS) == first).all()


@pytest.mark.parametrize("asked", [{"sd_lcm_lora": True}, {"sd_sampler": "LCM"}])
def test_more_steps_than_the_lcm_sampler_knows_are_a_clear_error(model: InpaintModel, asked: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match="takes 50 at most"):
        fill(model, replace(PARAMETERS, sd_steps=51, **asked))


def test_another_seed_and_another_prompt_give_other_bytes(model: InpaintModel) -> None:
    # Given
    first = fill(model, PARAMETERS)
    # Then
    assert (fill(model, replace(PARAMETERS, sd_seed=8)) != first).any()
    assert (fill(model, replace(PARAMETERS, prompt="z z z")) != first).any()
    assert (fill(model, replace(PARAMETERS, sd_seed=-1)) != fill(model, replace(PARAMETERS, sd_seed=-1))).any()


def test_each_step_is_reported(model: InpaintModel) -> None:
    # Given
    seen: list[tuple[int, int]] = []
    # When
    fill(model, PARAMETERS, lambda done, total: seen.append((done, total)))
    # Then
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_a_cancel_between_two_steps_runs_no_further_step(model: InpaintModel) -> None:
    # Given
    seen: list[int] = []

    def on_step(done: int, total: int) -> None:
        seen.append(done)
        cancel_after(2)(done, total)

    # When
    with pytest.raises(Cancelled):
        fill(model, replace(PARAMETERS, sd_steps=9), on_step)
    # Then
    assert seen == [1, 2]


def test_every_sampler_of_iopaint_runs_or_says_what_is_missing(model: InpaintModel) -> None:
    # Given
    from iopaint.schema import SDSampler

    refused = []
    # When
    for sampler in SDSampler:
        try:
            assert fill(model, replace(PARAMETERS, sd_sampler=sampler.value)).std() > 0
        except InvalidRequest as error:
            refused.append((sampler.value, error.details))
    # Then: these two need scipy
    assert refused in ([], [(name, {"field": "sd_sampler"}) for name in ("LMS", "LMS Karras")])


@pytest.mark.heavy
@pytest.mark.timeout(300)
def test_powerpaint_equals_iopaints_and_counts_its_steps(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given: IOPaint knows this model by one name only
    monkeypatch.setattr(import_quietly("iopaint.model").PowerPaint, "name", str(folder))
    seen: list[tuple[int, int]] = []
    # When
    model = registry.load(str(folder), "cpu", low_mem=True)
    ours = fill(model, PARAMETERS, lambda done, total: seen.append((done, total)))
    # Then
    assert (ours == by_iopaint(folder, "PowerPaint", PARAMETERS, *picture())).all()
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert (fill(model, replace(PARAMETERS, prompt="")) != ours).any()
    loose = replace(PARAMETERS, fitting_degree=0.3)
    assert (fill(model, loose) == by_iopaint(folder, "PowerPaint", loose, *picture())).all()
    assert (fill(model, loose) != ours).any()


def test_too_little_strength_for_one_step_is_a_clear_error(model: InpaintModel) -> None:
    with pytest.raises(InvalidRequest, match="no step to run"):
        fill(model, replace(PARAMETERS, sd_strength=0.1))


def test_a_pipeline_of_another_kind_is_refused_by_name(folder: Path, tmp_path: Path) -> None:
    # Given
    other = tmp_path / "kandinsky"
    other.mkdir()
    (other / "model_index.json").write_text('{"_class_name": "KandinskyV22InpaintPipeline"}')
    # When / Then
    with pytest.raises(ModelUnavailable, match="kandinsky is a KandinskyV22InpaintPipeline; served are Stable"):
        registry.load(str(other), "cpu")


def test_a_folder_with_a_missing_part_is_a_clear_error_without_its_path(folder: Path, tmp_path: Path) -> None:
    # Given
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken, ignore=shutil.ignore_patterns("unet"))
    # When
    with pytest.raises(WeightsUnavailable, match="diffusion model broken is not here or incomplete") as caught:
        registry.load(str(broken), "cpu")
    # Then
    assert str(tmp_path) not in caught.value.message + str(caught.value.details)


def test_an_unknown_name_offline_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    # When / Then
    with pytest.raises(WeightsUnavailable, match="diffusion model nobody/nothing is not here"):
        registry.load("nobody/nothing", "cpu")


def cancel_after(steps: int) -> Callable[[int, int], None]:
    def on_step(done: int, total: int) -> None:
        if done >= steps:
            raise Cancelled("enough")

    return on_step
