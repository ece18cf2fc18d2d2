"""Finds out that the blob store cannot be used before a client does."""

import asyncio
import logging

from deployments.errors import StoreUnavailable
from deployments.storage.blobs import BlobStore

log = logging.getLogger(__name__)

CHECK_S = 15.0


class BlobWatch:
    """Tries the store out every CHECK_S; `fault` says what is wrong with it, None: nothing. A deleted folder is made
    anew by that. On a local disk, less than `room_bytes` is a fault too: the next image may not fit."""

    def __init__(self, blobs: BlobStore, room_bytes: int) -> None:
        self._blobs = blobs
        self._room_bytes = room_bytes
        self.fault: str | None = None

    async def run(self) -> None:
        """Never returns."""
        while True:
            await self.look()
            await asyncio.sleep(CHECK_S)

    async def look(self) -> None:
        try:
            async with asyncio.timeout(CHECK_S):
                await self._blobs.check(self._room_bytes)
            fault = None
        except StoreUnavailable as error:
            fault = error.message
        except TimeoutError:
            fault = "the blob store does not answer"
        if fault != self.fault:
            log.warning("%s", fault or "the blob store can be used again")
        self.fault = fault
