"""The README's picture: `python -m benchmarks.quality.sample docs/images/sample.jpg docs/images/sample-erased.jpg`.

What `POST /api/v1/remove-text` answers to the picture and `output_format=same`, from the same pipeline and replicas
in this process; filled by the embedded model, so that nothing is downloaded.
"""

import argparse
import asyncio
from pathlib import Path

from benchmarks.in_process import Here, Nobody
from deployments.config.settings import AppConfig, Environment, ModelConfig, resolve
from deployments.inference.inpainter import Inpainter
from deployments.inference.text_detector import TextDetector
from deployments.messages.jobs import Erased, EraseJob, OutputFormat
from deployments.pipeline.eraser import Eraser
from models.types import MaskMode

_MODEL = "mend"


async def erased(picture: bytes) -> Erased:
    """`picture` is a JPEG file, and so is the answer, as strongly compressed."""
    model = ModelConfig(name=_MODEL)
    settings = resolve(AppConfig(models=(model,), fallback_model=""), Environment(iopaint_model=_MODEL))
    replica = Inpainter(model, settings, Nobody())
    finder = TextDetector(ModelConfig(name="detector"), settings)
    job = EraseJob(
        "sample",
        picture,
        detect=True,
        mask_mode=MaskMode.STROKES,
        output_format=OutputFormat.JPEG,
        like_input=True,
    )
    try:
        return await Eraser(settings, {_MODEL: Here(replica)}, finder).erase(job)
    finally:
        await replica.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("picture", type=Path)
    parser.add_argument("out", type=Path, help="a JPEG")
    options = parser.parse_args()
    answer = asyncio.run(erased(options.picture.read_bytes()))
    options.out.write_bytes(answer.image)
    info = answer.info
    print(
        f"{info.regions_count} texts, {info.stroke_fallbacks} filled as boxes, {info.fitted_count} fitted; {info.model}"
    )


if __name__ == "__main__":
    main()
