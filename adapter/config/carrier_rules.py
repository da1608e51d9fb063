"""What must hold of the way to the carrier: its target, and that no secret travels in the clear."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from adapter.config.sections import Sections
from adapter.diagnostics.finding import Finding, Severity
from adapter.diagnostics.grpc_target import EXAMPLE, NotATarget, grpc_target


class Tls(Protocol):
    """The files of a client's own certificate."""

    @property
    def cert(self) -> Path | None: ...

    @property
    def key(self) -> Path | None: ...


class Reached(Protocol):
    """How the carrier is reached, as the settings say it and as the client takes it."""

    @property
    def target(self) -> str: ...

    @property
    def insecure(self) -> bool: ...

    @property
    def tls(self) -> Tls | None: ...

    @property
    def token_file(self) -> Path | None: ...


def breaches(carrier: Reached) -> Iterator[Finding]:
    """Find all that keeps the client from opening its channel, by the settings' keys.

    `check` and the client itself ask here, so that neither takes what the other refuses.
    """
    if not carrier.target:
        yield Finding(key="carrier.target", message="is missing.", hint=EXAMPLE)
        return
    try:
        target = grpc_target(carrier.target)
    except NotATarget as error:
        message = f"is not a valid gRPC target: it {error.message}."
        yield Finding(key="carrier.target", message=message, hint=error.hint)
        return
    yield from _certificate(carrier.tls)
    if carrier.tls is not None or target.is_loopback:
        return
    if carrier.token_file is not None:
        yield Finding(
            key="carrier.token_file",
            message="is a bearer token, which is never sent without TLS beyond this machine.",
            hint="Add [carrier.tls], or remove token_file.",
        )
    elif not carrier.insecure:
        yield Finding(
            key="carrier.target",
            message="leaves this machine, and there is no TLS: passwords would be readable.",
            hint="Add [carrier.tls], or set carrier.insecure = true if the network is trusted.",
        )


def _certificate(tls: Tls | None) -> Iterator[Finding]:
    if tls is not None and (tls.cert is None) != (tls.key is None):
        missing, given = ("key", "cert") if tls.key is None else ("cert", "key")
        yield Finding(
            key=f"carrier.tls.{missing}",
            message=f"is missing: carrier.tls.{given} is of no use without it.",
            hint="Mutual TLS needs both files; without it leave both out.",
        )


def reachable(sections: Sections) -> Iterator[Finding]:
    """Want a carrier that the client would open a channel to."""
    return breaches(sections.carrier)


def doubtful(sections: Sections) -> Iterator[Finding]:
    """Warn of what is lawful and probably not meant."""
    carrier = sections.carrier
    if carrier.tls is not None and carrier.insecure:
        yield Finding(
            severity=Severity.WARNING,
            key="carrier.insecure",
            message="changes nothing: [carrier.tls] is set, so TLS is used.",
            hint="Remove one of the two.",
        )
    try:
        target = grpc_target(carrier.target)
    except NotATarget:
        return  # said above
    if any(address.port is None for address in target.addresses):
        yield Finding(
            severity=Severity.WARNING,
            key="carrier.target",
            message="names no port: gRPC takes 443.",
            hint=EXAMPLE,
        )
