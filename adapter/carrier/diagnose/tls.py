"""A TLS handshake of our own, because gRPC calls every fault UNAVAILABLE. It names the reason,
and what answers on the port: HTTP/2, HTTP/1, TLS or something else."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import grpc
from cryptography import x509

from adapter.carrier.channel.options import TlsFiles
from adapter.carrier.diagnose.certificate import Certificate
from adapter.diagnostics.finding import Finding

TARGET = "carrier.target"
TLS = "carrier.tls"

# With no `ca` the product trusts the roots that gRPC ships, not the system's.
GRPC_ROOTS = Path(grpc.__file__).parent / "_cython" / "_credentials" / "roots.pem"

# OpenSSL's X509_V_ERR_* numbers (x509_vfy.h).
_NOT_YET_VALID, _EXPIRED = 9, 10
_SELF_SIGNED, _SELF_SIGNED_ROOT, _NO_ISSUER, _NO_LEAF_ISSUER = 18, 19, 20, 21
_WRONG_PURPOSE, _WRONG_HOST, _WRONG_ADDRESS = 26, 62, 64


# RFC 9113 §3.4: the client's preface, then a SETTINGS frame, which may be empty.
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\x04\0\0\0\0\0"
_SETTINGS = 4  # the server's first frame; its type is the header's fourth byte
_TLS_ALERT = 0x15  # RFC 8446 §5.1, a record's first byte


class FirstFrame(Enum):
    """The first thing that came back when we spoke HTTP/2."""

    HTTP2 = "http2"
    HTTP1 = "http1"
    TLS = "tls"
    CLOSED = "closed"
    SILENT = "silent"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One address to connect to, and the name its certificate must prove."""

    host: str
    port: int
    address: str
    server_name: str = ""

    def __str__(self) -> str:
        where = f"{self.host}:{self.port}"
        return where if self.address == self.host else f"{where} ({self.address})"


async def diagnose_endpoint(
    endpoint: Endpoint, *, tls: TlsFiles | None, within_seconds: float
) -> tuple[Finding, ...]:
    """Connect as the client would, and say what stands in the way; nothing: it may be asked.

    Raises nothing for what a network or a server can do.
    """
    try:
        async with asyncio.timeout(within_seconds):
            if tls is None:
                return await _diagnose_plaintext(endpoint, within_seconds)
            return await _diagnose_tls(endpoint, tls, within_seconds)
    except ConnectionRefusedError:
        return _error(TARGET, f"{endpoint}: connection refused, nothing listens there")
    except TimeoutError:
        return _error(
            TARGET,
            f"{endpoint}: no answer within {within_seconds:g} s",
            "A firewall, a wrong address, or a carrier that is overloaded.",
        )
    except ConnectionResetError:
        return _error(TARGET, f"{endpoint}: the connection was reset")
    except ValueError:
        return _error(TLS, f"{endpoint}: the server's certificate cannot be read")
    except OSError as error:
        return _error(TARGET, f"{endpoint}: {error.strerror or 'cannot be reached'}")


async def _diagnose_plaintext(endpoint: Endpoint, within_seconds: float) -> tuple[Finding, ...]:
    frame = await _plaintext_first_frame(endpoint, within_seconds)
    if frame is FirstFrame.HTTP2:
        return ()
    if frame is FirstFrame.TLS or await _speaks_tls(endpoint):
        return _error(
            TLS,
            f"{endpoint}: the server wants TLS, and none is configured",
            "Add [carrier.tls] with the authority that signed its certificate.",
        )
    return _not_grpc(endpoint, frame)


async def _diagnose_tls(
    endpoint: Endpoint, tls: TlsFiles, within_seconds: float
) -> tuple[Finding, ...]:
    context = await asyncio.to_thread(_context, tls)
    try:
        async with _connected(endpoint, context) as (reader, writer):
            if writer.get_extra_info("ssl_object").selected_alpn_protocol() != "h2":
                return _error(
                    TLS,
                    f"{endpoint}: the server does not offer HTTP/2 in its handshake (ALPN h2)",
                    "gRPC needs it; a proxy in front of the carrier may have to be set up for it.",
                )
            frame = await read_first_frame(reader, writer, within_seconds=within_seconds / 2)
    except ssl.SSLCertVerificationError as error:
        return await _certificate_rejected(endpoint, error)
    except ssl.SSLError as error:
        return await _handshake_failed(endpoint, tls, error, within_seconds)
    except ConnectionResetError:
        frame = FirstFrame.CLOSED
    if frame is FirstFrame.HTTP2:
        return ()
    if frame is FirstFrame.CLOSED:
        return await _connection_closed(endpoint, tls, within_seconds)
    return _not_grpc(endpoint, frame)


async def _certificate_rejected(
    endpoint: Endpoint, error: ssl.SSLCertVerificationError
) -> tuple[Finding, ...]:
    """Name why its certificate does not prove the server."""
    shown = await _certificate_of(endpoint)
    unknown_issuer = (
        f'the server\'s certificate is signed by "{shown.issuer}", '
        "which the configured ca does not contain",
        "Ask the carrier for its authority's certificate, intermediate ones included.",
    )
    wrong_name = shown.wrong_name(endpoint.host), shown.name_hint()
    reasons = {
        _EXPIRED: (shown.expired(), "Renew it at the carrier."),
        _NOT_YET_VALID: (shown.not_yet_valid(), "Or this machine's clock is behind."),
        _WRONG_HOST: wrong_name,
        _WRONG_ADDRESS: wrong_name,
        _SELF_SIGNED: (
            "the server's certificate is self-signed and not trusted",
            "Set ca to this certificate, or have it signed by an authority.",
        ),
        _SELF_SIGNED_ROOT: unknown_issuer,
        _NO_ISSUER: unknown_issuer,
        _NO_LEAF_ISSUER: unknown_issuer,
        _WRONG_PURPOSE: ("the server's certificate is not made for servers", ""),
    }
    other = f"the server's certificate fails: {error.verify_message}", ""
    message, hint = reasons.get(error.verify_code, other)
    return _error(TLS, f"{endpoint}: {message}", hint)


async def _handshake_failed(
    endpoint: Endpoint, tls: TlsFiles, error: ssl.SSLError, within_seconds: float
) -> tuple[Finding, ...]:
    """Name why the handshake failed although the server's certificate was not the reason."""
    reason = error.reason or ""
    is_about_certificate = "CERTIFICATE" in reason or "UNKNOWN_CA" in reason
    if "CERTIFICATE_REQUIRED" in reason or ("ALERT" in reason and is_about_certificate):
        return _client_certificate(endpoint, tls)
    if "PROTOCOL_VERSION" in reason or "UNSUPPORTED_PROTOCOL" in reason:
        return _error(TLS, f"{endpoint}: the server speaks only TLS versions older than 1.2")
    frame = await _plaintext_first_frame(endpoint, within_seconds / 4)
    if frame is FirstFrame.HTTP2:
        return _error(
            TLS,
            f"{endpoint}: the server speaks gRPC without TLS",
            "Give the carrier's port TLS, or remove [carrier.tls] if the network is trusted.",
        )
    if frame in (FirstFrame.TLS, FirstFrame.CLOSED):
        words = reason.lower().replace("_", " ") or "no reason given"
        return _error(TLS, f"{endpoint}: the TLS handshake failed: {words}")
    return _error(TLS, f"{endpoint}: what listens there does not speak TLS")


async def _connection_closed(
    endpoint: Endpoint, tls: TlsFiles, within_seconds: float
) -> tuple[Finding, ...]:
    """A server may close without a word, during the handshake or just after it."""
    frame = await _plaintext_first_frame(endpoint, within_seconds / 4)
    if frame is FirstFrame.HTTP2:
        return await _handshake_failed(endpoint, tls, ssl.SSLError(), within_seconds)
    if tls.cert is None:
        return _error(
            TLS,
            f"{endpoint}: the server ends the handshake and gives no reason; one that requires "
            "a client certificate does so, and none is configured",
            "Set cert and key in [carrier.tls], or ask the carrier which TLS versions it speaks.",
        )
    return _client_certificate(endpoint, tls)


def _client_certificate(endpoint: Endpoint, tls: TlsFiles) -> tuple[Finding, ...]:
    if tls.cert is None:
        return _error(
            TLS,
            f"{endpoint}: the server requires a client certificate, and none is configured",
            "Set cert and key in [carrier.tls].",
        )
    return _error(
        TLS,
        f"{endpoint}: the server refuses the client certificate {tls.cert.name}",
        "It must be valid today and signed by an authority the carrier trusts.",
    )


def _not_grpc(endpoint: Endpoint, frame: FirstFrame) -> tuple[Finding, ...]:
    what = {
        FirstFrame.HTTP1: "an HTTP/1 server answers, not a gRPC server",
        FirstFrame.CLOSED: "the server closes the connection without an answer",
        FirstFrame.SILENT: "the server accepts the connection and sends nothing",
    }.get(frame, "what answers does not speak gRPC")
    return _error(TARGET, f"{endpoint}: {what}", "Is it the right port?")


def _error(key: str, message: str, hint: str = "") -> tuple[Finding, ...]:
    return (Finding(key=key, message=message, hint=hint),)


@asynccontextmanager
async def _connected(
    endpoint: Endpoint, context: ssl.SSLContext | None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    name = (endpoint.server_name or endpoint.host) if context else None
    reader, writer = await asyncio.open_connection(
        endpoint.address, endpoint.port, ssl=context, server_hostname=name
    )
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()


async def _plaintext_first_frame(endpoint: Endpoint, within_seconds: float) -> FirstFrame:
    try:
        async with _connected(endpoint, None) as (reader, writer):
            return await read_first_frame(reader, writer, within_seconds=within_seconds)
    except ConnectionResetError:
        return FirstFrame.CLOSED


async def _speaks_tls(endpoint: Endpoint) -> bool:
    try:
        async with _connected(endpoint, _accept_any_certificate()):
            return True
    except ssl.SSLError as error:
        # An alert is TLS too: the server only wants more of us.
        return "ALERT" in (error.reason or "")
    except OSError:
        return False


async def _certificate_of(endpoint: Endpoint) -> Certificate:
    async with _connected(endpoint, _accept_any_certificate()) as (_, writer):
        der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    return Certificate(x509.load_der_x509_certificate(der), owner="the server's certificate")


def _context(tls: TlsFiles) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.hostname_checks_common_name = False  # RFC 9525 §2, which OpenSSL leaves to us
    context.load_verify_locations(tls.ca or GRPC_ROOTS)
    if tls.cert and tls.key:
        context.load_cert_chain(tls.cert, tls.key)
    context.set_alpn_protocols(["h2"])
    return context


def _accept_any_certificate() -> ssl.SSLContext:
    """For looking at a certificate that was refused already; nothing is ever sent over it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    return context


async def read_first_frame(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, within_seconds: float
) -> FirstFrame:
    """Speak HTTP/2 first, as a gRPC client does. Raises `OSError` (`ssl.SSLError` too) as the
    connection does: with TLS 1.3 a refused client certificate shows only here."""
    writer.write(PREFACE)
    try:
        async with asyncio.timeout(within_seconds):
            await writer.drain()
            head = await reader.readexactly(9)
    except asyncio.IncompleteReadError as error:
        return _kind_of(error.partial) if error.partial else FirstFrame.CLOSED
    except TimeoutError:
        return FirstFrame.SILENT
    return _kind_of(head)


def _kind_of(head: bytes) -> FirstFrame:
    if head[0] == _TLS_ALERT:
        return FirstFrame.TLS
    if head.startswith(b"HTTP/1"):
        return FirstFrame.HTTP1
    if len(head) == 9 and head[3] == _SETTINGS:
        return FirstFrame.HTTP2
    return FirstFrame.OTHER
