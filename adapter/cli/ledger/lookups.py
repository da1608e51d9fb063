"""What the carrier's lookup says of pushes in doubt, asked by an operator's command."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from adapter.cancellation.model import Entry, Fact
from adapter.cancellation.ports import Carrier
from adapter.cancellation.resolver import OPERATOR_AFTER_SECONDS
from adapter.config.load import Settings
from adapter.diagnostics.cannot_start import CannotStart

AT_ONCE = 32  # the carrier has pushes to answer meanwhile
WITHIN_SECONDS = 5.0  # to connect, and for each lookup


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedUp:
    """The pushes of which the lookup says what was asked for; `said` counts all its words."""

    entries: tuple[Entry, ...]
    said: Counter[str]

    def __str__(self) -> str:
        words = ", ".join(f"{word} {number}" for word, number in sorted(self.said.items()))
        return f"The carrier's lookup: {words or 'nothing to ask'}."


def look_up(entries: Sequence[Entry], wanted: Fact, settings: Settings) -> LookedUp:
    """Ask the carrier how each waybill stands; nothing is cancelled, and nothing written.

    A push whose last call may still be running is not asked for: its waybill may be cancelled
    after the carrier has said anything else. Raises `CannotStart` when nobody can be asked.
    """
    return asyncio.run(_look_up(entries, wanted, settings))


async def _look_up(entries: Sequence[Entry], wanted: Fact, settings: Settings) -> LookedUp:
    from adapter.wiring import lookups  # here: without a lookup no gRPC is needed

    until = time.time() - settings.carrier.deadline_seconds - OPERATOR_AFTER_SECONDS
    ended = [entry for entry in entries if entry.called_at < until]
    async with lookups(settings) as carrier:
        if ended and not await carrier.ready(within_seconds=WITHIN_SECONDS):
            raise CannotStart(
                f"the carrier at {settings.carrier.target} cannot be reached.",
                hint="`waybridge check` says why.",
            )
        places = asyncio.Semaphore(AT_ONCE)
        facts = await asyncio.gather(*(_ask(carrier, entry, places) for entry in ended))
    said = Counter("no answer" if fact is None else fact.value for fact in facts)
    if len(ended) < len(entries):
        said["not asked (called too recently)"] = len(entries) - len(ended)
    found = (entry for entry, fact in zip(ended, facts, strict=True) if fact is wanted)
    return LookedUp(entries=tuple(found), said=said)


async def _ask(carrier: Carrier, entry: Entry, places: asyncio.Semaphore) -> Fact | None:
    async with places:
        return await carrier.lookup(entry, within_seconds=WITHIN_SECONDS)
