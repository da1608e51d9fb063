from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from adapter.carrier.channel.channel import open_channel
from adapter.carrier.channel.credentials import read
from adapter.carrier.channel.options import TlsFiles
from adapter.carrier.diagnose.tls import (
    GRPC_ROOTS,
    Endpoint,
    FirstFrame,
    diagnose_endpoint,
    read_first_frame,
)
from adapter.diagnostics.finding import Severity
from tests import defaults
from tests.carrier.broken_tls import BROKEN, CLIENT, GOOD, OURS, Broken, Server, grpc_server
from tests.carrier.certificates import Pair
from tests.carrier.misbehaving_carriers import playing


def files(folder: Path, client: Pair | None) -> TlsFiles:
    ca = folder / "ca.pem"
    ca.write_bytes(OURS.cert)
    cert, key = client.save(folder, "client") if client else (None, None)
    return replace(defaults.TLS, ca=ca, cert=cert, key=key)


def at(port: int) -> Endpoint:
    return Endpoint(host="localhost", port=port, address="127.0.0.1")


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
async def test_a_broken_set_up_is_named(broken: Broken, tmp_path: Path) -> None:
    tls = None if broken.in_the_clear else files(tmp_path, broken.client)
    within_seconds = 0.5 if broken.name == "silent" else 5
    async with broken.server() as port:
        (finding,) = await diagnose_endpoint(at(port), tls=tls, within_seconds=within_seconds)

    assert finding.severity is Severity.ERROR
    assert finding.message == f"localhost:{port} (127.0.0.1): {broken.says}."
    assert finding.hint == broken.hint


RIGHT = [
    ("TLS", grpc_server(GOOD), None, False),
    ("mutual TLS", grpc_server(GOOD, OURS), CLIENT, False),
    ("in the clear", grpc_server(None), None, True),
]


@pytest.mark.parametrize(
    ("server", "client", "clear"), [row[1:] for row in RIGHT], ids=[row[0] for row in RIGHT]
)
async def test_a_right_set_up_has_no_finding(
    server: Server, client: Pair | None, *, clear: bool, tmp_path: Path
) -> None:
    tls = None if clear else files(tmp_path, client)

    async with server() as port:
        assert await diagnose_endpoint(at(port), tls=tls, within_seconds=5) == ()


async def test_a_certificate_may_prove_another_name_than_the_address(tmp_path: Path) -> None:
    server = grpc_server(OURS.issue(names=("dispatch.internal",)))
    tls = replace(files(tmp_path, None), server_name="dispatch.internal")
    async with server() as port:
        endpoint = replace(at(port), server_name="dispatch.internal")
        options = replace(defaults.CARRIER, target=f"localhost:{port}", tls=tls)
        channel = open_channel(options, await asyncio.to_thread(read, options))

        findings = await diagnose_endpoint(endpoint, tls=tls, within_seconds=5)
        await asyncio.wait_for(channel.channel_ready(), timeout=5)

        assert findings == ()
        await channel.close()


def test_the_authorities_that_grpc_ships_can_be_read() -> None:
    context = ssl.create_default_context(cafile=GRPC_ROOTS)

    assert len(context.get_ca_certs()) > 50


SAID = [
    (b"\0\0\0\x04\0\0\0\0\0", FirstFrame.HTTP2),
    (b"HTTP/1.1 400 Bad Request\r\n", FirstFrame.HTTP1),
    (b"\x15\x03\x01\x00\x02\x02\x46", FirstFrame.TLS),
    (b"SSH-2.0-OpenSSH\r\n", FirstFrame.OTHER),
    (b"\0\0\0\x04", FirstFrame.OTHER),
    (b"", FirstFrame.CLOSED),
]


async def greeted(port: int, *, within_seconds: float = 5) -> FirstFrame:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        return await read_first_frame(reader, writer, within_seconds=within_seconds)
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(("said", "greeting"), SAID)
async def test_what_answers_is_known_by_its_first_bytes(said: bytes, greeting: FirstFrame) -> None:
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
        assert await greeted(carrier.port) is FirstFrame.HTTP2


async def test_a_server_that_waits_for_more_is_silent() -> None:
    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(wait, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert await greeted(port, within_seconds=0.05) is FirstFrame.SILENT
