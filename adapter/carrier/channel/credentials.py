"""TLS files and the bearer token, read from disk whole: all of them fit together, or none count."""

from __future__ import annotations

import hashlib
import re
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from adapter.carrier.channel.options import CarrierMisconfigured, CarrierOptions, TlsFiles

FILE_LIMIT_BYTES = 1024 * 1024

_TOKEN = re.compile(r"[!-~]+")  # RFC 6750's b64token and every other visible ASCII scheme


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What was on disk at one moment. Equal fingerprints: the same channel will do."""

    ca: bytes | None = field(default=None, repr=False)
    cert: bytes | None = field(default=None, repr=False)
    key: bytes | None = field(default=None, repr=False)
    metadata: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    tls_fingerprint: str = ""

    def __repr__(self) -> str:
        return f"Credentials(tls_fingerprint={self.tls_fingerprint!r})"


Mark = tuple[str, int, int, int]


def paths(options: CarrierOptions) -> tuple[Path, ...]:
    """Return every file the options name."""
    tls = options.tls.paths if options.tls else ()
    return (*tls, *((options.token_file,) if options.token_file else ()))


def marks(options: CarrierOptions) -> tuple[Mark, ...]:
    """Return what changes when a file is replaced, links included. Blocks, but hardly.

    Raises `CarrierMisconfigured` when a file is not there.
    """
    found = []
    for path in paths(options):
        try:
            status = path.stat()
        except OSError as error:
            raise CarrierMisconfigured(f"{path}: {error.strerror}", key="carrier") from error
        found.append((str(path), status.st_ino, status.st_mtime_ns, status.st_size))
    return tuple(found)


def read(options: CarrierOptions) -> Credentials:
    """Read every file of the options. Blocks; call it off the event loop.

    Raises `CarrierMisconfigured` naming the file when one is missing, unreadable, too large,
    not PEM, or the certificate and the key are not a pair (a replacement half way through).
    """
    metadata = _authorization(options.token_file) if options.token_file else ()
    if options.tls is None:
        return Credentials(metadata=metadata)
    tls = options.tls
    ca, cert, key = _contents(tls)
    _refuse_unfit(tls, ca)
    if (ca, cert, key) != _contents(tls):
        raise CarrierMisconfigured("the TLS files are being replaced just now", key="carrier.tls")
    fingerprint = hashlib.sha256()
    for part in (ca, cert, key):
        fingerprint.update(hashlib.sha256(part or b"").digest())
    return Credentials(
        ca=ca, cert=cert, key=key, metadata=metadata, tls_fingerprint=fingerprint.hexdigest()[:16]
    )


def _authorization(path: Path) -> tuple[tuple[str, str], ...]:
    content = _content(path, key="carrier.token_file") or b""
    token = content.decode("ascii", errors="replace").strip()
    if not _TOKEN.fullmatch(token):
        raise CarrierMisconfigured(
            f"{path} does not hold one token of visible ASCII characters", key="carrier.token_file"
        )
    return (("authorization", f"Bearer {token}"),)


def _contents(tls: TlsFiles) -> tuple[bytes | None, bytes | None, bytes | None]:
    return (
        _content(tls.ca, key="carrier.tls.ca"),
        _content(tls.cert, key="carrier.tls.cert"),
        _content(tls.key, key="carrier.tls.key"),
    )


def _content(path: Path | None, *, key: str) -> bytes | None:
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            content = file.read(FILE_LIMIT_BYTES + 1)
    except OSError as error:
        raise CarrierMisconfigured(f"{path}: {error.strerror}", key=key) from error
    if len(content) > FILE_LIMIT_BYTES:
        raise CarrierMisconfigured(f"{path} is larger than {FILE_LIMIT_BYTES} bytes", key=key)
    return content


def _refuse_unfit(tls: TlsFiles, ca: bytes | None) -> None:
    """gRPC takes any bytes here and then fails every call; OpenSSL says what is wrong."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca is not None:
        try:
            context.load_verify_locations(cadata=ca.decode("ascii"))
        except (ssl.SSLError, ValueError) as error:
            raise CarrierMisconfigured(
                f"{tls.ca} holds no readable PEM certificate", key="carrier.tls.ca"
            ) from error
    if tls.cert is None or tls.key is None:
        return
    try:
        # An encrypted key would make OpenSSL ask on the terminal; "" makes it fail instead.
        context.load_cert_chain(tls.cert, tls.key, password="")
    except (OSError, ValueError) as error:
        raise CarrierMisconfigured(
            f"{tls.cert} and {tls.key} are not a certificate and its unencrypted key",
            key="carrier.tls.cert",
        ) from error
