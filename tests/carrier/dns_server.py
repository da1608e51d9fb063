"""A DNS server that knows one name, whose address can be changed."""

from __future__ import annotations

import asyncio
import ipaddress
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_TYPE_A = 1


class Names(asyncio.DatagramProtocol):
    """Answers every question for an A record with `address`, to be kept for no time at all."""

    def __init__(self) -> None:
        self.address = "127.0.0.1"
        self.port = 0
        self._transport: asyncio.DatagramTransport | None = None

    def target(self, port: int) -> str:
        return f"dns://127.0.0.1:{self.port}/carrier.test:{port}"

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override] # asyncio's own advice
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str | int, int]) -> None:
        question_end = data.index(b"\0", 12) + 5
        question = data[12:question_end]
        (kind,) = struct.unpack("!H", question[-4:-2])
        answers = 1 if kind == _TYPE_A else 0
        header = data[:2] + struct.pack("!HHHHH", 0x8580, 1, answers, 0, 0)
        record = struct.pack("!HHHIH", 0xC00C, _TYPE_A, 1, 0, 4)
        address = ipaddress.IPv4Address(self.address).packed
        if self._transport is not None:
            answer = header + question + (record + address) * answers
            self._transport.sendto(answer, addr)


@asynccontextmanager
async def naming() -> AsyncIterator[Names]:
    transport, names = await asyncio.get_running_loop().create_datagram_endpoint(
        Names, local_addr=("127.0.0.1", 0)
    )
    names.port = transport.get_extra_info("sockname")[1]
    try:
        yield names
    finally:
        transport.close()
