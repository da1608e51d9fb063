"""What `check` asks of the world once the settings are in order: one probe a question."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from adapter.cli.check import carrier as probe_carrier
from adapter.cli.check import clock as probe_clock
from adapter.cli.check import forward as probe_forward
from adapter.cli.check import ledger as probe_ledger
from adapter.config.load import Settings
from adapter.diagnostics.finding import Finding


class Probe(Protocol):
    """One question to the carrier, the ledger or the clock."""

    async def __call__(self, settings: Settings) -> Iterable[Finding]:
        """Return what is wrong; must end within seconds, and never raise for a fault it finds.

        What a server merely does not offer (health, reflection) is a note.
        """
        ...


PROBES: tuple[Probe, ...] = (
    probe_carrier.ask,
    probe_ledger.ask,
    probe_forward.ask,
    probe_clock.ask,
)
"""Asked in this order by `check` without `--offline`."""


async def ask(probes: Iterable[Probe], settings: Settings) -> tuple[Finding, ...]:
    """Ask one after the other and return all that they found."""
    return tuple([finding for probe in probes for finding in await probe(settings)])
