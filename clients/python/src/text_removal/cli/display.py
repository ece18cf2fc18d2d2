"""How a batch goes, as its user sees it: a bar with speed and remaining time, and the problems."""

from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text
from typing_extensions import Self

from text_removal.cli.items import Item

MOST_PROBLEMS = 20
"""So many are told as they come; all are in the report."""


class Speed(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f}/s")


class Bar:
    """On stderr, drawn only on a terminal; `quiet` shows nothing but problems."""

    def __init__(self, total: int, quiet: bool) -> None:
        self.console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._problems = 0
        self._failed = 0
        self._total = total
        self._progress = Progress(
            SpinnerColumn(),
            MofNCompleteColumn(),
            BarColumn(),
            Speed(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[failed]}"),
            console=self.console,
            disable=quiet or not self.console.is_terminal,
        )
        self._task = self._progress.add_task("", total=total, failed="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def more(self, pictures: int) -> None:
        self._total += pictures
        self._progress.update(self._task, total=self._total)

    def settled(self, done: int = 0, failed: int = 0, skipped: int = 0) -> None:
        self._failed += failed
        told = f"{self._failed} failed" if self._failed else ""
        self._progress.update(self._task, advance=done + failed + skipped, failed=told)

    def at(self, percent: float, message: str) -> None:
        """Of one task."""
        self._progress.update(self._task, completed=round(percent), failed=message)

    def problem(self, item: Item, page: str, message: str) -> None:
        self._problems += 1
        if self._problems <= MOST_PROBLEMS:
            place = f"{item.source}, page {page}" if page else str(item.source)
            self.console.print(f"{place}: {message}", markup=False)
        elif self._problems == MOST_PROBLEMS + 1:
            self.console.print("… and more; --report FILE names all", markup=False)
