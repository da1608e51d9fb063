"""What is said, once it is written: commit B, the telling of a stored answer, the refusals.

A commit B is tried until it lands, a doubt too: a row that is left calling under a living owner
would keep its waybill for ever.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from adapter.cancellation.attempt import Attempt, stored
from adapter.cancellation.errors import LedgerUnavailable
from adapter.cancellation.model import (
    Answer,
    Cancellation,
    CarrierAnswer,
    Doubt,
    Entry,
    Outcome,
    State,
    Unsent,
    fresh_entry,
)
from adapter.cancellation.ports import Clock, DecisionMetrics, Ledger, Rule
from adapter.cancellation.rules_ask import on_refused
from adapter.cancellation.rules_settle import Settled, on_replied

T = TypeVar("T")

REWRITE_AFTER_SECONDS = (0.2, 0.5, 1.0)  # between tries of a commit B; the last one repeats


class Replies:
    """Writes what an attempt came to, and then replies."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        metrics: DecisionMetrics,
        clock: Clock,
        within_seconds: float,
        pause: Callable[[float], Awaitable[None]],
    ) -> None:
        self._ledger = ledger
        self._metrics = metrics
        self._clock = clock
        self._within_seconds = within_seconds
        self.pause = pause

    def refuse(self, key: str, wish: Cancellation, *, reason: Unsent) -> Answer:
        """Answer without asking the carrier, and note it so that an operator can find it."""
        fresh = fresh_entry(key, wish, received_at=self._clock.now())
        self._ledger.note(wish.waybill, partial(on_refused, fresh=fresh, reason=reason))
        return self.not_sent(key, reason)

    def not_sent(self, key: str, reason: Unsent) -> Answer:
        """Count a push that is answered without a call."""
        self._metrics.unsent(reason)
        return Answer(key=key, outcome=Outcome.FAILED, unsent=reason)

    async def say(self, attempt: Attempt, settled: Settled, answer: CarrierAnswer) -> None:
        """Report what a call came to, and reply."""
        entry = settled.entry
        self.report(settled)
        if settled.contradicted:
            self._metrics.alert("contradiction", key=entry.key, detail=answer.status)
        # Nothing that we do again will end such doubt.
        if answer.doubt is Doubt.UNKNOWN_STATUS:
            self._metrics.alert("unknown_status", key=entry.key, detail=answer.status)
        elif answer.doubt is Doubt.UNREADABLE_REPLY:
            self._metrics.alert("unreadable_reply", key=entry.key, detail=answer.text)
        if entry.state is State.DONE:
            await self.give(attempt, entry, repeated=False)
        else:
            attempt.reply(stored(entry, repeated=False))

    async def give(self, attempt: Attempt, entry: Entry, *, repeated: bool) -> None:
        """Give what a decided push says, once it is written that it was said."""
        truth = stored(entry, repeated=repeated)
        if entry.told is not entry.outcome:
            if attempt.begin_reply(truth):
                write = partial(on_replied, key=entry.key)
                await self.write(
                    attempt, lambda _: write, pending=truth, memory=lambda: truth, detail="told"
                )
            else:
                self._unheard(entry)
        attempt.reply(truth)

    async def write(
        self,
        attempt: Attempt,
        rule: Callable[[bool], Rule[T]],
        *,
        pending: Answer | None,
        memory: Callable[[], Answer],
        detail: str,
    ) -> T:
        """Make it durable, however long that takes. `pending` is what it will say, if that is
        known: whoever cannot wait longer is told it. After the first failure whoever waits is
        told `memory`: nothing durable says so yet, but waiting helps nobody."""
        tries = 0
        while True:
            awaited = (
                pending is not None
                and pending.outcome is not Outcome.IN_DOUBT
                and attempt.begin_reply(pending)
            )
            try:
                written = await self._ledger.commit(
                    attempt.cancellation.waybill,
                    rule(awaited),
                    within_seconds=self._within_seconds,
                )
            except LedgerUnavailable:
                if not tries:
                    self._metrics.alert("commit_lost", key=attempt.key, detail=detail)
                attempt.withhold()
                attempt.reply(memory())
                await self.pause(REWRITE_AFTER_SECONDS[min(tries, len(REWRITE_AFTER_SECONDS) - 1)])
                tries += 1
            else:
                if tries:
                    self._metrics.alert("commit_kept", key=attempt.key, detail=detail)
                return written

    def report(self, settled: Settled) -> None:
        """Count a decision, and what it decided beside it; or doubt."""
        if settled.entry.state is not State.DONE:
            self._metrics.doubt(settled.entry)
            return
        self._metrics.settled(settled.entry)
        for done in settled.inferred:
            self._metrics.settled(done)
            self._unheard(done)

    def _unheard(self, done: Entry) -> None:
        if done.outcome is Outcome.CANCELLED:
            self._metrics.alert("told_failure_is_cancelled", key=done.key, detail=done.cause_text)
