"""`check`'s questions to the carrier: names, TLS, health, its contract, the way there and back."""

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
    """Look at the carrier as the client would use it; cancels nothing, asks for no waybill.

    Contract and mapping must have been found in order before.
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
        message=f"answers; a round trip takes {seconds * 1000:.1f} ms, the best of {ROUNDS}.",
    )
