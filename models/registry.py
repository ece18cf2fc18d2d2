"""The visible list of models. Adding one means one entry here and one loader."""

from collections.abc import Callable
from importlib import import_module
from typing import cast

from models.base import Inpainter, Loader, LoadOptions, ModelFacts
from models.errors import UnknownModel

MODELS = (
    ModelFacts(
        name="lama",
        loader="models.lama:load",
        summary="LaMa: the best all-round eraser, and the default",
        batchable=True,
        mps=False,
        weights=("big-lama.pt",),
    ),
    ModelFacts(
        name="cv2",
        loader="models.opencv:load",
        summary="OpenCV's classic inpainting: no weights, no network; blurs larger areas",
        pad_multiple=1,
        mps=False,
        speed="fast",
    ),
    ModelFacts(
        name="anime-lama",
        loader="models.lama:load",
        summary="LaMa trained on anime and manga",
        batchable=True,
        mps=False,
        licence="unknown",
        weights=("anime-manga-big-lama.pt",),
    ),
)


def facts(name: str) -> ModelFacts:
    """Facts of a model of the list. Raises: UnknownModel."""
    for model in MODELS:
        if model.name == name:
            return model
    raise UnknownModel(f"unknown model {name!r}; known are {', '.join(m.name for m in MODELS)}", field="model")


def load(
    name: str,
    device: str,
    *,
    threads: int | None = None,
    low_mem: bool = False,
    cpu_offload: bool = False,
    on_download: Callable[[float], None] | None = None,
) -> Inpainter:
    """The model, ready to run; see LoadOptions. Blocks while weights download.

    Raises: UnknownModel, WeightsUnavailable, ModelUnavailable.
    """
    model = facts(name)
    module, function = model.loader.split(":")
    loader = cast(Loader, getattr(import_module(module), function))
    device = "cpu" if device == "mps" and not model.mps else device
    return loader(model, LoadOptions(device, threads, low_mem, cpu_offload, on_download))
