"""IOPaint's own classes for its heavier models. Importing them takes ten seconds or more, so it waits until `load`."""

import logging
import sys
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import torch

from models import weights
from models.base import LoadOptions, ModelFacts
from models.errors import InvalidRequest, ModelUnavailable
from models.masking.masks import count_areas
from models.planning.iopaint import MOST_CROPS
from models.torch_files import tensors_only
from models.types import HDStrategy, Image, Images, InpaintParameters, Mask, Masks, StepCallback

log = logging.getLogger(__name__)

SEED = 42
"""IOPaint seeds torch with it once, on import; here each window is, so that it gives the same bytes every time."""


@dataclass(frozen=True, slots=True)
class IOPaintModel:
    """One of iopaint.model's erase models, driven by its `forward`. If it crops by rules of its own: whole for the
    strategies of IOPaint, and each crop is a step; one forward for a window that `Auto` cut to its size.

    What a grey mask value means is the model's: masked is > 120 for migan and fcf, > 127 for mat and zits, >= 127.5
    for ldm and > 0 for manga. ldm calls `on_step` after each of its steps; for the others a window is one step.
    """

    model: Any
    facts: ModelFacts

    @torch.inference_mode()
    def inpaint(
        self, images: Images, masks: Masks, parameters: InpaintParameters, on_step: StepCallback | None = None
    ) -> Images:
        _report_ldm_steps(on_step)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # IOPaint was written for libraries of early 2024
            pairs = zip(images, masks, strict=True)
            return np.stack([self._fill(image, mask, parameters, on_step) for image, mask in pairs])

    def _fill(self, image: Image, mask: Mask, parameters: InpaintParameters, on_step: StepCallback | None) -> Image:
        from iopaint.schema import HDStrategy as Strategy
        from iopaint.schema import InpaintRequest

        chosen = {name: getattr(parameters, name) for name in self.facts.parameters}
        request = InpaintRequest(hd_strategy=Strategy.ORIGINAL, **chosen)
        planned = parameters.hd_strategy is HDStrategy.AUTO
        if self.model.name == "zits":
            _require_known_pixels(mask)
        torch.manual_seed(SEED)
        # Copies: IOPaint wraps its input in tensors, which must be writable, and migan writes into `request`.
        if self.facts.own_crop_px and max(mask.shape) <= self.facts.own_crop_px and planned:
            bgr = self.model._pad_forward(image.copy(), mask.copy(), request)
        elif self.facts.own_crop_px:
            bgr = self._crop_and_fill(image.copy(), mask.copy(), request, on_step)
        else:
            bgr = self.model.forward(image.copy(), mask[:, :, np.newaxis].copy(), request)
        return np.ascontiguousarray(bgr[:, :, ::-1]).astype(np.uint8)

    def _crop_and_fill(self, image: Image, mask: Mask, request: Any, on_step: StepCallback | None) -> Any:
        forward = self.model.forward
        crops = count_areas(mask)
        if crops > MOST_CROPS:
            message = f"the mask has {crops} separate areas; {self.model.name} fills at most {MOST_CROPS} at once"
            raise InvalidRequest(message, field="model")
        done = 0

        def counted(*arguments: Any) -> Any:
            nonlocal done
            filled = forward(*arguments)
            done += 1
            if on_step is not None:
                on_step(done, max(crops, done))
            return filled

        self.model.forward = counted
        try:
            return self.model(image, mask, request)
        except cv2.error as error:
            # A crop is shrunk to 512 pixels; a side of less than one pixel is left of a hair-thin one.
            message = f"{self.model.name} cannot fill areas as thin as those of this image"
            raise InvalidRequest(message, field="model") from error
        finally:
            self.model.forward = forward


def _require_known_pixels(mask: Mask) -> None:
    """zits measures distances to known pixels on a 256x256 grid, and searches without end if there are none."""
    grid = cv2.resize((mask > 127).astype(np.uint8) * 255, (256, 256), interpolation=cv2.INTER_AREA)
    if grid.all():
        raise InvalidRequest("zits cannot fill a whole image: it needs known pixels to go by", field="model")


def load(facts: ModelFacts, options: LoadOptions) -> IOPaintModel:
    """IOPaint is handed files whose checksum was verified, by their paths, so it has nothing to download or delete."""
    paths = weights.ensure_all(facts.weights, options.on_download, options.sha256)
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model_class = _import_class(facts.name)
        module = sys.modules[model_class.__module__]
        for name, path in zip(facts.weights, paths, strict=True):
            wanted = weights.file(name)
            setattr(module, f"{wanted.variable}_URL", str(path))
            setattr(module, f"{wanted.variable}_MD5", wanted.md5)
        try:
            with tensors_only():
                return IOPaintModel(model_class(torch.device(options.device)), facts)
        except ImportError as error:  # notices/research.py
            raise ModelUnavailable(f"{facts.name} was left out of this installation: {error}") from error
        except SystemExit as error:  # IOPaint's answer to a file it cannot read
            files = ", ".join(facts.weights)
            raise ModelUnavailable(f"IOPaint cannot load {files} as {facts.name} on {options.device}") from error


def _import_class(name: str) -> Any:
    import iopaint.model
    from loguru import logger

    logger.disable("iopaint")
    for module in _modules("zits", "plms_sampler"):
        setattr(module, "print", log.debug)  # noqa: B010  (they print timings for each window)
    return iopaint.model.models[name]


def _report_ldm_steps(on_step: StepCallback | None) -> None:
    """ldm's samplers loop over a tqdm progress bar: this takes its place."""
    for module in _modules("ddim_sampler", "plms_sampler"):
        setattr(module, "tqdm", partial(_counted, on_step))  # noqa: B010


def _counted(on_step: StepCallback | None, steps: Iterable[Any], desc: str, total: int) -> Iterator[Any]:
    for done, step in enumerate(steps, start=1):
        yield step
        if on_step is not None:
            on_step(done, total)


def _modules(*names: str) -> list[ModuleType]:
    return [sys.modules[f"iopaint.model.{name}"] for name in names]
