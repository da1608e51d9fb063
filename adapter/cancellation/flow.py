"""Carry one push through the rules: ask the ledger, call the carrier, write what came.

The rules themselves are in `rules_ask` and `rules_settle`; waiting and joining is the
attempt's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from adapter.cancellation.attempt import (
    LOOKUP_SECONDS,
    Attempt,
    being_written,
    from_memory,
    stored,
)
from adapter.cancellation.brake import Brake
from adapter.cancellation.errors import LedgerUnavailable
from adapter.cancellation.gate import Gate
from adapter.cancellation.model import (
    Answer,
    CarrierAnswer,
    Doubt,
    Entry,
    Fact,
    Outcome,
    State,
    Unsent,
    fresh_entry,
)
from adapter.cancellation.ports import Carrier, Clock, DecisionMetrics, Ledger
from adapter.cancellation.repeats import RetryBudget, may_repeat, pause_before
from adapter.cancellation.replies import Replies
from adapter.cancellation.rules_ask import (
    Allowed,
    Ask,
    LookFirst,
    LookOnly,
    Refused,
    ReplyStored,
    Step,
    Wait,
    as_found,
    on_ask_again,
    on_delivery,
    on_repeat,
    on_withdraw,
)
from adapter.cancellation.rules_settle import Settled, ended, may_settle, on_answer, on_fact

ASK_AGAIN_LEFT_SECONDS = 1.0  # with less of the reply budget left, say −1 instead


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskLimits:
    """How long we wait for others, in seconds, and how often a push may be repeated: calls
    beyond its first, over all deliveries and replicas."""

    call_seconds: float
    connect_wait_seconds: float
    commit_within_seconds: float  # answered within a second, the rest of the road included
    repeats: int


class CancellationFlow:
    """Works on one attempt at a time of each waybill; the desk sees to that."""

    def __init__(
        self,
        *,
        carrier: Carrier,
        ledger: Ledger,
        replies: Replies,
        metrics: DecisionMetrics,
        clock: Clock,
        gate: Gate,
        limits: DeskLimits,
        budget: RetryBudget,
        brake: Brake | None,
        chance: Callable[[], float],
    ) -> None:
        self._carrier = carrier
        self._ledger = ledger
        self._replies = replies
        self._metrics = metrics
        self._clock = clock
        self._gate = gate
        self._limits = limits
        self._budget = budget
        self._brake = brake
        self._chance = chance
        self._traits = carrier.traits
        self._freely = Allowed(ask=True, repeats=limits.repeats)

    async def handle(self, attempt: Attempt) -> None:
        """Bring an attempt to its answer. The caller holds the waybill's lock."""
        try:
            step = await self._step(attempt, self._fresh(attempt))
            match step:
                case Ask(entry=entry):
                    await self._call(attempt, step)
                case ReplyStored(entry=entry):
                    self._ledger.note(entry.waybill, partial(on_repeat, key=entry.key))
                    await self._replies.give(attempt, entry, repeated=True)
                case LookOnly(entry=entry):
                    await self._look(attempt, entry, called=entry.calls > 0)
                case Wait(called=called):
                    await self._look(attempt, self._fresh(attempt), called=called)
                case LookFirst(entry=entry):
                    await self._replies.give(attempt, entry, repeated=False)
                case Refused():
                    attempt.reply(self._replies.not_sent(attempt.key, Unsent.CARRIER_SLOW))
        except LedgerUnavailable:
            attempt.reply(self._refused(attempt, reason=Unsent.LEDGER_UNAVAILABLE))

    async def look(self, attempt: Attempt) -> None:
        """Answer an attempt that never got its waybill's turn: only a lookup may settle it, and
        what was sent before is never said not to have been."""
        fresh = self._fresh(attempt)
        try:
            found = await self._ledger.commit(
                fresh.waybill,
                partial(as_found, fresh=fresh),
                within_seconds=self._limits.commit_within_seconds,
            )
            if found.state is State.DONE:
                self._ledger.note(found.waybill, partial(on_repeat, key=found.key))
                await self._replies.give(attempt, found, repeated=True)
            else:
                await self._look(attempt, found, called=found.calls > 0)
        except LedgerUnavailable:
            attempt.reply(self._refused(attempt, reason=Unsent.LEDGER_UNAVAILABLE))

    def _refused(self, attempt: Attempt, *, reason: Unsent) -> Answer:
        return self._replies.refuse(attempt.key, attempt.cancellation, reason=reason)

    async def _step(self, attempt: Attempt, fresh: Entry) -> Step:
        """Ask the ledger what to do, until it is this push's turn over all replicas."""
        looked = False
        while True:
            allowed = await self._allowed(attempt, looked=looked)
            attempt.asking = attempt.asking or allowed.ask
            step = await self._ledger.commit(
                fresh.waybill,
                partial(on_delivery, fresh=fresh, allowed=allowed, traits=self._traits),
                within_seconds=self._limits.commit_within_seconds,
                withdraw=partial(on_withdraw, key=attempt.key),
            )
            if self._brake is not None and allowed.may_send and not isinstance(step, Ask):
                self._brake.not_sent()
            if isinstance(step, LookFirst):
                settled = await self._looked_up(attempt, step.entry)
                if settled is not None and settled.entry.state is State.DONE:
                    self._replies.report(settled)
                    return LookFirst(entry=settled.entry)
                looked = True
                continue
            if not isinstance(step, Wait):
                return step
            attempt.asking = step.called
            waiting = attempt.left() - LOOKUP_SECONDS
            if waiting <= 0:
                return step
            await self._ledger.changed(fresh.waybill, within_seconds=waiting)

    async def _allowed(self, attempt: Attempt, *, looked: bool) -> Allowed:
        """What this process may do now. The brake is asked last: it counts who may be sent."""
        may_ask = attempt.awaited and not self._gate.paused and await self._reachable(attempt)
        brake = self._brake
        braked = brake is not None and may_ask and not brake.admits(now=self._clock.monotonic())
        if may_ask and not braked and not looked and self._budget.allows:
            return self._freely
        repeats = self._limits.repeats if self._budget.allows else 0
        return Allowed(ask=may_ask, repeats=repeats, braked=braked, looked=looked)

    async def _reachable(self, attempt: Attempt) -> bool:
        wait = min(self._limits.connect_wait_seconds, max(attempt.left(), 0.0))
        attempt.unreachable = not await self._carrier.ready(within_seconds=wait)
        return not attempt.unreachable

    async def _call(self, attempt: Attempt, step: Ask) -> None:
        """Call; after a call that left doubt look, and call again while that may still be told
        to whoever waits."""
        asked, alone, repeat = step.entry, step.alone, 0
        while True:
            attempt.calls = asked.calls
            answer = await self._ask(attempt, asked)
            if answer.unsent is not None:
                await self._withdraw(attempt, asked, reason=answer.unsent)
                return
            if answer.outcome is not Outcome.IN_DOUBT:
                break
            if await self._looked(attempt, asked, answer):
                return
            again = await self._again(attempt, asked, answer, repeat=repeat)
            if again is None:
                break
            asked, alone, repeat = again, False, repeat + 1
        await self._settle(attempt, asked, answer, alone=alone)

    async def _ask(self, attempt: Attempt, asked: Entry) -> CarrierAnswer:
        started = self._clock.monotonic()
        late = None
        if self._brake is not None:
            too_late = partial(self._brake.late, sent_at=started)
            late = attempt.loop.call_later(max(attempt.left(), 0.0), too_late)
        answer = await self._carrier.cancel(
            attempt.cancellation, request_id=asked.key, within_seconds=self._limits.call_seconds
        )
        if late is not None and self._brake is not None:
            late.cancel()
            if answer.unsent is None and attempt.left() > 0:
                self._brake.timely(sent_at=started)
        if answer.unsent is None:
            refused = answer.doubt is Doubt.REFUSED_LOOK
            self._budget.ended(in_doubt=answer.outcome is Outcome.IN_DOUBT and not refused)
            self._metrics.called(answer.status, seconds=self._clock.monotonic() - started)
        return answer

    async def _looked(self, attempt: Attempt, asked: Entry, answer: CarrierAnswer) -> bool:
        """Let a lookup end the doubt that a call has just left; say whether all is said. What it
        settles is written together with the call's end, or not at all."""
        fact = await self._fact(attempt, asked)
        traits = self._traits
        if fact is None or not may_settle(fact, answer, traits=traits):
            return False
        settle = partial(
            on_answer, asked=asked, answer=answer, awaited=False, traits=traits, fact=fact
        )
        try:
            settled = await self._ledger.commit(
                asked.waybill, settle, within_seconds=self._limits.commit_within_seconds
            )
        except LedgerUnavailable:
            return False
        await self._replies.say(attempt, settled, answer)
        return True

    async def _again(
        self, attempt: Attempt, asked: Entry, answer: CarrierAnswer, *, repeat: int
    ) -> Entry | None:
        """Commit a further call, if the carrier may be asked again at all and a whole second of
        somebody's budget is left for it."""
        repeats = self._limits.repeats if self._budget.allows else 0
        completed = ended(asked, answer, now=self._clock.now())
        if asked.calls > repeats or not may_repeat((completed,), repeats=repeats):
            return None
        pause_seconds = pause_before(repeat, chance=self._chance())
        if attempt.left() < ASK_AGAIN_LEFT_SECONDS + pause_seconds:
            return None
        await self._replies.pause(pause_seconds)
        left = attempt.left() - ASK_AGAIN_LEFT_SECONDS
        if left < 0 or not await self._carrier.ready(within_seconds=left):
            return None
        try:
            return await self._ledger.commit(
                asked.waybill,
                partial(on_ask_again, asked=asked, answer=answer, repeats=repeats),
                within_seconds=self._limits.commit_within_seconds,
                withdraw=partial(on_withdraw, key=attempt.key),
            )
        except LedgerUnavailable:
            return None

    async def _withdraw(self, attempt: Attempt, entry: Entry, *, reason: Unsent) -> None:
        """Take commit A back: the carrier's client sent nothing."""
        doubtful = entry.calls > 1  # what an earlier call did nobody knows
        truth = Answer(
            key=entry.key,
            outcome=Outcome.IN_DOUBT if doubtful else Outcome.FAILED,
            unsent=None if doubtful else reason,
            calls=entry.calls - 1,
        )
        attempt.calls = truth.calls
        take_back = partial(on_withdraw, key=entry.key, cause=reason.value)
        await self._replies.write(
            attempt, lambda _: take_back, pending=truth, memory=lambda: truth, detail="withdrawn"
        )
        if not doubtful:
            self._metrics.unsent(reason)
        attempt.reply(truth)

    async def _settle(
        self, attempt: Attempt, asked: Entry, answer: CarrierAnswer, *, alone: bool
    ) -> None:
        """Commit B, and then the reply."""
        traits = self._traits
        settled = await self._replies.write(
            attempt,
            lambda awaited: partial(
                on_answer, asked=asked, answer=answer, awaited=awaited, traits=traits
            ),
            pending=being_written(asked, answer, alone=alone),
            memory=partial(from_memory, asked, answer),
            detail=answer.status,
        )
        if settled.entry.state is not State.DONE and answer.outcome is not Outcome.IN_DOUBT:
            # A "no" beside an open call of ours: nobody may be told it.
            attempt.withhold()
            settled = await self._looked_up(attempt, settled.entry) or settled
        await self._replies.say(attempt, settled, answer)

    async def _look(self, attempt: Attempt, entry: Entry, *, called: bool) -> None:
        """Let a lookup settle it; else say that nobody knows, or that nothing was done."""
        if called:
            self._ledger.note(entry.waybill, partial(on_repeat, key=attempt.key))
        settled = await self._looked_up(attempt, entry)
        if settled is not None and settled.entry.state is State.DONE:
            self._replies.report(settled)
            await self._replies.give(attempt, settled.entry, repeated=False)
        elif called:
            attempt.reply(replace(stored(entry, repeated=True), outcome=Outcome.IN_DOUBT))
        else:
            attempt.reply(self._refused(attempt, reason=self._why_unsent(attempt)))

    async def _looked_up(self, attempt: Attempt, entry: Entry) -> Settled | None:
        """Ask a lookup, if somebody waits and it may be asked, and write what it settles."""
        fact = await self._fact(attempt, entry)
        if fact is None:
            return None
        try:
            return await self._ledger.commit(
                entry.waybill,
                partial(on_fact, found=entry, fact=fact, traits=self._traits),
                within_seconds=self._limits.commit_within_seconds,
            )
        except LedgerUnavailable:
            return None  # as if nobody had looked: the next delivery looks again

    async def _fact(self, attempt: Attempt, entry: Entry) -> Fact | None:
        if not attempt.awaited or attempt.unreachable or self._gate.paused:
            return None
        wait = min(LOOKUP_SECONDS, max(attempt.left(), 0.0))
        return await self._carrier.lookup(entry, within_seconds=wait)

    def _why_unsent(self, attempt: Attempt) -> Unsent:
        if self._gate.paused:
            return Unsent.PAUSED
        return Unsent.CARRIER_UNREACHABLE if attempt.unreachable else Unsent.TURN_NOT_REACHED

    def _fresh(self, attempt: Attempt) -> Entry:
        return fresh_entry(attempt.key, attempt.cancellation, received_at=self._clock.now())
