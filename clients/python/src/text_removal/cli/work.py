"""One file in work: its pages as they come, until all are settled and the file can be written."""

import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from text_removal.cli.documents import Document
from text_removal.cli.items import Item
from text_removal.cli.report import DONE, Report, sha256
from text_removal.files import replacing
from text_removal.results import Result

TAG = "new"
"""Of files that are being written; two batches never write the same."""

UNTOUCHED = ".untouched"
"""Suffix of the note that a page stays as it is."""


class Work:
    """The pages of a document of several are kept in a hidden folder beside the result until that is written, so that a
    run that was killed goes on with the page it was at."""

    def __init__(self, item: Item, document: Document) -> None:
        self.item = item
        self.document = document
        self.several = len(document.names) > 1 or document.names != [""]
        self.started = time.monotonic()
        self.failed = 0
        self.left = 0
        self.facts: dict[str, Any] = {"regions": 0, "area_px": 0}
        self._parts = item.target.with_name(f".{item.target.name}.pages")
        self._single: bytes | None = None

    def has(self, index: int) -> bool:
        """From an earlier run."""
        return self.several and (self._part(index).exists() or self._part(index, UNTOUCHED).exists())

    def keep(self, index: int, result: Result | None) -> None:
        """None: the page stays as it is."""
        content = None if result is None else self.document.finished(index, result)
        if result is not None:
            self.facts["regions"] += result.regions
            self.facts["area_px"] += result.area_px
            self.facts["model"] = result.fallback_for or result.model
        if not self.several:
            self._single = content
            return
        part = self._part(index) if content is not None else self._part(index, UNTOUCHED)
        with replacing(part, TAG) as file:
            file.write_bytes(content or b"")

    def write(self, report: Report) -> None:
        """The file takes its place, with the time and the rights of the input."""
        target = self.item.target
        with replacing(target, TAG) as part:
            self.document.write(part, self._page)
            shutil.copystat(self.item.source, part)
            report.write(self.item.source, "", DONE, **self._summary(sha256(part.read_bytes())))
        self.document.close()
        shutil.rmtree(self._parts, ignore_errors=True)

    def _summary(self, digest: str) -> Mapping[str, Any]:
        pages = len(self.document.names)
        seconds = round(time.monotonic() - self.started, 3)
        return {
            "output": str(self.item.target),
            **({"pages": pages, "failed_pages": self.failed} if self.several else {}),
            **self.facts,
            "seconds": seconds,
            "sha256": digest,
        }

    def _page(self, index: int) -> bytes | None:
        if not self.several:
            return self._single
        part = self._part(index)
        return part.read_bytes() if part.exists() else None

    def _part(self, index: int, suffix: str = "") -> Path:
        return self._parts / f"{index:06}{suffix}"
