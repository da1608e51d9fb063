"""A carrier's edge that answers what a test tells it to, on a real port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it came: the request line, headers by lower-case name, the body."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class CarrierEdge:
    """Answers each request with the next of its replies; None: never."""

    replies: Iterator[tuple[int, bytes] | None]
    requests: list[Request] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        """Where pushes go."""
        return f"http://127.0.0.1:{self.port}/push"

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        try:
            while head := await _head(reader):
                lines = head.decode().split("\r\n")
                headers = {
                    name.lower(): value
                    for name, _, value in (line.partition(": ") for line in lines[1:] if line)
                }
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.requests.append(Request(line=lines[0], headers=headers, body=body))
                reply = next(self.replies)
                if reply is None:
                    await reader.read()  # until WeChat hangs up
                    return
                status, content = reply
                if status == 0:
                    return
                writer.write(
                    b"HTTP/1.1 %d X\r\ncontent-length: %d\r\n\r\n%b"
                    % (status, len(content), content)
                )
                await writer.drain()
        finally:
            writer.close()


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


@asynccontextmanager
async def carrier_edge(
    *replies: tuple[int, bytes] | None,
) -> AsyncIterator[CarrierEdge]:
    """Listen; a status of 0 closes the connection without an answer."""
    edge = CarrierEdge(iter(replies))
    server = await asyncio.start_server(edge.talk, "127.0.0.1", 0)
    edge.port = server.sockets[0].getsockname()[1]
    try:
        yield edge
    finally:
        server.close()
        await server.wait_closed()
