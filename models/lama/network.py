"""LaMa as an eager module: uint8 windows in, uint8 windows out, all of it on the device the weights are on."""

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from models.base import Precision
from models.lama.layers import FourierConvolution, Reflection

LEVELS = 255

LANDMARK = "model.1.bn_l.running_mean"
"""A weight of the generator's first layer, by which the generator is found in the file whatever wraps it."""

TRIAL_SIDE_PX = 64

MOST_DIFFERENCE = 1.0
"""Grey levels, on average over the hole of the trial window. Rounding alone gives a hundredth of that."""


class NotLama(Exception):
    """The file holds another network than LaMa's, or one that gives other pictures."""


class LamaNetwork(nn.Module):
    """`layers` takes (n, 4, h, w): RGB in 0-1 with the hole at 0, and the hole as 1; it gives logits (n, 3, h, w)."""

    def __init__(self, layers: nn.Sequential) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, images: Tensor, masks: Tensor) -> Tensor:
        """Fill every pixel whose mask is not 0; the others keep their bytes.

        `images` (n, h, w, 3) and `masks` (n, h, w) are uint8, and so is the result (n, h, w, 3). Heights and widths
        are multiples of 8. Nothing here waits for the device.
        """
        holes = (masks > 0).unsqueeze(1)
        planes = images.permute(0, 3, 1, 2)
        known = (planes.to(torch.float32) / LEVELS).masked_fill_(holes, 0)
        seen = torch.cat([known, holes.to(torch.float32)], dim=1)
        precision = next(self.layers.parameters()).dtype
        logits = self.layers(seen.to(precision, memory_format=torch.channels_last))
        # In fp32: bf16 has 128 steps between a half and one, and would round each to two grey levels.
        filled = torch.sigmoid_(logits.to(torch.float32))
        # As IOPaint does it: cut off, not rounded.
        levels = filled.mul_(LEVELS).clamp_(0, LEVELS).to(torch.uint8)
        return torch.where(holes, levels, planes).permute(0, 2, 3, 1).contiguous()


def read_network(reference: Any, precision: Precision) -> LamaNetwork:
    """The network of a TorchScript file (loaded on the CPU), on the CPU, ready to run.

    spandrel knows the architecture; `reference` is asked whether the outcome is the same. Takes some five seconds, most
    of them spandrel's import. Raises: NotLama.
    """
    network = LamaNetwork(lean(_generator(reference.state_dict()))).eval().to(memory_format=torch.channels_last)
    difference = _difference(network, reference)
    if not difference <= MOST_DIFFERENCE:
        raise NotLama(f"it has LaMa's weights, but gives pictures {difference:.1f} grey levels off")
    return network.to(torch.bfloat16) if precision == "bf16" else network


def lean(generator: Any) -> nn.Sequential:
    """The layers of spandrel's FFCResNetGenerator (which is taken apart), but for the last sigmoid."""
    ours: list[nn.Module] = []
    for layer in list(generator.model.eval())[:-1]:
        match type(layer).__name__:
            case "ReflectionPad2d":
                ours.append(Reflection(layer.padding[0]))
            case "FFC_BN_ACT":
                ours.append(FourierConvolution(layer))
            case "FFCResnetBlock":
                layer.conv1, layer.conv2 = FourierConvolution(layer.conv1), FourierConvolution(layer.conv2)
                ours.append(layer)
            case "BatchNorm2d":
                upsampling = cast(nn.ConvTranspose2d, ours.pop())
                ours.append(fuse_conv_bn_eval(upsampling, layer, transpose=True))
            case _:
                ours.append(layer)
    return nn.Sequential(*ours).requires_grad_(False)


def _generator(state: dict[str, Tensor]) -> Any:
    prefix = next((name.removesuffix(LANDMARK) for name in state if name.endswith(LANDMARK)), None)
    if prefix is None:
        raise NotLama("it holds no weights of LaMa's architecture")
    from spandrel import ModelLoader, UnsupportedModelError
    from spandrel.architectures.LaMa import LaMa

    # spandrel expects the generator's layers as model.model.0, model.model.1 and so on.
    layers = {name.removeprefix(prefix): weight for name, weight in state.items() if name.startswith(f"{prefix}model.")}
    known = {f"model.{name}": weight for name, weight in layers.items()}
    try:
        found = ModelLoader("cpu").load_from_state_dict(known).model
    except (UnsupportedModelError, RuntimeError, ValueError, KeyError) as error:
        raise NotLama("its weights do not fit LaMa's architecture") from error
    if not isinstance(found, LaMa):
        raise NotLama(f"it is a network of type {type(found).__name__}")
    return found.model


@torch.inference_mode()
def _difference(network: LamaNetwork, reference: Any) -> float:
    """Mean difference in grey levels over the hole of one window of soft colours."""
    ramp = torch.linspace(0, LEVELS, TRIAL_SIDE_PX)
    across, down = torch.meshgrid(ramp, ramp, indexing="xy")
    images = torch.stack([across, down, LEVELS - across], dim=-1).to(torch.uint8)[None]
    masks = torch.zeros(1, TRIAL_SIDE_PX, TRIAL_SIDE_PX, dtype=torch.uint8)
    masks[:, 16:48, 12:52] = LEVELS
    hole = masks > 0
    expected = reference(images.permute(0, 3, 1, 2).to(torch.float32) / LEVELS, hole[:, None].to(torch.int64))
    levels = (expected.permute(0, 2, 3, 1) * LEVELS).clamp(0, LEVELS).floor()
    return float((network(images, masks)[hole].to(torch.float32) - levels[hole]).abs().mean())
