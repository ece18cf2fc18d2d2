"""Diffusion models by Hugging Face name or local folder, through IOPaint's SD, SDXL and PowerPaint classes.

Served: pipelines of Stable Diffusion 1.x and 2.x and XL, made for inpainting or not, and PowerPaint v1 by its name.
Not served, with an error that says so: Paint by Example, InstructPix2Pix, Kandinsky, AnyText, PowerPaint v2. There is
no ControlNet or BrushNet, and no single-file checkpoint.

`low_mem` decodes and encodes large images in tiles (and slices attention on mps). `cpu_offload` keeps weights in main
memory and brings each layer to a CUDA device when it runs, very slowly; it also leaves out the safety checker. It does
nothing on other devices. On "cuda" the weights are 16 bit, as in IOPaint. diffusers takes safetensors where a model has
them, and else pickled files, of which nothing but tensors is read.
"""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from models.base import LoadOptions, ModelFacts
from models.errors import InvalidRequest, LoraUnavailable, ModelUnavailable, TextRemovalError, WeightsUnavailable
from models.torch_files import tensors_only
from models.types import Image, Images, InpaintParameters, Mask, Masks, StepCallback

FINISHING = ("sd_scale", "sd_mask_blur", "sd_match_histograms", "sd_keep_unmasked_area")
"""What IOPaint does before and after a model's `forward`. Without any of it, the pipeline's own pasting is all."""

PLAIN = InpaintParameters()

LCM_LORA_FILE = "pytorch_lora_weights.safetensors"

MOST_LCM_STEPS = 50
"""The LCM sampler picks its steps among as many (`original_inference_steps` of diffusers' LCMScheduler)."""

KINDS = {
    "StableDiffusionPipeline": "DIFFUSERS_SD",
    "StableDiffusionInpaintPipeline": "DIFFUSERS_SD_INPAINT",
    "StableDiffusionXLPipeline": "DIFFUSERS_SDXL",
    "StableDiffusionXLInpaintPipeline": "DIFFUSERS_SDXL_INPAINT",
}
"""Class in a pipeline's model_index.json, and IOPaint's ModelType for it."""


@dataclass(frozen=True, slots=True)
class DiffusionModel:
    """The same parameters and seed give the same bytes on the same device, whatever ran before; seed -1 is random.

    `on_step` is called after each step of the scheduler, of which there may be more than `sd_steps` (second-order
    samplers) or fewer (`sd_strength` below 1); what it raises ends the forward.
    """

    model: Any
    scheduler: Any
    facts: ModelFacts
    max_strength: float = 1.0

    @torch.inference_mode()
    def inpaint(
        self, images: Images, masks: Masks, parameters: InpaintParameters, on_step: StepCallback | None = None
    ) -> Images:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # IOPaint was written for libraries of early 2024
            pairs = zip(images, masks, strict=True)
            return np.stack([self._fill(image, mask, parameters, on_step) for image, mask in pairs])

    def _fill(self, image: Image, mask: Mask, parameters: InpaintParameters, on_step: StepCallback | None) -> Image:
        from iopaint.schema import InpaintRequest

        steps = int(parameters.sd_steps * min(parameters.sd_strength, self.max_strength))
        if steps < 1:
            raise InvalidRequest("sd_steps times sd_strength leaves no step to run", field="sd_steps")
        if (parameters.sd_lcm_lora or parameters.sd_sampler == "LCM") and parameters.sd_steps > MOST_LCM_STEPS:
            raise InvalidRequest(f"sd_steps: the LCM sampler takes {MOST_LCM_STEPS} at most", field="sd_steps")
        _switch_lcm_lora(self.model, parameters.sd_lcm_lora)
        # IOPaint derives each request's scheduler from the last one's; from this one nothing has leaked.
        self.model.model.scheduler = type(self.scheduler).from_config(self.scheduler.config)
        self.model.callback = None if on_step is None else _after_step(on_step, steps)
        chosen = {name: getattr(parameters, name) for name in self.facts.parameters}
        # Only PowerPaint looks at its task. Without a prompt, the task of this service; else IOPaint's default.
        chosen["powerpaint_task"] = parameters.powerpaint_task or (
            "text-guided" if parameters.prompt else "object-remove"
        )
        request = InpaintRequest(**chosen)
        try:
            if all(getattr(parameters, name) == getattr(PLAIN, name) for name in FINISHING):
                bgr = self.model.forward(image.copy(), mask[:, :, np.newaxis].copy(), request)
            else:
                bgr = self.model._scaled_pad_forward(image.copy(), mask.copy(), request)
        except ImportError as error:
            # diffusers' LMS needs scipy, which IOPaint does not ask for.
            message = f"the sampler {parameters.sd_sampler} needs a library that is not installed here"
            raise InvalidRequest(message, field="sd_sampler") from error
        return np.ascontiguousarray(bgr[:, :, ::-1]).clip(0, 255).astype(np.uint8)


def _switch_lcm_lora(model: Any, on: bool) -> None:
    """ModelManager.enable_disable_lcm_lora: fetched at its first use, as the model itself is, and kept from then on.
    Which LoRA it is stands in IOPaint's class of the model.

    Raises: LoraUnavailable.
    """
    pipeline = model.model
    loaded = bool(pipeline.get_list_adapters())
    if not on:
        if loaded:
            pipeline.disable_lora()
    elif loaded:
        pipeline.enable_lora()
    else:
        from iopaint.model.utils import is_local_files_only

        try:
            pipeline.load_lora_weights(
                model.lcm_lora_id, weight_name=LCM_LORA_FILE, local_files_only=is_local_files_only()
            )
        except (OSError, ValueError) as error:
            message = f"sd_lcm_lora: {_shown(model.lcm_lora_id)} is not here or incomplete, and cannot be downloaded"
            raise LoraUnavailable(message, field="sd_lcm_lora") from error


def load(facts: ModelFacts, options: LoadOptions) -> DiffusionModel:
    """Downloads by Hugging Face's rules (HF_HOME, HF_ENDPOINT, HF_HUB_OFFLINE) if `facts.name` is not a folder."""
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with tensors_only():
                model = _load(facts.name, options)
        except TextRemovalError:
            raise
        except (OSError, ValueError, SystemExit) as error:
            message = f"diffusion model {_shown(facts.name)} is not here or incomplete, and cannot be downloaded"
            raise WeightsUnavailable(message, model=_shown(facts.name)) from error
    model.model.set_progress_bar_config(disable=True)
    # iopaint/model/sdxl.py turns a strength of 1 into 0.999.
    max_strength = 0.999 if type(model).__name__ == "SDXL" else 1.0
    return DiffusionModel(model, model.model.scheduler, facts, max_strength)


def _load(name: str, options: LoadOptions) -> Any:
    import diffusers
    from iopaint.model import SD, SDXL, PowerPaint
    from iopaint.schema import ModelInfo, ModelType
    from loguru import logger

    logger.disable("iopaint")
    diffusers.utils.logging.set_verbosity_error()
    kind = diffusers.DiffusionPipeline.load_config(name)["_class_name"]
    if kind not in KINDS:
        raise ModelUnavailable(f"{_shown(name)} is a {kind}; served are {', '.join(KINDS)}")
    extra = {}
    model_class = PowerPaint if name == PowerPaint.name else SDXL if "XL" in kind else SD
    if "XL" in kind and Path(name).is_dir():
        # IOPaint would fetch another decoder; a local folder is complete by itself.
        extra["pipe_components"] = {"vae": diffusers.AutoencoderKL.from_pretrained(Path(name) / "vae")}
    return model_class(
        torch.device(options.device),
        model_info=ModelInfo(name=name, path=name, model_type=ModelType[KINDS[kind]]),
        low_mem=options.low_mem,
        cpu_offload=options.cpu_offload,
        disable_nsfw=False,
        sd_cpu_textencoder=False,
        **extra,
    )


def _after_step(on_step: StepCallback, steps: int) -> Any:
    """`steps` is for PowerPaint's older pipeline, which does not know how many it takes."""

    def callback(pipeline: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        on_step(step + 1, getattr(pipeline, "num_timesteps", steps))
        return tensors

    return callback


def _shown(name: str) -> str:
    """A name fit for clients: of a folder only its last part."""
    return Path(name).name if Path(name).is_dir() else name
