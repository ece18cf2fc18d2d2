"""The way to the service that the command line was told of."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from text_removal._async.client import AsyncClient
from text_removal.cli.local import transport
from text_removal.cli.problems import NoService, Stop
from text_removal.errors import TextRemovalError
from text_removal.retrying import Patience

FIRST = Patience(attempts=4, total_s=6.0)
"""At the start: who has mistyped an address wants to know."""

LATER = Patience(attempts=1000, total_s=300.0)
"""In a batch: a service that restarts, or is busy, is waited for."""


@dataclass(frozen=True)
class Way:
    url: str | None = None
    api_key: str | None = None
    local: bool = False
    timeout_s: float | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[AsyncClient]:
        """A client of a service that answers. Raises: NoService; Stop for what is no URL."""
        try:
            client = AsyncClient(
                self.url,
                self.api_key,
                patience=FIRST,
                transport=transport() if self.local else None,
                **({} if self.timeout_s is None else {"timeout": self.timeout_s}),
            )
        except ValueError as error:
            raise Stop(str(error)) from error
        async with client:
            try:
                await client.info()
            except TextRemovalError as error:
                told = "set --url or TEXT_REMOVAL_URL, and --api-key or TEXT_REMOVAL_API_KEY, or say --local"
                raise NoService(f"{client.address.url}: {error.message} ({told})") from error
            client.patience = replace(LATER)
            yield client
