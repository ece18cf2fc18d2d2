"""`--watch`: pictures are done as they come."""

import signal
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import anyio
import anyio.to_thread
from watchfiles import Change, awatch

from text_removal.cli.items import Item, Place, wanted

TICK_MS = 500
"""A file that has not changed for so long is whole."""


class Arrivals:
    """What is below the folders, then what comes or changes there."""

    def __init__(self, roots: Sequence[Path], place: Place, *, recursive: bool) -> None:
        self._roots = roots
        self._place = place
        self._recursive = recursive
        self._growing: dict[Path, tuple[int, int]] = {}

    async def batches(self, everything: Callable[[], list[Item]]) -> AsyncIterator[list[Item]]:
        """Begins with `everything`, asked for when changes are seen already, so that nothing is missed in between. Ends
        when the process is asked to (SIGINT, SIGTERM)."""
        stop, first = anyio.Event(), True

        async def listen() -> None:
            with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
                async for _ in signals:
                    stop.set()

        async with anyio.create_task_group() as listening:
            listening.start_soon(listen)
            changes = awatch(
                *self._roots,
                watch_filter=self._interesting,
                recursive=self._recursive,
                stop_event=stop,
                rust_timeout=TICK_MS,
                yield_on_timeout=True,
            )
            async for some in changes:
                if first:
                    yield await anyio.to_thread.run_sync(everything)
                first = False
                if whole := await anyio.to_thread.run_sync(self._whole, {Path(name) for _, name in some}):
                    yield [self._item(path) for path in whole]
            listening.cancel_scope.cancel()

    def _interesting(self, change: Change, name: str) -> bool:
        path = Path(name)
        if change is Change.deleted:
            return False
        return wanted(path, self._place.output) or (self._recursive and path.is_dir())

    def _files(self, changed: set[Path]) -> set[Path]:
        """With what is in folders that came: files may be there before the folder is watched."""
        inside = {file for path in changed if path.is_dir() for file in path.rglob("*")}
        return {path for path in changed | inside if wanted(path, self._place.output)}

    def _whole(self, changed: set[Path]) -> list[Path]:
        """Those that are as they were a tick ago."""
        before, self._growing = self._growing, {}
        whole = []
        for path in sorted(self._files(changed) | before.keys()):
            if not path.is_file():
                continue
            found = path.stat()
            state = (found.st_size, found.st_mtime_ns)
            if before.get(path) == state:
                whole.append(path)
            else:
                self._growing[path] = state
        return whole

    def _item(self, path: Path) -> Item:
        root = next(root for root in self._roots if path.resolve().is_relative_to(root.resolve()))
        below = f"{root.resolve().name}/" if len(self._roots) > 1 else ""
        name = below + path.resolve().relative_to(root.resolve()).as_posix()
        return Item(path, name, self._place.target(name, path))
