"""Content codings of request bodies (RFC 9110, 8.4): gzip, br and zstd."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Protocol

import brotli
from backports import zstd

from deployments.api.errors import MalformedBody, UnsupportedContentCoding

STEP_BYTES = 2**20
"""The most one call decodes: a bomb is noticed after this much, and the event loop goes on in between."""

MAX_CODINGS = 4
ZSTD_WINDOW_LOG_MAX = 27
"""128 MiB: zstd's own bound for what it decodes without being told to."""


class _Decompressor(Protocol):
    """One step gives at most STEP_BYTES; what does not fit comes with the next, for which `data` is empty."""

    @property
    def finished(self) -> bool: ...

    def step(self, data: bytes) -> bytes: ...


class _Gzip:
    """RFC 1952, several members included."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=31)
        self._rest = b""

    @property
    def finished(self) -> bool:
        return self._member.eof

    def step(self, data: bytes) -> bytes:
        data, self._rest = self._rest + data, b""
        decoded = b""
        while data and not decoded:
            if self._member.eof:
                self._member = zlib.decompressobj(wbits=31)
            decoded = self._member.decompress(data, STEP_BYTES)
            data = self._rest = self._member.unused_data or self._member.unconsumed_tail
        return decoded


class _Brotli:
    """RFC 7932."""

    def __init__(self) -> None:
        self._stream = brotli.Decompressor()

    @property
    def finished(self) -> bool:
        return bool(self._stream.is_finished())

    def step(self, data: bytes) -> bytes:
        decoded: bytes = self._stream.process(data, output_buffer_limit=STEP_BYTES)
        return decoded


class _Zstd:
    """RFC 8878, one frame after the other."""

    def __init__(self) -> None:
        self._frame = self._new_frame()
        self._begun = False

    @property
    def finished(self) -> bool:
        return self._begun and self._frame.eof

    def step(self, data: bytes) -> bytes:
        self._begun = self._begun or bool(data)
        while True:
            if self._frame.eof:
                data = self._frame.unused_data + data
                if not data:
                    return b""
                self._frame = self._new_frame()
            decoded = self._frame.decompress(data, STEP_BYTES)
            if decoded or not self._frame.eof:
                return decoded
            data = b""

    def _new_frame(self) -> zstd.ZstdDecompressor:
        return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: ZSTD_WINDOW_LOG_MAX})


CODINGS: dict[str, type[_Gzip | _Brotli | _Zstd]] = {"gzip": _Gzip, "x-gzip": _Gzip, "br": _Brotli, "zstd": _Zstd}
ACCEPTED = "gzip, br, zstd"


class Decoder:
    """One coding of one body, over all its chunks."""

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._stream: _Decompressor = CODINGS[coding]()

    async def decode(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Raises: MalformedBody."""
        async for piece in pieces:
            data = piece
            while True:
                try:
                    decoded = self._stream.step(data)
                except (zlib.error, brotli.error, zstd.ZstdError):
                    raise self._malformed("is not") from None
                if not decoded:
                    break
                data = b""
                yield decoded
                await asyncio.sleep(0)

    def finish(self) -> None:
        """Raises: MalformedBody if the end is missing."""
        if not self._stream.finished:
            raise self._malformed("ends too early for")

    def _malformed(self, fault: str) -> MalformedBody:
        return MalformedBody(f"the body {fault} what Content-Encoding says: {self._coding}")


def decoders(headers: Iterable[str]) -> Sequence[Decoder]:
    """What undoes the codings of `Content-Encoding`, in the order of use: the last applied comes first.

    Raises: UnsupportedContentCoding.
    """
    words = [word.strip().lower() for header in headers for word in header.split(",")]
    codings = [word for word in words if word not in ("", "identity")]
    for coding in codings:
        if coding not in CODINGS:
            raise UnsupportedContentCoding(f"the content coding {coding[:50]!r} is not understood; use {ACCEPTED}")
    if len(codings) > MAX_CODINGS:
        raise UnsupportedContentCoding(f"the body has {len(codings)} content codings; {MAX_CODINGS} are undone")
    return [Decoder(coding) for coding in reversed(codings)]
