"""LaMa on a device, as a command."""

import os
from pathlib import Path
from typing import Annotated

import typer

from benchmarks import gpu as gpus
from benchmarks import weights
from benchmarks.commands.options import CACHE, Cache, Save, gathered, saving, show, tell

app = typer.Typer()


@app.command()
def gpu(
    device: Annotated[str, typer.Option(help="cuda, cuda:N or cpu.")] = "cuda",
    real: Annotated[Path | None, typer.Option(help="The real big-lama.pt: without it PSNR says little.")] = None,
    largest_px: Annotated[int, typer.Option(help="Leaves out windows with a longer side.")] = 2048,
    most: Annotated[int, typer.Option(help="Windows in the largest batch.")] = max(gpus.COUNTS),
    rounds: int = 10,
    threads: Annotated[int, typer.Option(help="Of torch, on a CPU; 0: all cores.")] = 0,
    save: Save = None,
    cache: Cache = CACHE,
) -> None:
    """LaMa: IOPaint's call against ours eager, in bf16 and from graphs."""
    import torch

    torch.set_num_threads(threads or os.cpu_count() or 1)
    models = gpus.ways(real or weights.lama(cache).path, device)
    sizes = [size for size in gpus.SIZES if max(size) <= largest_px]
    counts = [count for count in gpus.COUNTS if count <= most]
    times = gathered(gpus.measure(models, sizes, counts, rounds=rounds, tell=tell), saving(save, "gpu"))
    show([gpus.report(times, device)])
