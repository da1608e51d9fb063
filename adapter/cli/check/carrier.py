"""What `check` asks the carrier: names, TLS, health, contract and the round-trip time."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from adapter import from_settings
from adapter.carrier.contract.contract import Contract
from adapter.carrier.diagnose.health import ROUNDS
from adapter.carrier.diagnose.probe import probe
from adapter.carrier.mapping.mapping import Mapping
from adapter.config.load import Settings
from adapter.config.sections import CarrierSettings
from adapter.diagnostics.finding import Finding, Severity
from adapter.diagnostics.grpc_target import grpc_target

WITHIN_SECONDS = 5.0  # each step; WeChat would have hung up by then


async def ask(settings: Settings) -> tuple[Finding, ...]:
    """Connect to the carrier as the client would; nothing is cancelled.

    Contract and mapping must have been checked before.
    """
    carrier = settings.carrier
    contract = await asyncio.to_thread(Contract.load, carrier.descriptors)
    mapping = await asyncio.to_thread(Mapping.load, contract, carrier.mapping)
    found = await probe(
        from_settings.carrier_options(carrier),
        contract,
        mapping,
        within_seconds=WITHIN_SECONDS,
        now_unix=time.time(),
    )
    source = f"the carrier at {carrier.target}"
    said = (*_plaintext(carrier), *found.findings)
    findings = tuple(replace(finding, source=source) for finding in said)
    if found.round_trip_seconds is None:
        return findings
    return (*findings, _distance(found.round_trip_seconds, source))


def _plaintext(carrier: CarrierSettings) -> tuple[Finding, ...]:
    """Say what plaintext to another machine sends, and what it does not."""
    if carrier.tls is not None or grpc_target(carrier.target).is_loopback:
        return ()
    return (
        Finding(
            severity=Severity.WARNING,
            key="carrier.insecure",
            message="sends every waybill and the merchants' passwords readable over the network, "
            "to whoever answers there. A bearer token is never sent that way.",
            hint="Add [carrier.tls] as soon as the carrier offers it.",
        ),
    )


def _distance(seconds: float, source: str) -> Finding:
    return Finding(
        severity=Severity.NOTE,
        source=source,
        key="carrier.target",
        message=f"answers; the round trip takes {seconds * 1000:.1f} ms (best of {ROUNDS}).",
    )
