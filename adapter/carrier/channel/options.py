"""How the carrier is reached: addresses, limits, TLS files. Checked before anything is opened."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from adapter.config.rules import carrier_findings
from adapter.diagnostics.cannot_start import CannotStart

# What no setting says; a test may want less.
RELOAD_SECONDS = 5.0  # new files are in use within this
REBUILD_SECONDS = 300.0  # gRPC does not ask DNS again while the old connections live
SILENCE_SECONDS = 2.0  # under the reply budget: a repeat goes out on another connection


class CarrierMisconfigured(CannotStart):
    """The carrier cannot be reached as configured. Nothing was sent, and nothing will be."""

    reason = "carrier_misconfigured"
    KEY: ClassVar[str] = "carrier.target"


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
    token for every call and for the watch of `health_service`, if `watch_health`.
    """

    target: str
    insecure: bool
    tls: TlsFiles | None
    token_file: Path | None
    watch_health: bool
    health_service: str
    max_concurrent_calls: int
    keepalive_seconds: float
    keepalive_timeout_seconds: float
    receive_limit_bytes: int
    reload_seconds: float
    rebuild_seconds: float
    silence_seconds: float


def refuse_unsafe(options: CarrierOptions) -> None:
    """Raise `CarrierMisconfigured` for a target gRPC cannot use, or when secrets would cross a
    network in the clear: by the rule that `check` goes by."""
    findings = tuple(carrier_findings(options))
    if findings:
        raise CarrierMisconfigured(findings)
