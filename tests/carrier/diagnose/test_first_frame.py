from __future__ import annotations

import asyncio

import pytest

from adapter.carrier.diagnose.first_frame import Greeting, greet
from tests.carrier.playing import playing

SAID = [
    (b"\0\0\0\x04\0\0\0\0\0", Greeting.HTTP2),
    (b"HTTP/1.1 400 Bad Request\r\n", Greeting.HTTP1),
    (b"\x15\x03\x01\x00\x02\x02\x46", Greeting.TLS),
    (b"SSH-2.0-OpenSSH\r\n", Greeting.OTHER),
    (b"\0\0\0\x04", Greeting.OTHER),
    (b"", Greeting.CLOSED),
]


async def greeted(port: int, *, within_seconds: float = 5) -> Greeting:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        return await greet(reader, writer, within_seconds=within_seconds)
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(("said", "greeting"), SAID)
async def test_what_answers_is_known_by_its_first_bytes(said: bytes, greeting: Greeting) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(said)
        writer.write_eof()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        assert await greeted(server.sockets[0].getsockname()[1]) is greeting


async def test_a_grpc_server_greets_with_http2() -> None:
    async with playing() as carrier:
        assert await greeted(carrier.port) is Greeting.HTTP2


async def test_a_server_that_waits_for_more_is_silent() -> None:
    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(wait, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert await greeted(port, within_seconds=0.05) is Greeting.SILENT
