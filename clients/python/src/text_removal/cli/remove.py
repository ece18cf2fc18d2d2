"""What `remove` and `mask` do, once the command line is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from text_removal._async.client import AsyncClient
from text_removal.cli.batch import Batch
from text_removal.cli.display import Bar
from text_removal.cli.documents import Document, open_document
from text_removal.cli.items import Item, Place, items
from text_removal.cli.problems import Spoiled
from text_removal.cli.report import Report
from text_removal.cli.where import Where
from text_removal.cli.work import Work
from text_removal.results import Result


@dataclass(frozen=True)
class Removal:
    """`options` go to the service as they are; `result` is what is made of a picture: "image" or "mask"."""

    paths: list[str]
    place: Place
    where: Where
    options: Mapping[str, Any]
    recursive: bool = False
    jobs: int = 4
    resume: bool = False
    dpi: int = 200

    @property
    def in_place(self) -> bool:
        return self.place.output is None

    @property
    def folders(self) -> list[Path]:
        return [Path(path) for path in self.paths if Path(path).is_dir()]

    def items(self) -> list[Item]:
        return items(self.paths, self.place, recursive=self.recursive)

    def batch(self, client: AsyncClient, report: Report, display: Bar) -> Batch:
        async def erase(work: Work, page: str, content: bytes) -> Result | None:
            where = self.where.of(work.item.name, page)
            if "regions" in where and not where["regions"]:
                return None
            options: Any = {**self.options, **where, "output_format": work.document.format}
            if "regions" in where or "mask" in where:
                result = await client.erase(content, **options)
            else:
                result = await client.remove_text(content, **options)
            if result.pages > 1:
                raise Spoiled(f"has {result.pages} frames; moving pictures are not supported", "animated")
            return result

        def opened(item: Item) -> Document:
            pictures = self.options.get("result", "image") == "image"
            return open_document(item.source, item.target, self.place.format, self.dpi, keep_untouched=pictures)

        return Batch(
            erase=erase,
            open=opened,
            report=report,
            display=display,
            jobs=self.jobs,
            resume=self.resume,
            in_place=self.in_place,
        )
