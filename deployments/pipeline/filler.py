"""From a mask to filled pixels: smooth ground is fitted here, the rest goes to a model, window by window."""

import logging
import random
import time
import uuid
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial

from deployments import metrics
from deployments.config.settings import Settings
from deployments.messages.jobs import EraseJob
from deployments.messages.ports import WindowModel
from deployments.pipeline.fanout import FinishedWindow, fan_out
from deployments.pipeline.masking import Masked
from deployments.pipeline.stopwatch import Stopwatch
from deployments.pipeline.tally import RegionTally
from deployments.threads import in_thread
from models.errors import ModelUnavailable, UnknownModel
from models.filling.fitting import Fit, fitted
from models.masking import masks
from models.planning.paste import Canvas
from models.planning.plan import PlanLimits, plan
from models.types import FillMode, HDStrategy, Image, InpaintParameters, Mask, Progress

log = logging.getLogger(__name__)

RECHECK_S = 2.0
"""How long a model that said it is unavailable is not asked again while a fallback can answer."""

SEEDS = 99_999_999
"""A random seed is between 1 and this, as in IOPaint (schema.InpaintRequest)."""


@dataclass(frozen=True, slots=True)
class Filling:
    """The image with all that was masked filled: which model it was, and what else is to be said about it.

    `left` marks what the model filled, and not a fit; where that is nothing, `model` was not asked. `changed` marks all
    that may differ if that is more than the mask: a diffusion model may be asked to change what is around it.
    """

    image: Image
    left: Mask
    model: str
    fallback_for: str | None = None
    seed: int | None = None
    load_s: float = 0.0
    changed: Mask | None = None


class Filler:
    """Closing an iterator of its own stops its work: no further window starts."""

    def __init__(self, settings: Settings, models: Mapping[str, WindowModel]) -> None:
        self._settings = settings
        self._models = models
        self._limits = PlanLimits(settings.max_image_size, **settings.app.planner.model_dump())
        self._facts = {model.name: model.model_facts for model in settings.app.models}
        self._count_pixels = metrics.counter("pixels_total", "Pixels of images, masks and planned windows", "what")
        self._unavailable_until: dict[str, float] = {}

    async def fill(
        self, job: EraseJob, image: Image, masked: Masked, watch: Stopwatch
    ) -> AsyncGenerator[Progress | Filling]:
        """Yield what has been done and, last, the Filling. Raises any of models.errors."""
        mask = masked.mask
        wanted = job.model or self._settings.default_model
        name, wanted_instead = self._answering(wanted)
        self._count_pixels(mask.size, {"what": "image"})
        self._count_pixels(await in_thread(partial(masks.masked_area, mask)), {"what": "masked"})
        fit = Fit(image, mask)
        if self._fits(job, wanted):
            with watch.measure("fit"):
                fit = await in_thread(partial(fitted, image, mask), deadline=job.deadline)
            if not fit.left.any():
                yield Progress("inpainting", 1, 1, len(masked.regions), len(masked.regions))
                yield Filling(fit.image, fit.left, wanted)
                return
        with watch.measure("inpaint"):
            async with aclosing(self._ask(name, wanted_instead, job, fit, masked)) as steps:
                async for item in steps:
                    yield item

    def _fits(self, job: EraseJob, model: str) -> bool:
        """By default where the planner is ours; not for a diffusion model, which may be asked to draw something."""
        if job.fill is not None:
            return job.fill is FillMode.AUTO
        return job.parameters.hd_strategy is HDStrategy.AUTO and not self._facts[model].diffusion

    async def _ask(
        self, name: str, wanted_instead: str | None, job: EraseJob, fit: Fit, masked: Masked
    ) -> AsyncGenerator[Progress | Filling]:
        """Run the model over what is left; if it cannot answer and there is a fallback, run that instead."""
        try:
            async with aclosing(self._fill_with(name, wanted_instead, job, fit, masked)) as steps:
                async for item in steps:
                    yield item
        except ModelUnavailable as error:
            if name != self._settings.default_model or not self._settings.fallback_model:
                raise
            log.warning("model %s is unavailable, %s answers: %s", name, self._settings.fallback_model, error.message)
            self._unavailable_until[name] = time.monotonic() + RECHECK_S
            fallback = self._settings.fallback_model
            async with aclosing(self._fill_with(fallback, name, job, fit, masked)) as steps:
                async for item in steps:
                    yield item

    async def _fill_with(
        self, name: str, fallback_for: str | None, job: EraseJob, fit: Fit, masked: Masked
    ) -> AsyncGenerator[Progress | Filling]:
        facts = self._facts[name]
        parameters, seed = _seeded(job.parameters) if facts.diffusion else (job.parameters, None)
        changed = fit.left
        if facts.diffusion:
            changed = await in_thread(partial(masks.changed, fit.left, parameters), deadline=job.deadline)
        windows = await in_thread(partial(plan, changed, facts, parameters, self._limits), deadline=job.deadline)
        self._count_pixels(sum(window.pixels for window in windows), {"what": "planned"})
        canvas = Canvas(fit.image, changed)
        tally = await in_thread(lambda: RegionTally(windows, masked.boxes()))
        load_s = 0.0
        yield tally.progress()
        # Of each pass its own: the model refuses an id once its work was stopped, as after a failure.
        work_id = uuid.uuid4().hex
        events = fan_out(
            self._models[name], work_id, fit.image, fit.left, windows, parameters,
            stepwise=facts.diffusion, deadline=job.deadline, ahead=self._settings.app.eraser.max_windows,
        )  # fmt: skip
        async with aclosing(events):
            async for event in events:
                if isinstance(event, FinishedWindow):
                    await in_thread(partial(canvas.paste, event.window, event.image))
                    load_s = max(load_s, event.load_s)
                    tally.finish(event.window)
                    yield tally.progress()
                elif len(windows) == 1:
                    yield event
        more = changed if facts.diffusion else None
        yield Filling(canvas.image, fit.left, name, fallback_for, seed, load_s, more)

    def _answering(self, wanted: str) -> tuple[str, str | None]:
        """The model to ask, and the wanted one if that has just said that it cannot answer."""
        if wanted not in self._models:
            raise UnknownModel(f"model {wanted!r} is not served here", field="model", served=sorted(self._models))
        until = self._unavailable_until.get(wanted, 0.0)
        if wanted == self._settings.default_model and self._settings.fallback_model and time.monotonic() < until:
            return self._settings.fallback_model, wanted
        return wanted, None


def _seeded(parameters: InpaintParameters) -> tuple[InpaintParameters, int]:
    seed = random.randint(1, SEEDS) if parameters.sd_seed == -1 else parameters.sd_seed
    return replace(parameters, sd_seed=seed), seed
