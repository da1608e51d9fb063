"""What answers on a port: HTTP/2, HTTP/1, something that wants TLS, or something else."""

from __future__ import annotations

import asyncio
from enum import Enum

# RFC 9113 §3.4: the client's preface, then a SETTINGS frame, which may be empty.
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\x04\0\0\0\0\0"
_SETTINGS = 4  # the server's first frame; its type is the header's fourth byte
_TLS_ALERT = 0x15  # RFC 8446 §5.1, a record's first byte


class Greeting(Enum):
    """The first thing that came back when we spoke HTTP/2."""

    HTTP2 = "http2"
    HTTP1 = "http1"
    TLS = "tls"
    CLOSED = "closed"
    SILENT = "silent"
    OTHER = "other"


async def greet(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, within_seconds: float
) -> Greeting:
    """Speak HTTP/2 first, as a gRPC client does. Raises `OSError` (`ssl.SSLError` too) as the
    connection does: with TLS 1.3 a refused client certificate shows only here."""
    writer.write(PREFACE)
    try:
        async with asyncio.timeout(within_seconds):
            await writer.drain()
            head = await reader.readexactly(9)
    except asyncio.IncompleteReadError as error:
        return _read(error.partial) if error.partial else Greeting.CLOSED
    except TimeoutError:
        return Greeting.SILENT
    return _read(head)


def _read(head: bytes) -> Greeting:
    if head[0] == _TLS_ALERT:
        return Greeting.TLS
    if head.startswith(b"HTTP/1"):
        return Greeting.HTTP1
    if len(head) == 9 and head[3] == _SETTINGS:
        return Greeting.HTTP2
    return Greeting.OTHER
