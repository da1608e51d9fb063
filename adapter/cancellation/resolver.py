"""Settle doubt behind the scenes, by looking and never by cancelling.

Cancelling a parcel minutes after the merchant was told "failed" is worse than the doubt:
outside a delivery nobody but an operator may ask the carrier to cancel.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from adapter.cancellation.model import Basis, Entry, Outcome, State
from adapter.cancellation.ports import Carrier, Clock, DecisionMetrics, Ledger
from adapter.cancellation.rules_ask import on_owner_died
from adapter.cancellation.rules_settle import on_fact

ROUND_LIMIT = 1_000  # entries counted in one round
LOOKUPS_A_ROUND = 100  # so that a round is short, and the count is not an old one
LOOKUP_SECONDS = 5.0  # nobody waits: a slow lookup is better than none
OPERATOR_AFTER_SECONDS = 60.0  # beyond the last call's deadline; a late call may still run
FIRST_INTERVAL_SECONDS = 1.0
LONGEST_INTERVAL_SECONDS = 300.0


class Resolver:
    """Looks up what is in doubt, ever more rarely, and calls an operator when it stays so."""

    def __init__(
        self,
        *,
        carrier: Carrier,
        ledger: Ledger,
        metrics: DecisionMetrics,
        clock: Clock,
        call_seconds: float,
    ) -> None:
        self._carrier = carrier
        self._ledger = ledger
        self._metrics = metrics
        self._clock = clock
        self._operator_after_seconds = call_seconds + OPERATOR_AFTER_SECONDS
        self._next_look: dict[str, float] = {}
        self._handed_over: set[str] = set()
        self.in_doubt = 0
        """How many pushes were in doubt after the last look; at most `ROUND_LIMIT`."""

    async def run_once(self) -> int:
        """Look at what is due; return how many pushes were settled. Raises
        `LedgerUnavailable`; then what was settled before it stands."""
        for done in await self._ledger.settled_by_hand(limit=ROUND_LIMIT):
            self._count(done)
        doubtful = await self._ledger.doubtful(limit=ROUND_LIMIT)
        known = {entry.key for entry in doubtful}
        self._next_look = {key: at for key, at in self._next_look.items() if key in known}
        self._handed_over &= known
        self.in_doubt = len(doubtful)
        settled = 0
        for entry in self._due(doubtful):
            settled += await self._settle(entry)
        self.in_doubt = len(doubtful) - settled
        return settled

    def _due(self, doubtful: Sequence[Entry]) -> list[Entry]:
        """Return what is to be looked at in this round, the longest overdue first."""
        now = self._clock.monotonic()
        due = {entry.key: self._next_look.get(entry.key, 0.0) for entry in doubtful}
        overdue = [entry for entry in doubtful if due[entry.key] <= now]
        overdue.sort(key=lambda entry: due[entry.key])
        return overdue[:LOOKUPS_A_ROUND]

    async def _settle(self, entry: Entry) -> bool:
        if entry.state is State.CALLING:
            await self._ledger.commit(
                entry.waybill,
                partial(on_owner_died, key=entry.key),
                within_seconds=LOOKUP_SECONDS,
            )
        fact = await self._carrier.lookup(entry, within_seconds=LOOKUP_SECONDS)
        if fact is not None:
            found = await self._ledger.commit(
                entry.waybill,
                partial(on_fact, found=entry, fact=fact, traits=self._carrier.traits),
                within_seconds=LOOKUP_SECONDS,
            )
            if found.entry.state is State.DONE:
                # An operator's word that came meanwhile is counted where it is given to us.
                if found.entry.basis is not Basis.OPERATOR:
                    for done in (found.entry, *found.inferred):
                        self._count(done)
                return True
        self._postpone(entry)
        return False

    def _count(self, done: Entry) -> None:
        self._metrics.settled(done)
        if done.outcome is Outcome.CANCELLED and done.told is not done.outcome:
            self._metrics.alert("told_failure_is_cancelled", key=done.key, detail=done.cause_text)

    def _postpone(self, entry: Entry) -> None:
        age = self._clock.now() - entry.called_at
        interval = min(LONGEST_INTERVAL_SECONDS, max(FIRST_INTERVAL_SECONDS, age / 4))
        self._next_look[entry.key] = self._clock.monotonic() + interval
        if age > self._operator_after_seconds and entry.key not in self._handed_over:
            self._handed_over.add(entry.key)
            self._metrics.alert("doubt_for_operator", key=entry.key, detail=entry.cause_text)
