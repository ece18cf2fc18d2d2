"""Weights files with the names and interfaces of the real ones and random contents, for the real loading code.

mat and fcf are IOPaint's own networks at full size, because IOPaint's classes accept no other; the rest is small.
"""

import hashlib
import json
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import nn

from models.weights.files import file


class SmallLama(nn.Module):
    """LaMa's tensor interface: image (n, 3, h, w) in 0-1 and mask (n, 1, h, w) of 0 and 1; needs multiples of 8."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.down = nn.Conv2d(4, 8, 8, stride=8)
        self.middle = nn.Conv2d(8, 8, 3, padding=1, padding_mode="reflect")
        self.up = nn.ConvTranspose2d(8, 3, 8, stride=8)

    def forward(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        seen = torch.cat([image * (1 - mask), mask.to(image.dtype)], dim=1)
        features = torch.relu(self.down(seen))
        if features.shape[2] > 1 and features.shape[3] > 1:
            features = torch.relu(self.middle(features))
        return mask * torch.sigmoid(4 * self.up(features)) + (1 - mask) * image


def make_lama(folder: Path, *, true_size: bool = False, name: str = "big-lama.pt") -> Path:
    """`true_size`: LaMa's own architecture (51 M parameters, 206 MB), which costs what the real one costs."""
    return save_script(_big_lama() if true_size else torch_script(SmallLama()), folder / name)


def _big_lama() -> Any:
    from spandrel.architectures.LaMa import LaMa

    torch.manual_seed(0)
    network = LaMa(in_nc=4, out_nc=3).eval()
    pixels, holes = torch.rand(1, 3, 64, 64), torch.ones(1, 1, 64, 64, dtype=torch.int64)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        return torch.jit.trace(network, (pixels, holes), check_trace=False)  # type: ignore[no-untyped-call]


class SmallDiffusion(nn.Module):
    """ldm's denoiser: latents (1, 3, h, w), time embedding (1, 256), condition (1, 4, h, w) to noise (1, 3, h, w)."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.convolution = nn.Conv2d(7, 3, 3, padding=1)
        self.time = nn.Linear(256, 3)

    def forward(self, latents: torch.Tensor, time: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
        noise = self.convolution(torch.cat([latents, condition], dim=1))
        return torch.tanh(noise + self.time(time)[:, :, None, None])


class SmallEncoder(nn.Module):
    """ldm's encoder: (1, 3, h, w) in -1 to 1 to latents (1, 3, h/4, w/4)."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.convolution = nn.Conv2d(3, 3, 4, stride=4)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.convolution(image))


class SmallDecoder(nn.Module):
    """ldm's decoder, and with one channel and factor 2 zits' upsampler."""

    def __init__(self, channels: int, factor: int) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.convolution = nn.ConvTranspose2d(channels, channels, factor, stride=factor)

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.convolution(latents))


class SmallWireframe(nn.Module):
    """zits' line finder: image (1, 3, 512, 512) to lines (n, 4) in 0-1 with scores; always two lines."""

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        x = torch.sigmoid(image.mean())
        lines = torch.stack([torch.stack([x * 0.1, x * 0.2, x * 0.9, x]), torch.stack([x, x * 0.1, x * 0.3, x])])
        return {"num_proposals": torch.tensor(2), "lines_pred": lines, "lines_score": torch.tensor([0.99, 0.5])}


class SmallEdgeLine(nn.Module):
    """zits' structure network: image, edges and lines (1, c, 256, 256) to logits of both."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.convolution = nn.Conv2d(6, 2, 5, padding=2)

    def forward(
        self, image: torch.Tensor, edge: torch.Tensor, line: torch.Tensor, masks: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        logits = self.convolution(torch.cat([image, edge, line, masks], dim=1))
        return logits[:, :1], logits[:, 1:]


class SmallZits(nn.Module):
    """zits' inpainter: image, mask, edge, line (1, c, h, w), distance (1, h, w), direction (1, h, w, 4) to an image."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.convolution = nn.Conv2d(11, 3, 7, padding=3)

    def forward(
        self,
        image: torch.Tensor,
        mask: torch.Tensor,
        edge: torch.Tensor,
        line: torch.Tensor,
        distance: torch.Tensor,
        direction: torch.Tensor,
    ) -> torch.Tensor:
        where = torch.cat([distance[:, None] / 128.0, direction.permute(0, 3, 1, 2).float()], dim=1)
        seen = torch.cat([image * (1 - mask), mask, edge, line, where], dim=1)
        return mask * torch.sigmoid(self.convolution(seen)) + (1 - mask) * image


class SmallLines(nn.Module):
    """manga's line finder: grey (1, 1, h, w) in 0-255 to the same."""

    def forward(self, grey: torch.Tensor) -> torch.Tensor:
        return 255 - grey / 2


class SmallManga(nn.Module):
    """manga's inpainter: five times (1, 1, h, w), the first two in -1 to 1, to grey in -1 to 1."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(6)
        self.convolution = nn.Conv2d(5, 1, 5, padding=2)

    def forward(
        self, grey: torch.Tensor, lines: torch.Tensor, mask: torch.Tensor, noise: torch.Tensor, ones: torch.Tensor
    ) -> torch.Tensor:
        seen = torch.cat([grey * (1 - mask), lines, mask, noise, ones], dim=1)
        return mask * torch.tanh(self.convolution(seen)) + (1 - mask) * grey


class SmallMigan(nn.Module):
    """migan: 0.5 - mask and the erased image (1, 4, 512, 512) to an image in -1 to 1."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(7)
        self.convolution = nn.Conv2d(4, 3, 7, padding=3)

    def forward(self, seen: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.convolution(seen))


def make_ldm(folder: Path) -> list[Path]:
    return [
        save_script(torch_script(SmallDiffusion()), folder / "diffusion.pt"),
        save_script(torch_script(SmallEncoder()), folder / "cond_stage_model_encode.pt"),
        save_script(torch_script(SmallDecoder(3, 4)), folder / "cond_stage_model_decode.pt"),
    ]


def make_zits(folder: Path) -> list[Path]:
    return [
        save_script(torch_script(SmallWireframe()), folder / "zits-wireframe-0717.pt"),
        save_script(torch_script(SmallEdgeLine()), folder / "zits-edge-line-0717.pt"),
        save_script(torch_script(SmallDecoder(1, 2)), folder / "zits-structure-upsample-0717.pt"),
        save_script(torch_script(SmallZits()), folder / "zits-inpaint-0717.pt"),
    ]


def make_manga(folder: Path) -> list[Path]:
    return [
        save_script(torch_script(SmallLines()), folder / "erika.jit"),
        save_script(torch_script(SmallManga()), folder / "manga_inpaintor.jit"),
    ]


def make_migan(folder: Path) -> Path:
    return save_script(torch_script(SmallMigan()), folder / "migan_traced.pt")


def make_mat(folder: Path) -> Path:
    """About 240 MB; imports IOPaint."""
    mat = import_quietly("iopaint.model.mat")
    torch.manual_seed(8)
    network = mat.Generator(z_dim=512, c_dim=0, w_dim=512, img_resolution=512, img_channels=3)
    return _save_state(network, folder / "Places_512_FullData_G.pth")


def make_fcf(folder: Path) -> Path:
    """About 300 MB; imports IOPaint."""
    fcf = import_quietly("iopaint.model.fcf")
    torch.manual_seed(9)
    size = {"channel_base": 32768, "channel_max": 512, "num_fp16_res": 4, "conv_clamp": 256}
    network = fcf.Generator(
        z_dim=512,
        c_dim=0,
        w_dim=512,
        img_resolution=512,
        img_channels=3,
        synthesis_kwargs=size,
        encoder_kwargs=size,
        mapping_kwargs={"num_layers": 2},
    )
    return _save_state(network, folder / "places_512_G.pth")


def make_all(torch_home: Path, *, large: bool = True) -> dict[str, str]:
    """Every file of every model; returns the environment in which a process serves them.

    `large=False` leaves out mat and fcf, and so needs no IOPaint.
    """
    folder = torch_home / "hub" / "checkpoints"
    made = [make_lama(folder), make_lama(folder, name="anime-manga-big-lama.pt"), make_migan(folder)]
    made += make_ldm(folder) + make_zits(folder) + make_manga(folder)
    if large:
        made += [make_mat(folder), make_fcf(folder)]
    environment = {"TORCH_HOME": str(torch_home)}
    for path in made:
        environment |= checksum_variable(path)
    return environment


def import_quietly(name: str) -> Any:
    """A module of IOPaint, whose first import warns of much that has been deprecated since it was written."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return import_module(name)


def _save_state(network: nn.Module, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), path)
    return path


def torch_script(module: nn.Module) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return torch.jit.script(module.eval())


def save_script(script: Any, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        script.save(str(path))
    return path


def checksum_variable(path: Path) -> dict[str, str]:
    """The environment variable that makes a stand-in's checksum the right one."""
    digest = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    return {f"{file(path.name).variable}_MD5": digest}


def make_diffusion(folder: Path, *, sdxl: bool = False) -> Path:
    """A Stable Diffusion (XL) inpainting pipeline in Hugging Face's layout, as small as its parts can be."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import diffusers
        from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

        torch.manual_seed(10)
        text = {
            "hidden_size": 32,
            "intermediate_size": 37,
            "num_attention_heads": 4,
            "num_hidden_layers": 2,
            "projection_dim": 32,
            "vocab_size": 64,
            "bos_token_id": 62,
            "eos_token_id": 63,
            "pad_token_id": 63,
        }
        unet: dict[str, Any] = {"cross_attention_dim": 32}
        if sdxl:
            unet = {
                "cross_attention_dim": 64,
                "addition_embed_type": "text_time",
                "addition_time_embed_dim": 8,
                "projection_class_embeddings_input_dim": 80,
            }
        parts: dict[str, Any] = {
            "vae": diffusers.AutoencoderKL(
                block_out_channels=[8, 8, 8, 8],
                norm_num_groups=4,
                down_block_types=["DownEncoderBlock2D"] * 4,
                up_block_types=["UpDecoderBlock2D"] * 4,
            ),
            "text_encoder": CLIPTextModel(CLIPTextConfig(**text)),
            "tokenizer": _tokenizer(folder / "tokenizer"),
            "unet": diffusers.UNet2DConditionModel(
                block_out_channels=(8, 16),
                layers_per_block=1,
                norm_num_groups=4,
                sample_size=64,
                in_channels=9,
                down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
                up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
                attention_head_dim=2,
                **unet,
            ),
            "scheduler": diffusers.PNDMScheduler(
                beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", skip_prk_steps=True, steps_offset=1
            ),
        }
        if sdxl:
            parts["text_encoder_2"] = CLIPTextModelWithProjection(CLIPTextConfig(**text))
            parts["tokenizer_2"] = _tokenizer(folder / "tokenizer_2")
            pipeline = diffusers.StableDiffusionXLInpaintPipeline(**parts)
        else:
            parts |= {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
            pipeline = diffusers.StableDiffusionInpaintPipeline(**parts)
        pipeline.save_pretrained(folder)
    return folder


def _tokenizer(folder: Path) -> Any:
    """CLIP's tokenizer with the lower-case letters for words."""
    from transformers import CLIPTokenizer

    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    words = letters + [f"{letter}</w>" for letter in letters] + [str(n) for n in range(10)]
    vocabulary = {word: number for number, word in enumerate(words)}
    vocabulary |= {"<|startoftext|>": 62, "<|endoftext|>": 63}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=77)
