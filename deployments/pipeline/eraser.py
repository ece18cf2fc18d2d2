"""The pipeline of one image: decode, mask, plan, fan out, paste, encode. Everything that costs CPU per image."""

import asyncio
import logging
import random
import time
import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial

from deployments import metrics
from deployments.config.settings import Settings
from deployments.errors import ResultExpired
from deployments.logs import configure_logging
from deployments.messages.jobs import Detection, DetectJob, Erased, ErasedInfo, EraseJob
from deployments.messages.ports import TextFinder, WindowModel
from deployments.pipeline.fanout import FinishedWindow, fan_out
from deployments.pipeline.masking import Masked, make_mask
from deployments.pipeline.stopwatch import Stopwatch
from deployments.storage.blobs import input_key, open_blobs, result_key
from deployments.storage.codecs import load_job
from deployments.threads import in_thread
from models.codec import images
from models.codec.decoding import DecodedImage
from models.errors import InvalidRequest, ModelUnavailable, UnknownModel
from models.masking import masks
from models.planning.paste import Canvas
from models.planning.plan import PlanLimits, plan
from models.types import Image, InpaintParameters, Mask, Progress

log = logging.getLogger(__name__)

RECHECK_S = 2.0
"""How long a model that said it is unavailable is not asked again while a fallback can answer."""

SEEDS = 99_999_999
"""A random seed is between 1 and this, as in IOPaint (schema.InpaintRequest)."""


@dataclass(frozen=True, slots=True)
class Filling:
    """The image after the model has run: which model it was, and what else is to be said about it."""

    image: Image
    model: str
    fallback_for: str | None
    seed: int | None
    load_s: float


class Eraser:
    """Runs jobs. Closing an iterator (or cancelling a call) stops its work: no further window starts."""

    def __init__(self, settings: Settings, models: Mapping[str, WindowModel], text: TextFinder | None = None) -> None:
        configure_logging(settings.log_level)
        self._settings = settings
        self._models = models
        self._limits = PlanLimits(settings.max_image_size, **settings.app.planner.model_dump())
        self._facts = {model.name: model.model_facts for model in settings.app.models}
        self._text = text
        self._blobs = open_blobs(settings.blob_store_url)
        self._tasks_here: dict[tuple[str, int], asyncio.Event] = {}
        self._count_pixels = metrics.counter("pixels_total", "Pixels of images, masks and planned windows", "what")
        self._unavailable_until: dict[str, float] = {}

    async def erase(self, job: EraseJob) -> Erased:
        """Raises any of models.errors."""
        async with aclosing(self.erase_in_steps(job)) as steps:
            async for item in steps:
                if isinstance(item, Erased):
                    return item
        raise AssertionError("the pipeline ended without a result")

    async def erase_in_steps(self, job: EraseJob) -> AsyncGenerator[Progress | Erased]:
        """Yield what has been done and, last, the result. Raises any of models.errors."""
        watch = Stopwatch(job.created_at)
        yield Progress("preparing", 0, 1)
        with watch.measure("decode"):
            decoded = await self._decode(job)
        yield Progress("masking", 0, 1)
        with watch.measure("mask"):
            masked = await make_mask(job, decoded.rgb, self._text)
        height, width = decoded.rgb.shape[:2]
        if masked is None:
            info = ErasedInfo(
                images.media_type(decoded), job.model or self._settings.default_model, width, height, 0, 0
            )
            yield Erased(job.image, watch.stamp(info))
            return

        filling: Filling | None = None
        with watch.measure("inpaint"):
            async with aclosing(self._fill_and_check(job, decoded.rgb, masked)) as steps:
                async for item in steps:
                    if isinstance(item, Progress):
                        yield item
                    else:
                        filling, masked = item
        assert filling is not None
        if filling.load_s:
            watch.add("load", filling.load_s)

        yield Progress("finalizing", 0, 1)
        with watch.measure("encode"):
            data, area_px, areas = await in_thread(partial(_finish, job, decoded, filling.image, masked))
        info = ErasedInfo(
            media_type=job.output_format.media_type,
            model=filling.model,
            width=width,
            height=height,
            regions_count=areas,
            total_area_px=area_px,
            fallback_for=filling.fallback_for,
            stroke_fallbacks=masked.stroke_fallbacks,
            seed=filling.seed,
        )
        erased = Erased(data, watch.stamp(info))
        log.info(
            "request %s: %dx%d, %d regions, model %s, %.3f s",
            job.request_id, width, height, info.regions_count, info.model, erased.info.processing_time_s,
        )  # fmt: skip
        yield erased

    async def run_task(self, task_id: str, digest: str, attempt: int) -> AsyncGenerator[Progress | ErasedInfo]:
        """As `erase_in_steps`, but the job comes from the blob store and the image goes there.

        Raises any of models.errors; ResultExpired if the input is no longer in the store.
        """
        ended = self._tasks_here[task_id, attempt] = asyncio.Event()
        try:
            try:
                blob = await self._blobs.get(input_key(task_id, digest))
            except FileNotFoundError:
                raise ResultExpired(f"the input of task {task_id} is no longer stored") from None
            job = await in_thread(partial(load_job, blob))
            async with aclosing(self.erase_in_steps(job)) as steps:
                async for item in steps:
                    if isinstance(item, Progress):
                        yield item
                    else:
                        await self._blobs.put(result_key(task_id, digest, attempt), item.image)
                        yield item.info
        finally:
            ended.set()
            del self._tasks_here[task_id, attempt]

    async def _decode(self, job: EraseJob | DetectJob) -> DecodedImage:
        decode = partial(images.decode, job.image, max_pixels=self._settings.max_image_pixels)
        return await in_thread(decode, deadline=job.deadline)

    async def task_ended(self, task_id: str, attempt: int) -> None:
        """Returns when no work on that attempt goes on in this replica."""
        ended = self._tasks_here.get((task_id, attempt))
        if ended is not None:
            await ended.wait()

    async def detect(self, job: DetectJob) -> Detection:
        """Raises: InvalidRequest if the service runs without a detector; the errors of decoding."""
        if self._text is None:
            raise InvalidRequest("this service runs without a text detector", field="detect")
        decoded = await self._decode(job)
        return await self._text.detect(decoded.rgb, job.min_confidence, job.deadline)

    async def _fill_and_check(
        self, job: EraseJob, image: Image, masked: Masked
    ) -> AsyncGenerator[Progress | tuple[Filling, Masked]]:
        """Fill what is masked; if asked to verify, fill regions that can still be read as boxes, once."""
        filling: Filling | None = None
        async with aclosing(self._fill(job, image, masked.mask)) as steps:
            async for item in steps:
                if isinstance(item, Progress):
                    yield item
                else:
                    filling = item
        assert filling is not None
        verify = job.verify if job.verify is not None else masked.stroke_fallbacks is not None
        if verify and masked.regions and self._text is not None:
            left = await self._text.readable(filling.image, masked.regions, job.deadline)
            if left:
                masked = await in_thread(partial(_with_boxes, masked, left), deadline=job.deadline)
                async with aclosing(self._fill(job, image, masked.mask)) as steps:
                    async for item in steps:
                        if isinstance(item, Filling):
                            filling = item
        yield filling, masked

    async def _fill(self, job: EraseJob, image: Image, mask: Mask) -> AsyncGenerator[Progress | Filling]:
        """Run the model over the mask's windows; if it cannot answer and there is a fallback, run that instead."""
        name, wanted_instead = self._answering(job)
        try:
            async with aclosing(self._fill_with(name, wanted_instead, job, image, mask)) as steps:
                async for item in steps:
                    yield item
        except ModelUnavailable as error:
            if name != self._settings.default_model or not self._settings.fallback_model:
                raise
            log.warning("model %s is unavailable, %s answers: %s", name, self._settings.fallback_model, error.message)
            self._unavailable_until[name] = time.monotonic() + RECHECK_S
            fallback = self._settings.fallback_model
            async with aclosing(self._fill_with(fallback, name, job, image, mask)) as steps:
                async for item in steps:
                    yield item

    async def _fill_with(
        self, name: str, fallback_for: str | None, job: EraseJob, image: Image, mask: Mask
    ) -> AsyncGenerator[Progress | Filling]:
        facts = self._facts[name]
        parameters, seed = _seeded(job.parameters) if facts.diffusion else (job.parameters, None)
        windows = await in_thread(partial(plan, mask, facts, parameters, self._limits), deadline=job.deadline)
        self._count_pixels(mask.size, {"what": "image"})
        self._count_pixels(await in_thread(partial(masks.masked_area, mask)), {"what": "masked"})
        self._count_pixels(sum(window.pixels for window in windows), {"what": "planned"})
        canvas = Canvas(image, mask)
        load_s = 0.0
        done = 0
        yield Progress("inpainting", 0, len(windows))
        # Of each pass its own: the model refuses an id once its work was stopped, as after a failure.
        work_id = uuid.uuid4().hex
        events = fan_out(
            self._models[name], work_id, image, mask, windows, parameters,
            stepwise=facts.diffusion, deadline=job.deadline, ahead=self._settings.app.eraser.max_windows,
        )  # fmt: skip
        async with aclosing(events):
            async for event in events:
                if isinstance(event, FinishedWindow):
                    await in_thread(partial(canvas.paste, event.window, event.image))
                    load_s = max(load_s, event.load_s)
                    done += 1
                    yield Progress("inpainting", done, len(windows))
                elif len(windows) == 1:
                    yield event
        yield Filling(canvas.image, name, fallback_for, seed, load_s)

    def _answering(self, job: EraseJob) -> tuple[str, str | None]:
        """The model to ask, and the wanted one if that has just said that it cannot answer."""
        name = job.model or self._settings.default_model
        if name not in self._models:
            raise UnknownModel(f"model {name!r} is not served here", field="model", served=sorted(self._models))
        until = self._unavailable_until.get(name, 0.0)
        if name == self._settings.default_model and self._settings.fallback_model and time.monotonic() < until:
            return self._settings.fallback_model, name
        return name, None


def _finish(job: EraseJob, decoded: DecodedImage, filled: Image, masked: Masked) -> tuple[bytes, int, int]:
    """The image file, the masked pixels, and how many areas they are."""
    data = images.encode(decoded, filled, masked.mask, format=job.output_format, quality=job.output_quality)
    return data, masks.masked_area(masked.mask), len(masked.regions) or masks.count_areas(masked.mask)


def _with_boxes(masked: Masked, which: Sequence[int]) -> Masked:
    """These regions are filled as boxes too."""
    height, width = masked.mask.shape
    boxes = masks.rasterise([masked.regions[i] for i in which], width, height)
    return Masked(masks.union([masked.mask, boxes]), masked.regions, (masked.stroke_fallbacks or 0) + len(which))


def _seeded(parameters: InpaintParameters) -> tuple[InpaintParameters, int]:
    seed = random.randint(1, SEEDS) if parameters.sd_seed == -1 else parameters.sd_seed
    return replace(parameters, sd_seed=seed), seed
