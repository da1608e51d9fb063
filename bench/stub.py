"""A carrier that costs next to nothing, so that it is never the cap: CANCELLED to every call.

It speaks just enough HTTP/2 for a gRPC client. Request headers are never decoded: a message
that holds an order of the bench is answered CANCELLED, anything else (a health watch) with
UNIMPLEMENTED, which gRPC's health protocol takes for healthy.
"""

from __future__ import annotations

import argparse
import asyncio
import struct
from pathlib import Path
from typing import cast

import uvloop

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE = 0, 1, 3, 4, 6, 8
END_STREAM = ACK = 0x1
END_HEADERS = 0x4
LARGEST_WINDOW = 2**31 - 1
FIRST_WINDOW = 65_535
ORDER_MARK = b"STUB-OK-"


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """Lay out one frame (RFC 9113, 4.1)."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def plain_header(name: bytes, value: bytes) -> bytes:
    """Write a header that touches nobody's dynamic table (RFC 7541, 6.2.2)."""
    return b"\x00" + bytes([len(name)]) + name + bytes([len(value)]) + value


STATUS_200 = b"\x88"  # RFC 7541, appendix A, entry 8
OPENING = STATUS_200 + plain_header(b"content-type", b"application/grpc")
GREETING = frame(SETTINGS, 0, 0, struct.pack(">HIHI", 0x3, 100_000, 0x4, LARGEST_WINDOW)) + frame(
    WINDOW_UPDATE, 0, 0, struct.pack(">I", LARGEST_WINDOW - FIRST_WINDOW)
)
DONE = plain_header(b"grpc-status", b"0")
UNIMPLEMENTED = OPENING + plain_header(b"grpc-status", b"12")


class Connection(asyncio.Protocol):
    """One client's connection; answers each request when its stream ends."""

    def __init__(self, answer: bytes) -> None:
        self._answer = struct.pack(">BI", 0, len(answer)) + answer
        self._unread = b""
        self._preface_left = len(PREFACE)
        self._known: set[int] = set()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(GREETING)

    def data_received(self, data: bytes) -> None:
        unread = self._unread + data
        at = min(self._preface_left, len(unread))
        self._preface_left -= at
        replies: list[bytes] = []
        while len(unread) - at >= 9:
            length = int.from_bytes(unread[at : at + 3], "big")
            if len(unread) - at < 9 + length:
                break
            kind, flags, stream = struct.unpack_from(">BBI", unread, at + 3)
            self._take(kind, flags, stream, unread[at + 9 : at + 9 + length], replies)
            at += 9 + length
        self._unread = unread[at:]
        if replies and self._transport is not None:
            self._transport.write(b"".join(replies))

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()

    def _take(
        self, kind: int, flags: int, stream: int, payload: bytes, replies: list[bytes]
    ) -> None:
        if kind == SETTINGS and not flags & ACK:
            replies.append(frame(SETTINGS, ACK, 0, b""))
        elif kind == PING and not flags & ACK:
            replies.append(frame(PING, ACK, 0, payload))
        elif kind == RST_STREAM:
            self._known.discard(stream)
        elif kind == DATA:
            if ORDER_MARK in payload:
                self._known.add(stream)
            if flags & END_STREAM:
                replies.append(self._reply(stream))

    def _reply(self, stream: int) -> bytes:
        if stream not in self._known:
            return frame(HEADERS, END_HEADERS | END_STREAM, stream, UNIMPLEMENTED)
        self._known.remove(stream)
        return (
            frame(HEADERS, END_HEADERS, stream, OPENING)
            + frame(DATA, 0, stream, self._answer)
            + frame(HEADERS, END_HEADERS | END_STREAM, stream, DONE)
        )


async def serve(*, port_file: Path, answer: bytes) -> None:
    """Listen on a free loopback port, written to `port_file`, until killed."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(answer), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    await asyncio.to_thread(port_file.write_text, str(port))
    await server.serve_forever()


def main() -> None:
    """Serve the answer given in hex."""
    parser = argparse.ArgumentParser(prog="python -m bench.stub")
    parser.add_argument("--port-file", type=Path, required=True)
    parser.add_argument("--answer", type=bytes.fromhex, required=True, help="a message, in hex")
    given = parser.parse_args()
    uvloop.run(serve(port_file=given.port_file, answer=given.answer))


if __name__ == "__main__":
    main()
