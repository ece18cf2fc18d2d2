"""Memory over requests while the default model cannot be loaded: the real pipeline and the real model replicas in this
process, without Ray; each request asks the model anew, is refused, and is answered by cv2."""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psutil

from benchmarks.in_process import Here, Nobody
from benchmarks.pictures import photo_like
from benchmarks.report import Report
from deployments.config.settings import AppConfig, Environment, ModelConfig, resolve
from deployments.inference.inpainter import Inpainter
from deployments.messages.jobs import EraseJob
from deployments.pipeline import filler
from deployments.pipeline.eraser import Eraser
from models.codec.metadata import Metadata
from models.codec.png import write_png
from models.masking.regions import rectangle
from models.types import FillMode

POINTS = 6


@dataclass(frozen=True, slots=True)
class Held:
    """After so many requests: memory of this process, and which model answered the last one."""

    requests: int
    rss_bytes: int
    seconds: float
    answered: str


async def measure(requests: int) -> AsyncIterator[Held]:
    """One megapixel each, of which two windows are to be filled."""
    filler.RECHECK_S = 0.0
    picture = photo_like(1000, 1000)
    job = EraseJob(
        "r",
        write_png(picture, None, Metadata()),
        regions=(rectangle(50, 50, 300, 40), rectangle(600, 800, 300, 40)),
        fill=FillMode.MODEL,
    )
    first = min(200, requests // 2)
    points = {round(first + (requests - first) * number / (POINTS - 1)) for number in range(POINTS)}
    process, started = psutil.Process(), time.perf_counter()
    async with _pipeline() as eraser:
        for number in range(1, requests + 1):
            erased = await eraser.erase(job)
            if number in points:
                yield Held(number, process.memory_info().rss, time.perf_counter() - started, erased.info.model)


@asynccontextmanager
async def _pipeline() -> AsyncIterator[Eraser]:
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "IOPAINT_DATA_DIR": folder,
            "TORCH_HOME": folder,
            "LAMA_MODEL_URL": "http://127.0.0.1:9/big-lama.pt",
        }
        settings = resolve(AppConfig(fallback_model="cv2"), Environment.read())
        replicas = {name: Inpainter(ModelConfig(name=name), settings, Nobody()) for name in ("lama", "cv2")}
        try:
            yield Eraser(settings, {name: Here(replica) for name, replica in replicas.items()})
        finally:
            await asyncio.gather(*(replica.close() for replica in replicas.values()))


def report(held: list[Held]) -> Report:
    first, last = held[0], held[-1]
    growth = (last.rss_bytes - first.rss_bytes) / 1e6
    rows = [(str(h.requests), f"{h.rss_bytes / 1e6:.0f}", f"{h.seconds:.0f}", h.answered) for h in held]
    return Report(
        "Memory while the default model cannot be loaded",
        ("requests", "RSS, MB", "seconds", "answered by"),
        rows,
        (f"From request {first.requests} to {last.requests}: {growth:+.0f} MB.",),
    )
