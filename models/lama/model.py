"""LaMa from the TorchScript file IOPaint uses. Needs torch only; importing IOPaint would cost ten seconds more.

On a CPU in fp32 the file runs as it is, and gives IOPaint's bytes. Everywhere else its weights run in a module of our
own (models/lama/network.py), unless the file turns out to hold another network.
"""

import logging
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from models import weights
from models.base import InpaintModel, LoadOptions, ModelFacts
from models.errors import ModelUnavailable
from models.types import Images, InpaintParameters, Masks, StepCallback

log = logging.getLogger(__name__)

WARM_UP_SIDE_PX = 64

WARM_SIZES = ((72, 320), (72, 368), (88, 456), (112, 176), (120, 208), (128, 192))
"""(height, width) of the windows the planner makes most often of lines of text and speech bubbles, in the pictures of
benchmarks/pictures.py. Other sizes are recorded when they come again and again."""


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

    def warm_up(self, max_pixels: int) -> int:
        return run_once(self, max_pixels)


@dataclass(frozen=True, slots=True)
class EagerLama:
    """The network on the CPU, at the precision of its weights. The same meaning as Lama, other rounding; bytes outside
    the mask are those given."""

    network: Any

    @torch.inference_mode()
    def inpaint(
        self, images: Images, masks: Masks, parameters: InpaintParameters, on_step: StepCallback | None = None
    ) -> Images:
        # Copies, because torch wants memory it could write to.
        filled: Images = self.network(torch.from_numpy(images.copy()), torch.from_numpy(masks.copy())).numpy()
        return filled

    def warm_up(self, max_pixels: int) -> int:
        return run_once(self, max_pixels)


def load(facts: ModelFacts, options: LoadOptions) -> InpaintModel:
    (path,) = weights.ensure_all(facts.weights, options.on_download, options.sha256)
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    try:
        return from_file(path, options)
    except (RuntimeError, ValueError, AssertionError) as error:  # the last: a torch without CUDA that is asked for it
        raise ModelUnavailable(f"{path.name} cannot be loaded for {facts.name} on {options.device}") from error


def from_file(path: Path, options: LoadOptions) -> InpaintModel:
    """The way that suits device and precision. Raises what torch raises."""
    if options.device == "cpu" and options.precision == "fp32":
        return Lama(load_torchscript(path, "cpu"), "cpu")
    from models.lama.network import NotLama, read_network

    reference = load_torchscript(path, "cpu")
    try:
        network = read_network(reference, options.precision)
    except NotLama as error:
        log.warning("%s runs as TorchScript in fp32 on %s: %s", path.name, options.device, error)
        return Lama(reference.to(options.device), options.device)
    if options.device == "cpu":
        return EagerLama(network)
    return _on_cuda(network, path, options)


def _on_cuda(network: Any, path: Path, options: LoadOptions) -> InpaintModel:
    from models.cuda.device import CudaDevice
    from models.cuda.inpainter import CudaInpainter

    device = CudaDevice(options.device, options.memory_fraction)
    return CudaInpainter(
        network.to(device.device),
        device,
        on_cpu=lambda: Lama(load_torchscript(path, "cpu"), "cpu"),
        warm_sizes=WARM_SIZES,
    )


def load_torchscript(path: Path, device: str) -> Any:
    """Without the profiling executor, which would spend seconds on the first calls of every new shape."""
    torch._C._jit_set_profiling_mode(False)
    with warnings.catch_warnings():
        # torch recommends torch.export instead; the published weights are TorchScript.
        warnings.filterwarnings("ignore", message=r".*torch\.jit", category=FutureWarning)
        network = torch.jit.load(str(path), map_location="cpu")  # type: ignore[no-untyped-call]
    return network.to(device).eval()


def run_once(model: InpaintModel, max_pixels: int) -> int:
    """One small window, so that the first request does not pay for what torch sets up on its first run."""
    shape = (1, WARM_UP_SIDE_PX, WARM_UP_SIDE_PX)
    model.inpaint(np.zeros((*shape, 3), np.uint8), np.full(shape, 255, np.uint8), InpaintParameters())
    return max_pixels
