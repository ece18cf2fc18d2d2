"""LaMa from the TorchScript file IOPaint uses. Needs torch only; importing IOPaint would cost ten seconds more."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from models import weights
from models.base import LoadOptions, ModelFacts
from models.errors import ModelUnavailable
from models.types import Images, InpaintParameters, Masks, StepCallback


@dataclass(frozen=True, slots=True)
class Lama:
    """Same arithmetic, layout of memory included, as iopaint.model.lama.LaMa.forward, so n=1 gives the same bytes.

    Fills every pixel whose mask is not 0. Heights and widths are multiples of 8.
    """

    network: Any
    device: str

    @torch.inference_mode()
    def inpaint(
        self, images: Images, masks: Masks, parameters: InpaintParameters, on_step: StepCallback | None = None
    ) -> Images:
        # astype keeps the channels-last layout IOPaint's arrays have; another layout rounds differently in places.
        pixels = torch.from_numpy(images.transpose(0, 3, 1, 2).astype(np.float32) / 255).to(self.device)
        holes = torch.from_numpy((masks[:, np.newaxis] > 0).astype(np.int64)).to(self.device)
        filled = self.network(pixels, holes).permute(0, 2, 3, 1).cpu().numpy()
        result: Images = np.clip(filled * 255, 0, 255).astype(np.uint8)
        return result


def load(facts: ModelFacts, options: LoadOptions) -> Lama:
    (path,) = weights.ensure_all(facts.weights, options.on_download)
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    try:
        return Lama(load_torchscript(path, options.device), options.device)
    except (RuntimeError, ValueError) as error:
        raise ModelUnavailable(f"{path.name} cannot be loaded for {facts.name} on {options.device}") from error


def load_torchscript(path: Path, device: str) -> Any:
    """Without the profiling executor, which would spend seconds on the first calls of every new shape."""
    torch._C._jit_set_profiling_mode(False)
    with warnings.catch_warnings():
        # torch recommends torch.export instead; the published weights are TorchScript.
        warnings.filterwarnings("ignore", message=r".*torch\.jit", category=FutureWarning)
        network = torch.jit.load(str(path), map_location="cpu")  # type: ignore[no-untyped-call]
    return network.to(device).eval()
