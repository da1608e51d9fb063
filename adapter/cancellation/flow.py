"""Carry one push through the rules: ask the ledger, call the carrier, write what came.

The rules themselves are in `asking` and `settling`; waiting and joining is the attempt's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from adapter.cancellation.attempt import LOOKUP_SECONDS, Attempt, from_memory, stored
from adapter.cancellation.errors import LedgerUnavailable
from adapter.cancellation.gate import Gate
from adapter.cancellation.model import (
    Answer,
    Call,
    Cancellation,
    CarrierAnswer,
    Entry,
    Outcome,
    State,
    Unsent,
    fresh_entry,
)
from adapter.cancellation.ports import Carrier, Clock, DecisionMetrics, Ledger, Rule
from adapter.cancellation.rules_ask import (
    Ask,
    LookOnly,
    ReplyStored,
    Step,
    Wait,
    on_ask_again,
    on_delivery,
    on_refused,
    on_repeat,
    on_withdraw,
)
from adapter.cancellation.rules_settle import Settled, on_answer, on_fact, on_replied

T = TypeVar("T")

ASK_AGAIN_AFTER_SECONDS = (0.1, 0.4)  # the last one repeats
ASK_AGAIN_LEFT_SECONDS = 1.0  # with less of the reply budget left, say −1 instead
REWRITE_AFTER_SECONDS = (0.2, 0.5, 1.0)  # between tries of a commit B; the last one repeats


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskLimits:
    """How long we wait for others, in seconds."""

    call_seconds: float = 12.0
    connect_wait_seconds: float = 1.0
    commit_within_seconds: float = 0.8  # answered within a second, the rest of the road included


class CancellationFlow:
    """Works on one attempt at a time of each waybill; the desk sees to that."""

    def __init__(
        self,
        *,
        carrier: Carrier,
        ledger: Ledger,
        metrics: DecisionMetrics,
        clock: Clock,
        gate: Gate,
        limits: DeskLimits,
        pause: Callable[[float], Awaitable[None]],
    ) -> None:
        self._carrier = carrier
        self._ledger = ledger
        self._metrics = metrics
        self._clock = clock
        self._gate = gate
        self._limits = limits
        self._pause = pause

    async def handle(self, attempt: Attempt) -> None:
        """Bring an attempt to its answer. The caller holds the waybill's lock."""
        try:
            match await self._step(attempt):
                case Ask(entry=entry):
                    await self._call(attempt, entry)
                case ReplyStored(entry=entry):
                    self._ledger.note(entry.waybill, partial(on_repeat, key=entry.key))
                    await self._reply(attempt, entry, repeated=True)
                case LookOnly(entry=entry):
                    await self._look(attempt, entry, called=entry.calls > 0)
                case Wait(called=called):
                    await self._look(attempt, self._fresh(attempt), called=called)
        except LedgerUnavailable:
            attempt.reply(
                self.refuse(attempt.key, attempt.cancellation, reason=Unsent.LEDGER_UNAVAILABLE)
            )

    async def look(self, attempt: Attempt) -> None:
        """Answer an attempt that never got its waybill's turn: only a lookup may settle it."""
        try:
            await self._look(attempt, self._fresh(attempt), called=False)
        except LedgerUnavailable:
            attempt.reply(
                self.refuse(attempt.key, attempt.cancellation, reason=Unsent.LEDGER_UNAVAILABLE)
            )

    def refuse(self, key: str, wish: Cancellation, *, reason: Unsent) -> Answer:
        """Answer without asking the carrier, and note it so that an operator can find it."""
        fresh = fresh_entry(key, wish, received_at=self._clock.now())
        self._ledger.note(wish.waybill, partial(on_refused, fresh=fresh, reason=reason))
        self._metrics.unsent(reason)
        return Answer(key=key, outcome=Outcome.FAILED, unsent=reason)

    def _refused(self, attempt: Attempt, *, reason: Unsent) -> Answer:
        return self.refuse(attempt.key, attempt.cancellation, reason=reason)

    async def _step(self, attempt: Attempt) -> Step:
        """Ask the ledger what to do, until it is this push's turn over all replicas."""
        fresh = self._fresh(attempt)
        while True:
            may_ask = attempt.awaited and not self._gate.paused and await self._reachable(attempt)
            attempt.asking = attempt.asking or may_ask
            step = await self._ledger.commit(
                fresh.waybill,
                partial(on_delivery, fresh=fresh, may_ask=may_ask),
                within_seconds=self._limits.commit_within_seconds,
                withdraw=partial(on_withdraw, key=attempt.key),
            )
            if not isinstance(step, Wait):
                return step
            attempt.asking = step.called
            waiting = attempt.left() - LOOKUP_SECONDS
            if waiting <= 0:
                return step
            await self._ledger.changed(fresh.waybill, within_seconds=waiting)

    async def _reachable(self, attempt: Attempt) -> bool:
        wait = min(self._limits.connect_wait_seconds, max(attempt.left(), 0.0))
        attempt.unreachable = not await self._carrier.ready(within_seconds=wait)
        return not attempt.unreachable

    async def _call(self, attempt: Attempt, entry: Entry) -> None:
        """Call, and call again while that may still be told to whoever waits."""
        asked = 0
        while True:
            call = Call(key=entry.key, epoch=entry.calls, sent_at=entry.called_at)
            attempt.calls = entry.calls
            answer = await self._ask(attempt.cancellation, call)
            if answer.unsent is not None:
                await self._withdraw(attempt, entry, reason=answer.unsent)
                return
            if answer.outcome is not Outcome.IN_DOUBT or not answer.ask_again:
                break
            pause = ASK_AGAIN_AFTER_SECONDS[min(asked, len(ASK_AGAIN_AFTER_SECONDS) - 1)]
            again = await self._again(attempt, call, answer, pause_seconds=pause)
            if again is None:
                break
            entry, asked = again, asked + 1
        await self._settle(attempt, entry, call, answer)

    async def _ask(self, wish: Cancellation, call: Call) -> CarrierAnswer:
        started = self._clock.monotonic()
        answer = await self._carrier.cancel(
            wish, request_id=call.key, within_seconds=self._limits.call_seconds
        )
        if answer.unsent is None:
            self._metrics.called(answer.status, seconds=self._clock.monotonic() - started)
        return answer

    async def _again(
        self, attempt: Attempt, call: Call, answer: CarrierAnswer, *, pause_seconds: float
    ) -> Entry | None:
        """Commit a further call, if a whole second of somebody's budget is left for it."""
        if attempt.left() < ASK_AGAIN_LEFT_SECONDS + pause_seconds:
            return None
        await self._pause(pause_seconds)
        left = attempt.left() - ASK_AGAIN_LEFT_SECONDS
        if left < 0 or not await self._carrier.ready(within_seconds=left):
            return None
        try:
            return await self._ledger.commit(
                attempt.cancellation.waybill,
                partial(on_ask_again, call=call, answer=answer),
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
        await self._write(attempt, truth, lambda _: take_back, detail="withdrawn")
        if not doubtful:
            self._metrics.unsent(reason)
        attempt.reply(truth)

    async def _settle(
        self, attempt: Attempt, entry: Entry, call: Call, answer: CarrierAnswer
    ) -> None:
        """Commit B, and then the reply."""
        truth = from_memory(entry, answer)
        settled = await self._write(
            attempt,
            truth,
            lambda awaited: partial(on_answer, call=call, answer=answer, awaited=awaited),
            detail=answer.status,
        )
        self._report(settled)
        if settled.contradicted:
            self._metrics.alert("contradiction", key=entry.key, detail=answer.status)
        if answer.outcome is Outcome.IN_DOUBT and not answer.ask_again:
            self._metrics.alert("unknown_status", key=entry.key, detail=answer.status)
        if settled.entry.state is State.DONE:
            await self._reply(attempt, settled.entry, repeated=False)
        else:
            attempt.reply(stored(settled.entry, repeated=False))

    async def _look(self, attempt: Attempt, entry: Entry, *, called: bool) -> None:
        """Let a lookup settle it; else say that nobody knows, or that nothing was done."""
        if called:
            self._ledger.note(entry.waybill, partial(on_repeat, key=attempt.key))
        settled = await self._looked_up(attempt, entry)
        if settled is not None and settled.entry.state is State.DONE:
            self._report(settled)
            await self._reply(attempt, settled.entry, repeated=False)
        elif called:
            attempt.reply(replace(stored(entry, repeated=True), outcome=Outcome.IN_DOUBT))
        else:
            attempt.reply(
                self.refuse(attempt.key, attempt.cancellation, reason=self._why_unsent(attempt))
            )

    async def _looked_up(self, attempt: Attempt, entry: Entry) -> Settled | None:
        """Ask a lookup, if somebody waits and it may be asked, and write what it settles."""
        if not attempt.awaited or attempt.unreachable or self._gate.paused:
            return None
        wait = min(LOOKUP_SECONDS, max(attempt.left(), 0.0))
        fact = await self._carrier.lookup(entry, within_seconds=wait)
        if fact is None:
            return None
        try:
            return await self._ledger.commit(
                entry.waybill,
                partial(on_fact, found=entry, fact=fact),
                within_seconds=self._limits.commit_within_seconds,
            )
        except LedgerUnavailable:
            return None  # as if nobody had looked: the next delivery looks again

    async def _reply(self, attempt: Attempt, entry: Entry, *, repeated: bool) -> None:
        """ReplyStored what a decided push says, once it is written that it was said."""
        truth = stored(entry, repeated=repeated)
        if entry.told is not entry.outcome:
            if attempt.begin_reply(truth):
                write = partial(on_replied, key=entry.key)
                await self._write(attempt, truth, lambda _: write, detail="told")
            else:
                self._unheard(entry)
        attempt.reply(truth)

    async def _write(
        self,
        attempt: Attempt,
        truth: Answer,
        rule: Callable[[bool], Rule[T]],
        *,
        detail: str,
    ) -> T:
        """Make it durable, however long that takes. After the first failure whoever waits is
        told the truth from memory: nothing durable says so yet, but waiting helps nobody."""
        tries = 0
        while True:
            awaited = truth.outcome is not Outcome.IN_DOUBT and attempt.begin_reply(truth)
            try:
                return await self._ledger.commit(
                    attempt.cancellation.waybill,
                    rule(awaited),
                    within_seconds=self._limits.commit_within_seconds,
                )
            except LedgerUnavailable:
                if not tries:
                    self._metrics.alert("commit_lost", key=attempt.key, detail=detail)
                attempt.begin_reply(truth)
                attempt.reply(truth)
                await self._pause(REWRITE_AFTER_SECONDS[min(tries, len(REWRITE_AFTER_SECONDS) - 1)])
                tries += 1

    def _report(self, settled: Settled) -> None:
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

    def _why_unsent(self, attempt: Attempt) -> Unsent:
        if self._gate.paused:
            return Unsent.PAUSED
        return Unsent.CARRIER_UNREACHABLE if attempt.unreachable else Unsent.TURN_NOT_REACHED

    def _fresh(self, attempt: Attempt) -> Entry:
        return fresh_entry(attempt.key, attempt.cancellation, received_at=self._clock.now())
