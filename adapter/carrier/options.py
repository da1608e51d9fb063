"""How the carrier is reached: addresses, limits, TLS files. Checked before anything is opened."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from adapter.cancellation.errors import AdapterError

# What no setting says; a test may want less.
RELOAD_SECONDS = 5.0  # new files are in use within this
REBUILD_SECONDS = 300.0  # gRPC does not ask DNS again while the old connections live
SILENCE_SECONDS = 2.0  # under the reply budget: a repeat goes out on another connection

_UNIX_SCHEMES = ("unix", "unix-abstract")


class CarrierMisconfigured(AdapterError):
    """The carrier cannot be reached as configured. Nothing was sent, and nothing will be."""

    reason = "carrier_misconfigured"


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """PEM files. `ca` absent: the roots that gRPC ships. `cert` and `key` go together (mTLS).

    `server_name` is the name the carrier's certificate must prove; empty: the target's host.
    """

    ca: Path | None
    cert: Path | None
    key: Path | None
    server_name: str

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(path for path in (self.ca, self.cert, self.key) if path is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierOptions:
    """All that the client needs to know.

    `keepalive_timeout_seconds` is also TCP_USER_TIMEOUT: a silently dropped connection is
    given up after so long (3 s and more for lossy links). `reload_seconds` is how often the
    files are looked at; `rebuild_seconds` how often a name is resolved anew although its old
    connections still live (0: never). `silence_seconds`: after so long without any reply to
    what was asked, new calls get a connection of their own. `token_file` holds a bearer
    token for every call.
    """

    target: str
    insecure: bool
    tls: TlsFiles | None
    token_file: Path | None
    health_service: str
    max_concurrent_calls: int
    keepalive_seconds: float
    keepalive_timeout_seconds: float
    receive_limit_bytes: int
    reload_seconds: float
    rebuild_seconds: float
    silence_seconds: float


def addresses(target: str) -> tuple[str, ...]:
    """Return the `host:port` (or socket path) of each address that a gRPC name lists.

    The grammar is gRPC's naming.md: `dns://authority/host:port`, `ipv4:a:1,b:2`, `unix:path`,
    and a bare `host:port`.
    """
    scheme, rest = scheme_and_rest(target)
    if scheme in _UNIX_SCHEMES:
        return (rest,)
    if rest.startswith("//"):
        rest = rest[2:].partition("/")[2]
    return tuple(part for part in unquote(rest).split(",") if part)


def scheme_and_rest(target: str) -> tuple[str, str]:
    """Split a gRPC name; a bare `host:port` is `dns`, as gRPC reads it."""
    scheme, colon, rest = target.partition(":")
    if colon and scheme in ("dns", "ipv4", "ipv6", *_UNIX_SCHEMES):
        return scheme, rest
    return "dns", target


def host_and_port(address: str) -> tuple[str, int]:
    """Split `host:port`, `[::1]:port` or `host`; gRPC's port without one is 443."""
    if address.startswith("["):
        host, _, rest = address[1:].partition("]")
        port = rest.removeprefix(":")
    else:
        host, _, port = address.rpartition(":") if ":" in address else (address, "", "")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise CarrierMisconfigured(f"{address!r} has no port between 1 and 65535")
    return host, int(port or 443)


def is_loopback(target: str) -> bool:
    """Say whether every address of the target stays on this machine."""
    if scheme_and_rest(target)[0] in _UNIX_SCHEMES:
        return True
    hosts = [host_and_port(address)[0] for address in addresses(target)]
    return bool(hosts) and all(_is_loopback_host(host) for host in hosts)


def is_named(target: str) -> bool:
    """Say whether DNS decides where the target is, so that it can move."""
    if scheme_and_rest(target)[0] != "dns" or is_loopback(target):
        return False
    return not all(_is_address(host_and_port(part)[0]) for part in addresses(target))


def refuse_unsafe(options: CarrierOptions) -> None:
    """Raise `CarrierMisconfigured` when secrets would cross a network in the clear."""
    if not addresses(options.target):
        raise CarrierMisconfigured(f"the target {options.target!r} names no address")
    if options.tls is not None:
        if (options.tls.cert is None) != (options.tls.key is None):
            raise CarrierMisconfigured("a client certificate needs both cert and key")
        return
    if is_loopback(options.target):
        return
    if options.token_file is not None:
        raise CarrierMisconfigured("a bearer token is never sent without TLS beyond loopback")
    if not options.insecure:
        raise CarrierMisconfigured(
            f"{options.target!r} is not loopback: configure TLS, or set insecure = true"
        )


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback_host(host: str) -> bool:
    if host.rstrip(".").lower() == "localhost":
        return True
    return _is_address(host) and ipaddress.ip_address(host).is_loopback
