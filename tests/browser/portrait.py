"""The README's picture of the page: `python -m tests.browser.portrait docs/images/page.jpg`.

What the page shows is what the service answers to docs/images/sample.jpg: the same pipeline and replicas, in this
process, filled by the embedded model. Needs Debian's chromium.
"""

import io
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from benchmarks.in_process import Here, Nobody
from deployments.config.settings import AppConfig, Environment, ModelConfig, resolve
from deployments.inference.inpainter import Inpainter
from deployments.inference.text_detector import TextDetector
from deployments.messages.jobs import Answer, EraseJob, Job
from deployments.messages.task import TaskStatus
from deployments.pipeline.eraser import Eraser
from models import registry
from tests.browser.conftest import CHROMIUM, SETTINGS, Site
from tests.browser.editor import EditorPage
from tests.browser.studio import Studio, StudioTasks
from tests.service import free_port

MODEL = "mend"
SAMPLE = Path("docs/images/sample.jpg")


def pipeline() -> Eraser:
    model = ModelConfig(name=MODEL)
    settings = resolve(AppConfig(models=(model,), fallback_model=""), Environment(iopaint_model=MODEL))
    replica = Here(Inpainter(model, settings, Nobody()))
    return Eraser(settings, {MODEL: replica}, TextDetector(ModelConfig(name="detector"), settings))


class RealTasks(StudioTasks):
    def __init__(self, eraser: Eraser) -> None:
        super().__init__()
        self.eraser = eraser

    async def _run(self, task_id: str, job: EraseJob) -> None:
        self._results[task_id] = erased = await self.eraser.erase(job)
        await self.change(task_id, status=TaskStatus.COMPLETED, overall_progress=100.0, result=erased.info)


class RealStudio(Studio):
    """Erases as the service does. The pipeline is made where it runs: in the server's own event loop."""

    def __init__(self) -> None:
        super().__init__()
        self.eraser: Eraser | None = None

    async def run(self, job: Job[Answer]) -> Answer:
        if self.eraser is None:
            self.eraser = pipeline()
            self.tasks = RealTasks(self.eraser)
        answer: Any = await self.eraser.run(job)
        return cast(Answer, answer)


def take(page: Page, url: str) -> bytes:
    """The page with the sample before it and its result, the divider in the middle, as PNG."""
    editor = EditorPage(page)
    editor.visit(url)
    editor.open((SAMPLE.name, SAMPLE.read_bytes()))
    editor.wait_for_marks(3)
    editor.primary.click()
    editor.wait_for_result()
    page.mouse.move(5, 780)
    page.wait_for_timeout(1000)  # for what moves or fades
    return page.screenshot()


def main() -> None:
    settings = replace(SETTINGS, default_model=MODEL, fallback_model="", models=(registry.facts(MODEL),))
    site = Site(RealStudio(), settings, free_port())
    site.start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="en-GB")
        page.set_default_timeout(60_000)
        shot = take(page, site.url)
        browser.close()
    site.stop()
    Image.open(io.BytesIO(shot)).convert("RGB").save(sys.argv[1], quality=85, optimize=True)


if __name__ == "__main__":
    main()
