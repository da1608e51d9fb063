"""A TLS handshake of our own, because gRPC calls every fault UNAVAILABLE. It names the reason."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import grpc
from cryptography import x509

from adapter.carrier.channel.options import TlsFiles
from adapter.carrier.diagnose.certificate import Certificate
from adapter.carrier.diagnose.first_frame import Greeting, greet
from adapter.diagnostics.finding import Finding

TARGET = "carrier.target"
TLS = "carrier.tls"

# With no `ca` the product trusts the roots that gRPC ships, not the system's.
GRPC_ROOTS = Path(grpc.__file__).parent / "_cython" / "_credentials" / "roots.pem"

# OpenSSL's X509_V_ERR_* numbers (x509_vfy.h).
_NOT_YET_VALID, _EXPIRED = 9, 10
_SELF_SIGNED, _SELF_SIGNED_ROOT, _NO_ISSUER, _NO_LEAF_ISSUER = 18, 19, 20, 21
_WRONG_PURPOSE, _WRONG_HOST, _WRONG_ADDRESS = 26, 62, 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One address to knock at, and the name its certificate must prove."""

    host: str
    port: int
    address: str
    server_name: str = ""

    def __str__(self) -> str:
        where = f"{self.host}:{self.port}"
        return where if self.address == self.host else f"{where} ({self.address})"


async def knock(
    endpoint: Endpoint, *, tls: TlsFiles | None, within_seconds: float
) -> tuple[Finding, ...]:
    """Connect as the client would, and say what stands in the way; nothing: it may be asked.

    Raises nothing for what a network or a server can do.
    """
    try:
        async with asyncio.timeout(within_seconds):
            if tls is None:
                return await _knock_in_the_clear(endpoint, within_seconds)
            return await _knock_with_tls(endpoint, tls, within_seconds)
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


async def _knock_in_the_clear(endpoint: Endpoint, within_seconds: float) -> tuple[Finding, ...]:
    greeting = await _greeting_in_the_clear(endpoint, within_seconds)
    if greeting is Greeting.HTTP2:
        return ()
    if greeting is Greeting.TLS or await _speaks_tls(endpoint):
        return _error(
            TLS,
            f"{endpoint}: the server wants TLS, and none is configured",
            "Add [carrier.tls] with the authority that signed its certificate.",
        )
    return _no_grpc(endpoint, greeting)


async def _knock_with_tls(
    endpoint: Endpoint, tls: TlsFiles, within_seconds: float
) -> tuple[Finding, ...]:
    context = await asyncio.to_thread(_context, tls)
    try:
        async with _connected(endpoint, context) as (reader, writer):
            if writer.get_extra_info("ssl_object").selected_alpn_protocol() != "h2":
                return _error(
                    TLS,
                    f"{endpoint}: the server does not offer HTTP/2 in its handshake (ALPN h2)",
                    "gRPC needs it; a proxy in front of the carrier may have to be told.",
                )
            greeting = await greet(reader, writer, within_seconds=within_seconds / 2)
    except ssl.SSLCertVerificationError as error:
        return await _unproved(endpoint, error)
    except ssl.SSLError as error:
        return await _refused(endpoint, tls, error, within_seconds)
    except ConnectionResetError:
        greeting = Greeting.CLOSED
    if greeting is Greeting.HTTP2:
        return ()
    if greeting is Greeting.CLOSED:
        return await _closed(endpoint, tls, within_seconds)
    return _no_grpc(endpoint, greeting)


async def _unproved(endpoint: Endpoint, error: ssl.SSLCertVerificationError) -> tuple[Finding, ...]:
    """Name why its certificate does not prove the server."""
    shown = await _certificate_of(endpoint)
    code = error.verify_code
    if code == _EXPIRED:
        return _error(TLS, f"{endpoint}: {shown.expired()}", "Renew it at the carrier.")
    if code == _NOT_YET_VALID:
        return _error(
            TLS, f"{endpoint}: {shown.not_yet_valid()}", "Or this machine's clock is behind."
        )
    if code in (_WRONG_HOST, _WRONG_ADDRESS):
        return _error(TLS, f"{endpoint}: {shown.wrong_name(endpoint.host)}", shown.name_hint())
    if code == _SELF_SIGNED:
        return _error(
            TLS,
            f"{endpoint}: the server's certificate is self-signed and not trusted",
            "Name that very certificate as ca, or have it signed.",
        )
    if code in (_SELF_SIGNED_ROOT, _NO_ISSUER, _NO_LEAF_ISSUER):
        return _error(
            TLS,
            f'{endpoint}: the server\'s certificate is signed by "{shown.issuer}", '
            "which the configured ca does not contain",
            "Ask the carrier for its authority's certificate, intermediate ones included.",
        )
    if code == _WRONG_PURPOSE:
        return _error(TLS, f"{endpoint}: the server's certificate is not made for servers")
    return _error(TLS, f"{endpoint}: the server's certificate fails: {error.verify_message}")


async def _refused(
    endpoint: Endpoint, tls: TlsFiles, error: ssl.SSLError, within_seconds: float
) -> tuple[Finding, ...]:
    """Name why the handshake failed although the server's certificate was not the reason."""
    reason = error.reason or ""
    if "CERTIFICATE_REQUIRED" in reason:
        return _client_certificate(endpoint, tls)
    if "ALERT" in reason and ("CERTIFICATE" in reason or "UNKNOWN_CA" in reason):
        return _client_certificate(endpoint, tls)
    if "PROTOCOL_VERSION" in reason or "UNSUPPORTED_PROTOCOL" in reason:
        return _error(TLS, f"{endpoint}: the server speaks only TLS versions older than 1.2")
    greeting = await _greeting_in_the_clear(endpoint, within_seconds / 4)
    if greeting is Greeting.HTTP2:
        return _error(
            TLS,
            f"{endpoint}: the server speaks gRPC without TLS",
            "Give the carrier's port TLS, or remove [carrier.tls] if the network is trusted.",
        )
    if greeting in (Greeting.TLS, Greeting.CLOSED):
        words = reason.lower().replace("_", " ") or "no reason given"
        return _error(TLS, f"{endpoint}: the TLS handshake failed: {words}")
    return _error(TLS, f"{endpoint}: what listens there does not speak TLS")


async def _closed(endpoint: Endpoint, tls: TlsFiles, within_seconds: float) -> tuple[Finding, ...]:
    """A server may close without a word, during the handshake or just after it."""
    greeting = await _greeting_in_the_clear(endpoint, within_seconds / 4)
    if greeting is Greeting.HTTP2:
        return await _refused(endpoint, tls, ssl.SSLError(), within_seconds)
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


def _no_grpc(endpoint: Endpoint, greeting: Greeting) -> tuple[Finding, ...]:
    what = {
        Greeting.HTTP1: "an HTTP/1 server answers, not a gRPC server",
        Greeting.CLOSED: "the server closes the connection without a word",
        Greeting.SILENT: "the server accepts the connection and says nothing",
    }.get(greeting, "what answers does not speak gRPC")
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


async def _greeting_in_the_clear(endpoint: Endpoint, within_seconds: float) -> Greeting:
    try:
        async with _connected(endpoint, None) as (reader, writer):
            return await greet(reader, writer, within_seconds=within_seconds)
    except ConnectionResetError:
        return Greeting.CLOSED


async def _speaks_tls(endpoint: Endpoint) -> bool:
    try:
        async with _connected(endpoint, _trusting_anybody()):
            return True
    except ssl.SSLError as error:
        # An alert is TLS too: the server only wants more of us.
        return "ALERT" in (error.reason or "")
    except OSError:
        return False


async def _certificate_of(endpoint: Endpoint) -> Certificate:
    async with _connected(endpoint, _trusting_anybody()) as (_, writer):
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


def _trusting_anybody() -> ssl.SSLContext:
    """For looking at a certificate that was refused already; nothing is ever sent over it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    return context
