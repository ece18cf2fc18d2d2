"""After the fill: whatever can still be read is filled again, by more each time."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial

from deployments.messages.jobs import EraseJob
from deployments.messages.ports import TextFinder
from deployments.pipeline.filler import Filler, Filling
from deployments.pipeline.masking import Masked
from deployments.pipeline.stopwatch import Stopwatch
from deployments.threads import in_thread
from models.masking.bounds import without_kept
from models.masking.masks import union
from models.types import Mask, Progress, Region


@dataclass(frozen=True, slots=True)
class Verifier:
    """Looks again with the detector. Where strokes were filled, first the strokes that still show and a wider ring are
    filled, and a whole box only where detector and stroke network then both still see text."""

    filler: Filler
    text: TextFinder
    job: EraseJob
    watch: Stopwatch

    async def verified(self, filling: Filling, masked: Masked) -> AsyncGenerator[Progress | tuple[Filling, Masked]]:
        """Yield what has been done and, last, the result and all that was filled. Raises any of models.errors."""
        strokes = masked.stroke_fallbacks is not None
        left = await self._readable(filling, masked.regions)
        for as_boxes in (False, True) if strokes else (True,):
            if as_boxes and strokes:
                left = await self._seen(filling, left)
            if not left:
                break
            more = await self._more(filling, masked.mask, left, as_boxes)
            fallbacks = (masked.stroke_fallbacks or 0) + (len(left) if as_boxes else 0)
            again: Filling | None = None
            async with aclosing(
                self.filler.fill(self.job, filling.image, Masked(more, left, None), self.watch)
            ) as steps:
                async for item in steps:
                    if isinstance(item, Progress):
                        done = len(masked.regions) - item.regions + item.regions_done
                        yield replace(item, regions_done=done, regions=len(masked.regions))
                    else:
                        again = item
            assert again is not None
            filling, masked = await in_thread(partial(_joined, filling, again, masked, more, fallbacks))
            if not as_boxes:
                left = await self._readable(filling, left)
        yield filling, masked

    async def _readable(self, filling: Filling, regions: tuple[Region, ...]) -> tuple[Region, ...]:
        with self.watch.measure("verify"):
            which = await self.text.readable(filling.image, regions, self.job.deadline)
        return tuple(regions[index] for index in which)

    async def _seen(self, filling: Filling, regions: tuple[Region, ...]) -> tuple[Region, ...]:
        from models.masking.again import still_seen

        with self.watch.measure("verify"):
            which = await in_thread(partial(still_seen, filling.image, regions), deadline=self.job.deadline)
        return tuple(regions[index] for index in which)

    async def _more(self, filling: Filling, mask: Mask, regions: Sequence[Region], as_boxes: bool) -> Mask:
        from models.masking.again import boxes_of, more_of

        work = partial(boxes_of, regions, mask) if as_boxes else partial(more_of, filling.image, regions, mask)
        with self.watch.measure("verify"):
            return await in_thread(lambda: without_kept(work(), self.job.keep), deadline=self.job.deadline)


def _joined(first: Filling, again: Filling, masked: Masked, more: Mask, fallbacks: int) -> tuple[Filling, Masked]:
    filling = replace(again, left=union([first.left, again.left]), load_s=max(first.load_s, again.load_s))
    return filling, Masked(union([masked.mask, more]), masked.regions, fallbacks)
