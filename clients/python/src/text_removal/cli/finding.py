"""What `detect` prints of each picture."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from text_removal._async.client import AsyncClient
from text_removal.cli.work import Work


@dataclass(frozen=True)
class Finding:
    client: AsyncClient
    options: Mapping[str, Any]
    lines: TextIO

    async def look(self, work: Work, page: str, content: bytes) -> None:
        """One line, as soon as it is known."""
        options: Any = self.options
        found = await self.client.detect(content, **options)
        line = {
            "input": str(work.item.source),
            "name": work.item.name,
            "page": page or None,
            "width": found.width,
            "height": found.height,
            "regions": [{"points": region.points, "confidence": region.confidence} for region in found.regions],
        }
        print(json.dumps(line, ensure_ascii=False), file=self.lines, flush=True)
