"""A webhook receiver on a loopback port, for the tests."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Call:
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Answers with `statuses` in turn, the last one for ever; 0 drops the connection, -1 never answers."""

    port: int = 0
    statuses: Sequence[int] = (200,)
    location: str = ""
    calls: list[Call] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:]) if name}
            body = await reader.readexactly(int(headers["content-length"]))
            status = self.statuses[min(len(self.calls), len(self.statuses) - 1)]
            self.calls.append(Call(headers, body))
            self.arrived.set()
            if status == -1:
                await reader.read()
            if status > 0:
                extra = f"Location: {self.location}\r\n" if self.location else ""
                writer.write(f"HTTP/1.1 {status} Said\r\n{extra}Content-Length: 3\r\n\r\nyes".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def receiving(*statuses: int, location: str = "", tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    receiver = Receiver(statuses=statuses or (200,), location=location)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        await server.wait_closed()
