"""How the carrier is reached: addresses, limits, TLS files. Checked before anything is opened."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from adapter.configuration.carrier_rules import breaches
from adapter.diagnostics.cannot_start import CannotStart


class CarrierMisconfigured(CannotStart):
    """The carrier cannot be reached as configured. Nothing was sent, and nothing will be."""

    reason = "carrier_misconfigured"
    KEY: ClassVar[str] = "carrier.target"


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """PEM files. `ca` empty: the roots that gRPC ships. `cert` and `key` go together (mTLS).

    `server_name` is the name the carrier's certificate must prove; empty: the target's host.
    """

    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    server_name: str = ""

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(path for path in (self.ca, self.cert, self.key) if path is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierOptions:
    """All that the client needs to know; the defaults are the measured ones.

    `keepalive_timeout_seconds` is also TCP_USER_TIMEOUT: a silently dropped connection is
    given up after so long (3 s and more for lossy links). `reload_seconds` is how often the
    files are looked at; `rebuild_seconds` how often a name is resolved anew although its old
    connections still live (0: never). `silence_seconds`: after so long without any reply to
    what was asked, new calls get a connection of their own. `token_file` holds a bearer
    token for every call.
    """

    target: str
    insecure: bool = False
    tls: TlsFiles | None = None
    token_file: Path | None = None
    health_service: str = ""
    max_concurrent_calls: int = 1024
    keepalive_seconds: float = 300.0
    keepalive_timeout_seconds: float = 2.5
    receive_limit_bytes: int = 256 * 1024
    reload_seconds: float = 5.0
    rebuild_seconds: float = 300.0
    silence_seconds: float = 2.0


def refuse_unsafe(options: CarrierOptions) -> None:
    """Raise `CarrierMisconfigured` for a target gRPC cannot use, or when secrets would cross a
    network in the clear: by the rule that `check` goes by."""
    findings = tuple(breaches(options))
    if findings:
        raise CarrierMisconfigured(findings)
