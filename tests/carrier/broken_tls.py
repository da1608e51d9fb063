"""Set-ups of TLS that must be refused, each with the very words, on real ports."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.carrier.certificates import Authority, Pair, self_signed
from tests.carrier.misbehaving_carriers import playing
from tests.ports import free_port

OURS = Authority("our authority")
THEIRS = Authority("their authority")
GOOD = OURS.issue()
CLIENT = OURS.issue("client")

Server = Callable[[], AbstractAsyncContextManager[int]]


def serving(pair: Pair, clients: Authority | None) -> grpc.ServerCredentials:
    return grpc.ssl_server_credentials(
        [(pair.key, pair.cert)],
        root_certificates=clients.cert if clients else None,
        require_client_auth=clients is not None,
    )


def grpc_server(pair: Pair | None, clients: Authority | None = None) -> Server:
    @asynccontextmanager
    async def serve() -> AsyncIterator[int]:
        credentials = None if pair is None else serving(pair, clients)
        async with playing(credentials=credentials) as carrier:
            yield carrier.port

    return serve


def other_server(says: bytes | None, tls: Pair | None = None, *, alpn: bool = False) -> Server:
    """A TCP server that says this and closes; None: it says nothing and stays."""

    ended = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            if says is None:
                await reader.read()
            else:
                writer.write(says)
                await writer.drain()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        ended.set()

    @asynccontextmanager
    async def serve() -> AsyncIterator[int]:
        make = _with_alpn if alpn else _without_alpn
        context = await asyncio.to_thread(make, tls) if tls else None
        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
        async with server:
            yield server.sockets[0].getsockname()[1]
            await ended.wait()

    return serve


def shaking_hands(make: Callable[[Pair], ssl.SSLContext]) -> Server:
    """A TLS server whose handshake is all there is to it, right or wrong."""

    async def close(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    @asynccontextmanager
    async def serve() -> AsyncIterator[int]:
        context = await asyncio.to_thread(make, GOOD)
        async with await asyncio.start_server(close, "127.0.0.1", 0, ssl=context) as server:
            yield server.sockets[0].getsockname()[1]

    return serve


def _without_alpn(pair: Pair) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        context.load_cert_chain(*pair.save(Path(folder), "server"))
    return context


def _with_alpn(pair: Pair) -> ssl.SSLContext:
    context = _without_alpn(pair)
    context.set_alpn_protocols(["h2"])
    return context


def _wanting_certificates(pair: Pair) -> ssl.SSLContext:
    context = _with_alpn(pair)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=OURS.cert.decode())
    return context


@asynccontextmanager
async def resetting() -> AsyncIterator[int]:
    """A server that takes every connection and resets it."""

    async def reset(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken: socket.socket = writer.get_extra_info("socket")
        # To linger for no time is to reset (RFC 9293 §3.6).
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.close()

    async with await asyncio.start_server(reset, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def nothing() -> AsyncIterator[int]:
    yield free_port()


def day(offset: int) -> str:
    return (datetime.now(UTC) + timedelta(days=offset)).strftime("%Y-%m-%d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A set-up that must be refused, with the very words."""

    name: str
    server: Server
    says: str
    hint: str = ""
    client: Pair | None = None
    in_the_clear: bool = False


BROKEN = [
    Broken(
        name="expired",
        server=grpc_server(OURS.issue(days=(-9, -2))),
        says=f"the server's certificate expired on {day(-2)}",
        hint="Renew it at the carrier.",
    ),
    Broken(
        name="not yet valid",
        server=grpc_server(OURS.issue(days=(3, 9))),
        says=f"the server's certificate is not valid before {day(3)}",
        hint="Or this machine's clock is behind.",
    ),
    Broken(
        name="wrong name",
        server=grpc_server(OURS.issue(names=("dispatch.internal", "10.0.0.1"))),
        says="the server's certificate is for dispatch.internal, 10.0.0.1, not for localhost",
        hint="Use one of those names in the target, or have it issued for this one.",
    ),
    Broken(
        name="common name only",
        server=grpc_server(OURS.issue("localhost", names=())),
        says='the server\'s certificate has only a common name, "localhost"',
        hint="gRPC still takes it, others do not: have it issued with a subjectAltName.",
    ),
    Broken(
        name="self-signed",
        server=grpc_server(self_signed()),
        says="the server's certificate is self-signed and not trusted",
        hint="Set ca to this certificate, or have it signed by an authority.",
    ),
    Broken(
        name="wrong authority",
        server=grpc_server(THEIRS.issue()),
        says='the server\'s certificate is signed by "their authority", '
        "which the configured ca does not contain",
        hint="Ask the carrier for its authority's certificate, intermediate ones included.",
    ),
    Broken(
        name="not for servers",
        server=grpc_server(OURS.issue(only_for=ExtendedKeyUsageOID.CLIENT_AUTH)),
        says="the server's certificate is not made for servers",
    ),
    Broken(
        name="client certificate missing",
        server=grpc_server(GOOD, OURS),
        says="the server ends the handshake and gives no reason; one that requires a client "
        "certificate does so, and none is configured",
        hint="Set cert and key in [carrier.tls], or ask the carrier which TLS versions it speaks.",
    ),
    Broken(
        name="client certificate of another authority",
        server=grpc_server(GOOD, OURS),
        client=THEIRS.issue("client"),
        says="the server refuses the client certificate client.pem",
        hint="It must be valid today and signed by an authority the carrier trusts.",
    ),
    Broken(
        name="client certificate expired",
        server=grpc_server(GOOD, OURS),
        client=OURS.issue("client", days=(-9, -2)),
        says="the server refuses the client certificate client.pem",
        hint="It must be valid today and signed by an authority the carrier trusts.",
    ),
    Broken(
        name="server without TLS",
        server=grpc_server(None),
        says="the server speaks gRPC without TLS",
        hint="Give the carrier's port TLS, or remove [carrier.tls] if the network is trusted.",
    ),
    Broken(
        name="client without TLS",
        server=grpc_server(GOOD),
        in_the_clear=True,
        says="the server wants TLS, and none is configured",
        hint="Add [carrier.tls] with the authority that signed its certificate.",
    ),
    Broken(
        name="client without TLS at a server that wants certificates",
        server=grpc_server(GOOD, OURS),
        in_the_clear=True,
        says="the server wants TLS, and none is configured",
        hint="Add [carrier.tls] with the authority that signed its certificate.",
    ),
    Broken(
        name="no TLS at all",
        server=other_server(b"SSH-2.0-OpenSSH_9.6\r\n"),
        says="what listens there does not speak TLS",
    ),
    Broken(
        name="no ALPN",
        server=other_server(b"", GOOD),
        says="the server does not offer HTTP/2 in its handshake (ALPN h2)",
        hint="gRPC needs it; a proxy in front of the carrier may have to be set up for it.",
    ),
    Broken(
        name="nobody there",
        server=nothing,
        says="connection refused, nothing listens there",
    ),
    Broken(
        name="HTTP/1",
        server=other_server(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        in_the_clear=True,
        says="an HTTP/1 server answers, not a gRPC server",
        hint="Is it the right port?",
    ),
    Broken(
        name="another protocol",
        server=other_server(b"SSH-2.0-OpenSSH_9.6\r\n"),
        in_the_clear=True,
        says="what answers does not speak gRPC",
        hint="Is it the right port?",
    ),
    Broken(
        name="HTTP/1 over TLS",
        server=other_server(b"HTTP/1.1 400 Bad Request\r\n\r\n", GOOD, alpn=True),
        says="an HTTP/1 server answers, not a gRPC server",
        hint="Is it the right port?",
    ),
    Broken(
        name="client certificate missing after the handshake",
        server=shaking_hands(_wanting_certificates),
        says="the server ends the handshake and gives no reason; one that requires a client "
        "certificate does so, and none is configured",
        hint="Set cert and key in [carrier.tls], or ask the carrier which TLS versions it speaks.",
    ),
    Broken(
        name="reset",
        server=resetting,
        in_the_clear=True,
        says="the server closes the connection without an answer",
        hint="Is it the right port?",
    ),
    Broken(
        name="silent",
        server=other_server(None),
        says="no answer within 0.5 s",
        hint="A firewall, a wrong address, or a carrier that is overloaded.",
    ),
]
