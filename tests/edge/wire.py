"""HTTP by hand: for senders that do what no client library would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from adapter.edge.server import HttpServer
from adapter.wechat.client_side import SealedPush
from tests.edge.playing import PATH


@dataclass(kw_only=True)
class Wire:
    """One open connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def rest(self) -> bytes:
        """Everything until the server closes; a reset counts as an end."""
        received = b""
        try:
            while piece := await self.reader.read(65_536):
                received += piece
        except ConnectionResetError:
            pass
        return received

    async def answer(self) -> bytes:
        """One whole answer with a content length, head and body."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length")
        )
        return head + await self.reader.readexactly(length)


@asynccontextmanager
async def wire(server: HttpServer) -> AsyncIterator[Wire]:
    reader, writer = await asyncio.open_connection(*server.address)
    try:
        yield Wire(reader=reader, writer=writer)
    finally:
        writer.close()


def request(sealed: SealedPush, *, length: int | None = None, more: bytes = b"") -> bytes:
    """A POST of the push, head and body, with another length if asked."""
    head = f"POST {PATH}?{sealed.query} HTTP/1.1\r\nHost: x\r\n"
    announced = len(sealed.body) if length is None else length
    return b"%s%sContent-Length: %d\r\n\r\n%s" % (head.encode(), more, announced, sealed.body)


def chunked(sealed: SealedPush, *, trailer: bytes = b"") -> bytes:
    head = f"POST {PATH}?{sealed.query} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    return b"%s%x\r\n%s\r\n0\r\n%s\r\n" % (head.encode(), len(sealed.body), sealed.body, trailer)
