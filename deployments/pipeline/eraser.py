"""The pipeline of one image: decode, mask, plan, fan out, paste, encode. Everything that costs CPU per image."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from functools import partial
from typing import Any

from deployments import metrics
from deployments.config.logs import configure_logging, facts
from deployments.config.settings import Settings
from deployments.messages.jobs import Answer, Detection, DetectJob, Erased, ErasedInfo, EraseJob, Job
from deployments.messages.ports import TextFinder, WindowModel
from deployments.pipeline.counting import Counting
from deployments.pipeline.filler import Filler, Filling
from deployments.pipeline.masking import Masked, allowed_texts, make_mask
from deployments.pipeline.places import Places
from deployments.pipeline.results import NO_MODEL, finished, untouched
from deployments.pipeline.stopwatch import Stopwatch
from deployments.pipeline.task_runs import TaskRuns
from deployments.pipeline.verifying import Verifier
from deployments.storage.blobs import open_blobs
from deployments.threads import in_thread
from models.codec import images
from models.codec.decoding import DecodedImage
from models.codec.transparency import shown
from models.errors import InvalidRequest
from models.types import Image, Progress

log = logging.getLogger(__name__)


class Eraser:
    """Runs jobs. Closing an iterator (or cancelling a call) stops its work: no further window starts."""

    def __init__(self, settings: Settings, models: Mapping[str, WindowModel], text: TextFinder | None = None) -> None:
        configure_logging(settings.log_level, settings.log_format)
        self._settings = settings
        self._filler = Filler(settings, models)
        self._text = text
        self._places = Places(settings.app.eraser.max_images, settings.app.eraser.synchronous_share)
        self._task_runs = TaskRuns(open_blobs(settings.blob_store_url, metrics.failures("blobs")), self.erase_in_steps)
        self._counting = Counting()
        self._kinds: dict[type, Callable[[Any], Awaitable[Any]]] = {EraseJob: self.erase, DetectJob: self.detect}

    async def run(self, job: Job[Answer]) -> Answer:
        """The answer to any kind of job. Raises any of models.errors."""
        async with self._places.for_request():
            answer: Answer = await self._kinds[type(job)](job)
        return answer

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
            view = await in_thread(partial(shown, decoded), deadline=job.deadline)
        yield Progress("masking", 0, 1)
        masked = await make_mask(job, view.image, self._text, watch)
        height, width = decoded.rgb.shape[:2]
        if masked is None:
            with watch.measure("encode"):
                kind, data = await in_thread(partial(untouched, decoded, job))
            info = watch.stamp(ErasedInfo(kind, NO_MODEL, width, height, 0, 0, decoded.pages))
            self._counting.count(info)
            yield Erased(data, info)
            return

        filling: Filling | None = None
        async with aclosing(self._fill_and_check(job, view.image, masked, watch)) as steps:
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
            end = await in_thread(partial(finished, job, decoded, view, masked, filling))
        info = ErasedInfo(
            media_type=end.media_type,
            model=filling.model,
            width=width,
            height=height,
            regions_count=end.areas,
            total_area_px=end.area_px,
            pages=decoded.pages,
            fallback_for=filling.fallback_for,
            stroke_fallbacks=masked.stroke_fallbacks,
            fitted_count=end.fitted,
            seed=filling.seed,
        )
        erased = Erased(end.file, watch.stamp(info))
        self._counting.count(erased.info)
        log.info(
            "request %s: %dx%d, %d regions, model %s, %.3f s",
            job.request_id, width, height, info.regions_count, info.model, erased.info.processing_time_s,
            extra=facts(
                request_id=job.request_id, model=info.model, fallback_for=info.fallback_for, width=width, height=height,
                regions=info.regions_count, seconds=round(erased.info.processing_time_s, 4),
            ),
        )  # fmt: skip
        yield erased

    async def run_task(self, task_id: str, digest: str, attempt: int) -> AsyncGenerator[Progress | ErasedInfo]:
        async with self._places.for_task(), aclosing(self._task_runs.run(task_id, digest, attempt)) as items:
            async for item in items:
                yield item

    async def task_ended(self, task_id: str, attempt: int) -> None:
        await self._task_runs.until_ended(task_id, attempt)

    async def detect(self, job: DetectJob) -> Detection:
        """Raises: InvalidRequest if the service runs without a detector; the errors of decoding."""
        if self._text is None:
            raise InvalidRequest("this service runs without a text detector", field="detect")
        decoded = await self._decode(job)
        view = await in_thread(partial(shown, decoded), deadline=job.deadline)
        return allowed_texts(await self._text.detect(view.image, job.min_confidence, job.deadline), job.within)

    async def _decode(self, job: EraseJob | DetectJob) -> DecodedImage:
        decode = partial(images.decode, job.image, max_pixels=self._settings.max_image_pixels, page=job.page)
        return await in_thread(decode, deadline=job.deadline)

    async def _fill_and_check(
        self, job: EraseJob, image: Image, masked: Masked, watch: Stopwatch
    ) -> AsyncGenerator[Progress | tuple[Filling, Masked]]:
        """Fill what is masked; if asked to verify, fill what can still be read again."""
        filling: Filling | None = None
        async with aclosing(self._filler.fill(job, image, masked, watch)) as steps:
            async for item in steps:
                if isinstance(item, Progress):
                    yield item
                else:
                    filling = item
        assert filling is not None
        verify = job.verify if job.verify is not None else masked.stroke_fallbacks is not None
        if not verify or not masked.regions or self._text is None:
            yield filling, masked
            return
        verifier = Verifier(self._filler, self._text, job, watch)
        async with aclosing(verifier.verified(filling, masked)) as checked:
            async for step in checked:
                yield step
