"""What `check` asks the carrier: names, TLS, health, contract and the round-trip time."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from adapter import from_settings
from adapter.carrier.contract.contract import Contract
from adapter.carrier.diagnose.probe import ROUNDS, probe
from adapter.carrier.mapping.mapping import Mapping
from adapter.config.load import Settings
from adapter.diagnostics.finding import Finding, Severity

WITHIN_SECONDS = 5.0  # each step; WeChat would have hung up by then


async def ask(settings: Settings) -> tuple[Finding, ...]:
    """Connect to the carrier as the client would; nothing is cancelled or looked up.

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
    findings = tuple(replace(finding, source=source) for finding in found.findings)
    if found.round_trip_seconds is None:
        return findings
    return (*findings, _distance(found.round_trip_seconds, source))


def _distance(seconds: float, source: str) -> Finding:
    return Finding(
        severity=Severity.NOTE,
        source=source,
        key="carrier.target",
        message=f"answers; the round trip takes {seconds * 1000:.1f} ms (best of {ROUNDS}).",
    )
