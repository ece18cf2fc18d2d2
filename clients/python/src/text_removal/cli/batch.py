"""Many files, several pages at once, each file done once."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import anyio
import anyio.to_thread

from text_removal.cli.documents import Document
from text_removal.cli.items import Item
from text_removal.cli.problems import ENDS_ALL, NoService, Spoiled, lasting
from text_removal.cli.report import FAILED, Report
from text_removal.cli.work import Work
from text_removal.errors import ApiError, TextRemovalError
from text_removal.results import Result

SAME_MOMENT_NS = 2_000_000_000
"""FAT keeps times to two seconds."""

Erase = Callable[[Work, str, bytes], Awaitable[Result | None]]
"""The result for a page of a file; None: it stays as it is."""


class Display(Protocol):
    """Who is told how it goes."""

    def more(self, pictures: int) -> None:
        """Than one a file: it has so many more."""
        ...

    def settled(self, done: int = 0, failed: int = 0, skipped: int = 0) -> None: ...

    def problem(self, item: Item, page: str, message: str) -> None: ...


@dataclass
class Counts:
    """Of pictures: pages of documents count each. `skipped` were done by an earlier run."""

    done: int = 0
    failed: int = 0
    skipped: int = 0


@dataclass
class Batch:
    """`resume`: leave out what an earlier run has done, or found broken for good. `writes`: there are results."""

    erase: Erase
    open: Callable[[Item], Document]
    report: Report
    display: Display
    jobs: int
    resume: bool
    in_place: bool
    writes: bool = True
    counts: Counts = field(default_factory=Counts)

    async def run(self, items: Sequence[Item]) -> None:
        """Raises: NoService, after which another run can resume."""
        pages, taking = self._pages(items), anyio.Lock()

        stopped: list[NoService] = []

        async def worker() -> None:
            try:
                while page := await self._next(pages, taking):
                    await self._do(*page)
            except NoService as error:
                stopped.append(error)
                workers.cancel_scope.cancel()

        async with anyio.create_task_group() as workers:
            for _ in range(self.jobs):
                workers.start_soon(worker)
        if stopped:
            raise stopped[0]

    async def _next(
        self, pages: Iterator[tuple[Work, int | None]], taking: anyio.Lock
    ) -> tuple[Work, int | None] | None:
        async with taking:
            return await anyio.to_thread.run_sync(next, pages, None)

    def _pages(self, items: Sequence[Item]) -> Iterator[tuple[Work, int | None]]:
        """What is still to be done; the index None: only to be written. Runs in threads, one at a time."""
        for item in items:
            if self._settled_before(item):
                continue
            try:
                work = Work(item, self.open(item))
            except Exception as error:
                self._failed(item, "", error)
                continue
            names = work.document.names
            self.display.more(len(names) - 1)
            there = [index for index in range(len(names)) if work.has(index)]
            broken = [
                index
                for index in range(len(names))
                if self.resume and work.several and self.report.failed_for_good(item.source, names[index])
            ]
            self._count(skipped=len(there), failed=len(broken))
            work.failed += len(broken)
            pending = sorted(set(range(len(names))) - {*there, *broken})
            work.left = len(pending) or 1
            if not pending:
                yield work, None
            yield from ((work, index) for index in pending)

    def _settled_before(self, item: Item) -> bool:
        if not self.resume:
            return False
        if self._is_there(item):
            broken = self.report.failed_pages(item.source)
            self._count(skipped=1, failed=broken)
            self.display.more(broken)
            return True
        if self.report.failed_for_good(item.source):
            self._count(failed=1)
            return True
        return False

    def _is_there(self, item: Item) -> bool:
        """A result takes its place whole, with the time of its input: an input that has changed is done again."""
        if self.in_place:
            return self.report.finished_in_place(item.source)
        try:
            made, given = item.target.stat().st_mtime_ns, item.source.stat().st_mtime_ns
        except OSError:
            return False
        return abs(made - given) < SAME_MOMENT_NS

    async def _do(self, work: Work, index: int | None) -> None:
        if index is not None:
            name = work.document.names[index]
            try:
                content = await anyio.to_thread.run_sync(work.document.page, index)
                result = await self.erase(work, name, content)
                if self.writes:
                    await anyio.to_thread.run_sync(work.keep, index, result)
            except ENDS_ALL as error:
                raise NoService(str(error)) from error
            except Exception as error:  # whatever the libraries make of a broken file: it fails alone
                work.failed += 1
                self._failed(work.item, name, error)
            else:
                self._count(done=1)
        work.left -= 1
        if work.left == 0:
            await anyio.to_thread.run_sync(self._finish, work)

    def _finish(self, work: Work) -> None:
        """A picture that failed leaves nothing; in a document it stays as it was."""
        if self.writes and (work.several or not work.failed):
            try:
                work.write(self.report)
            except Exception as error:
                self._failed(work.item, "", error)
        else:
            work.document.close()

    def _failed(self, item: Item, page: str, error: Exception) -> None:
        self._count(failed=1)
        facts = {"error": type(error).__name__.lower(), "request_id": None}
        if isinstance(error, ApiError):
            facts = {"error": error.error, "request_id": error.request_id}
        elif isinstance(error, Spoiled):
            facts["error"] = error.error
        message = error.message if isinstance(error, TextRemovalError) else str(error) or type(error).__name__
        self.report.write(item.source, page, FAILED, message=message, lasting=lasting(error), **facts)
        self.display.problem(item, page, message)

    def _count(self, **pictures: int) -> None:
        for name, count in pictures.items():
            setattr(self.counts, name, getattr(self.counts, name) + count)
        self.display.settled(**pictures)
