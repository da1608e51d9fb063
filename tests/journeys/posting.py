"""A POST written by hand: its target goes out byte for byte, as WeChat wrote it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

WITHIN_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What came back."""

    status: int
    content_type: str
    body: bytes


async def post(url: str, query: str, body: bytes) -> Response:
    """Send one POST to `url?query` on a connection of its own."""
    where = urlsplit(url)
    async with asyncio.timeout(WITHIN_SECONDS):
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        writer.write(
            f"POST {where.path}?{query} HTTP/1.1\r\nHost: {where.netloc}\r\n"
            f"Content-Type: text/xml\r\nContent-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n".encode()
            + body
        )
        await writer.drain()
        raw = await reader.read()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    head, _, content = raw.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in lines[1:]}
    return Response(
        status=int(lines[0].split()[1]),
        content_type=headers.get("content-type", ""),
        body=content,
    )
