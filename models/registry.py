"""The visible list of models. Adding one means one entry here and one loader."""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import cast

from models.base import CostModel, InpaintModel, Loader, LoadOptions, ModelFacts, Precision
from models.errors import ModelUnavailable, UnknownModel

DIFFUSION_PARAMETERS = (
    "sd_seed",
    "sd_steps",
    "sd_strength",
    "sd_guidance_scale",
    "sd_sampler",
    "prompt",
    "negative_prompt",
    "sd_scale",
    "sd_mask_blur",
    "sd_match_histograms",
    "sd_keep_unmasked_area",
    "sd_lcm_lora",
    "powerpaint_task",
    "fitting_degree",
)

MODELS = (
    ModelFacts(
        name="lama",
        loader="models.lama.model:load",
        summary="LaMa: the best all-round eraser, and the default",
        min_size=16,  # its Fourier units need two cells of the 8-fold reduced grid
        batchable=True,
        mps=False,
        weights=("big-lama.pt",),
        bf16=True,
    ),
    ModelFacts(
        name="mend",
        loader="models.filling.model:load",
        summary="The embedded eraser: fits smooth ground, grain included, continues edges through the rest; no weights",
        pad_multiple=1,
        batchable=True,
        mps=False,
        speed="fast",
        cost=CostModel(pixel_s=8e-7, call_s=3e-3),
    ),
    ModelFacts(
        name="cv2",
        loader="models.opencv:load",
        summary="OpenCV's classic inpainting: no weights, no network; blurs larger areas",
        pad_multiple=1,
        pixel_bytes=32,
        mps=False,
        speed="fast",
        cost=CostModel(pixel_s=7.5e-9, call_s=3e-3),  # it looks at holes only: a window costs what its bytes cost
        parameters=("cv2_flag", "cv2_radius"),
    ),
    ModelFacts(
        name="anime-lama",
        loader="models.lama.model:load",
        summary="LaMa trained on anime and manga",
        min_size=16,  # its Fourier units need two cells of the 8-fold reduced grid
        batchable=True,
        mps=False,
        licence="unknown",
        weights=("anime-manga-big-lama.pt",),
        bf16=True,
    ),
    ModelFacts(
        name="ldm",
        loader="models.iopaint_models:load",
        summary="Latent diffusion: more detail than lama, slower by its number of steps",
        pad_multiple=32,
        mps=False,
        speed="slow",
        licence="MIT",
        weights=("diffusion.pt", "cond_stage_model_decode.pt", "cond_stage_model_encode.pt"),
        parameters=("ldm_steps", "ldm_sampler"),
    ),
    ModelFacts(
        name="zits",
        loader="models.iopaint_models:load",
        summary="ZITS: keeps edges and lines, good for buildings and interiors",
        pad_multiple=32,
        min_size=256,
        pad_to_square=True,
        mps=False,
        licence="unknown",
        weights=(
            "zits-wireframe-0717.pt",
            "zits-edge-line-0717.pt",
            "zits-structure-upsample-0717.pt",
            "zits-inpaint-0717.pt",
        ),
        parameters=("zits_wireframe",),
    ),
    ModelFacts(
        name="mat",
        loader="models.iopaint_models:load",
        summary="MAT: a transformer that invents large missing areas",
        pad_multiple=512,
        min_size=512,
        pad_to_square=True,
        mps=False,
        speed="slow",
        licence="research only (CC-BY-NC-4.0)",
        weights=("Places_512_FullData_G.pth",),
    ),
    ModelFacts(
        name="fcf",
        loader="models.iopaint_models:load",
        summary="FcF: fast Fourier synthesis for repeating textures, always at 512x512",
        pad_multiple=1,
        own_crop_px=512,
        pixel_bytes=64,
        mps=False,
        licence="research only (Apache-2.0 on top of NVIDIA's non-commercial StyleGAN2-ADA)",
        weights=("places_512_G.pth",),
    ),
    ModelFacts(
        name="manga",
        loader="models.iopaint_models:load",
        summary="For black and white manga: redraws lines and screentone, answers in grey",
        pad_multiple=16,
        mps=False,
        licence="free; commercial use after written notice to the authors",
        weights=("manga_inpaintor.jit", "erika.jit"),
    ),
    ModelFacts(
        name="migan",
        loader="models.iopaint_models:load",
        summary="MI-GAN: small and fast, made for phones, always at 512x512",
        pad_multiple=1,
        own_crop_px=512,
        pixel_bytes=64,
        speed="fast",
        licence="MIT",
        weights=("migan_traced.pt",),
    ),
)


def facts(name: str) -> ModelFacts:
    """Facts of a model of the list, or of a diffusion model, named as on Hugging Face ("owner/name") or by the folder
    it lies in. Whether such a model exists shows only when it is loaded.

    Raises: UnknownModel.
    """
    for model in MODELS:
        if model.name == name:
            return model
    if "/" in name or Path(name).is_dir():
        return ModelFacts(
            name=name,
            loader="models.diffusion:load",
            summary="A diffusion model for inpainting",
            pad_multiple=8,
            min_size=512,
            shortest_px=512,
            diffusion=True,
            speed="very slow",
            # A second call costs at least one window of the 512x512 they are trained on.
            cost=CostModel(call_s=512 * 512 * CostModel().pixel_s),
            licence="see its model card",
            parameters=DIFFUSION_PARAMETERS,
        )
    raise UnknownModel(f"unknown model {name!r}; known are {', '.join(m.name for m in MODELS)}", field="model")


def load(
    model: str | ModelFacts,
    device: str,
    *,
    threads: int | None = None,
    low_mem: bool = False,
    cpu_offload: bool = False,
    on_download: Callable[[float], None] | None = None,
    precision: Precision = "fp32",
    memory_fraction: float = 1.0,
    sha256: Mapping[str, str] | None = None,
) -> InpaintModel:
    """The model (a name as for `facts`, or facts of your own), ready to run; see LoadOptions. Blocks while weights
    download.

    Raises: UnknownModel, WeightsUnavailable, ModelUnavailable (also for a loader that does not exist, or a precision
    the model cannot run at).
    """
    known = facts(model) if isinstance(model, str) else model
    if precision == "bf16" and not known.bf16:
        raise ModelUnavailable(f"model {known.name} cannot run in bf16")
    device = "cpu" if device == "mps" and not known.mps else device
    options = LoadOptions(device, threads, low_mem, cpu_offload, on_download, precision, memory_fraction, sha256 or {})
    return _loader(known)(known, options)


def _loader(known: ModelFacts) -> Loader:
    module, _, function = known.loader.partition(":")
    try:
        return cast(Loader, getattr(import_module(module), function))
    except (ImportError, AttributeError) as error:
        raise ModelUnavailable(f"the loader {known.loader} of model {known.name} cannot be used: {error}") from error
