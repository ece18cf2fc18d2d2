"""One picture of a batch as it came, before anything is made of it."""

from dataclasses import dataclass, field
from typing import Any

from models.errors import TextRemovalError


@dataclass(frozen=True, slots=True)
class Picture:
    """`fields` are what the client says of this picture alone, its `image` among them; or `error` says why there is
    none. `name` is as the client wrote it."""

    name: str
    fields: dict[str, Any] = field(default_factory=dict)
    error: TextRemovalError | None = None
