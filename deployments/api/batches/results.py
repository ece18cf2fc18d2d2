"""The results of a batch as one zip, written while it is sent: one picture is in memory at a time."""

import time
import zipfile
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from anyio import to_thread
from pydantic_core import to_json

from deployments.api.batches.names import Names
from deployments.api.batches.views import batch_answer, batch_item
from deployments.api.ports import Tasks
from deployments.api.replies import suffix_of
from deployments.api.schema.headers import result_headers
from deployments.errors import ResultExpired, UnknownTask
from deployments.messages.batch import BatchItem, BatchState
from deployments.messages.jobs import Erased
from deployments.messages.task import TaskRecord, TaskStatus

MANIFEST = "manifest.json"
NO_FACTS = ("X-Timestamp", "Server-Timing")
"""Headers of an answer that say nothing about a result."""

EARLIEST = (1980, 1, 1, 0, 0, 0)
"""Before which a zip knows no time."""


class Sink:
    """What a zip is written to: it cannot be wound back, and is emptied again and again."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken


async def zipped(state: BatchState, tasks: Tasks) -> AsyncIterator[bytes]:
    """The finished pictures under their names, stored as they are, and last the manifest: what became of each item."""
    sink, names, listed = Sink(), Names(), list[dict[str, Any]]()
    with zipfile.ZipFile(sink, "w") as archive:  # type: ignore[call-overload]
        for index, (item, task) in enumerate(zip(state.batch.items, state.tasks, strict=True)):
            erased = await _result(task, tasks)
            file = None
            if erased is not None and task is not None:
                file = names.unique(item.name, suffix_of(erased.info.media_type))
                entry = _entry(file, task.completed_at or 0.0)
                await to_thread.run_sync(partial(archive.writestr, entry, erased.image))
                yield sink.take()
            listed.append(_facts(index, item, task, erased, file))
        counts = batch_answer(state, "").model_dump(exclude={"tasks", "status_url", "results_url", "overall_progress"})
        manifest = to_json(counts | {"items": listed}, indent=1, inf_nan_mode="null")
        entry = _entry(MANIFEST, time.time())
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, manifest)
    yield sink.take()


async def _result(task: TaskRecord | None, tasks: Tasks) -> Erased | None:
    """None if there is none, or none any more."""
    if task is None or task.status is not TaskStatus.COMPLETED:
        return None
    try:
        return await tasks.result(task.task_id)
    except (ResultExpired, UnknownTask):
        return None


def _facts(
    index: int, item: BatchItem, task: TaskRecord | None, erased: Erased | None, file: str | None
) -> dict[str, Any]:
    answer = batch_item(index, item, task).model_dump(exclude={"overall_progress", "result_url"})
    if answer["status"] == "completed" and erased is None:
        answer["status"] = "expired"
    headers = {} if erased is None else result_headers(erased.info)
    told = {name: value for name, value in headers.items() if name not in NO_FACTS}
    return answer | {"file": file, "headers": told}


def _entry(name: str, moment: float) -> zipfile.ZipInfo:
    """Of an ordinary file that everybody may read; `moment` is epoch seconds."""
    entry = zipfile.ZipInfo(name, max(EARLIEST, time.gmtime(moment)[:6]))
    entry.external_attr = 0o644 << 16
    return entry
