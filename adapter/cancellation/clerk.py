"""Carry one push through the rules: ask the ledger, call the carrier, write what came.

The rules themselves are in `asking` and `settling`; waiting and joining is the desk's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar

from adapter.cancellation.asking import (
    Ask,
    LookOnly,
    Say,
    Step,
    Wait,
    on_ask_again,
    on_delivery,
    on_refused,
    on_repeat,
    on_withdraw,
)
from adapter.cancellation.case import Case, Limits, fresh_entry, from_memory, stored
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
)
from adapter.cancellation.ports import Carrier, Clock, Decision, Ledger, Watch
from adapter.cancellation.settling import Settled, on_answer, on_fact, on_told

T = TypeVar("T")

ASK_AGAIN_AFTER_SECONDS = (0.1, 0.4)  # the last one repeats
ASK_AGAIN_LEFT_SECONDS = 1.0  # with less of the reply budget left, say −1 instead
LOOKUP_SECONDS = 0.8  # kept back from a wait for the turn, so that a lookup fits
REWRITE_AFTER_SECONDS = (0.2, 0.5, 1.0)  # between tries of a commit B; the last one repeats


class Clerk:
    """Works on one case at a time of each waybill; the desk sees to that."""

    def __init__(
        self,
        *,
        carrier: Carrier,
        ledger: Ledger,
        watch: Watch,
        clock: Clock,
        gate: Gate,
        limits: Limits,
        pause: Callable[[float], Awaitable[None]],
    ) -> None:
        self._carrier = carrier
        self._ledger = ledger
        self._watch = watch
        self._clock = clock
        self._gate = gate
        self._limits = limits
        self._pause = pause

    async def handle(self, case: Case) -> None:
        """Bring a case to its answer. The caller holds the waybill's turn."""
        try:
            match await self._step(case):
                case Ask(entry=entry):
                    await self._call(case, entry)
                case Say(entry=entry):
                    self._ledger.note(entry.waybill, partial(on_repeat, key=entry.key))
                    await self._tell(case, entry, repeated=True)
                case LookOnly(entry=entry):
                    await self._look(case, entry, called=entry.calls > 0)
                case Wait(called=called):
                    await self._look(case, self._fresh(case), called=called)
        except LedgerUnavailable:
            case.say(self.refuse(case.key, case.cancellation, reason=Unsent.LEDGER_UNAVAILABLE))

    async def look(self, case: Case) -> None:
        """Answer a case that never got its waybill's turn: only a lookup may settle it."""
        try:
            await self._look(case, self._fresh(case), called=False)
        except LedgerUnavailable:
            case.say(self.refuse(case.key, case.cancellation, reason=Unsent.LEDGER_UNAVAILABLE))

    def refuse(self, key: str, wish: Cancellation, *, reason: Unsent) -> Answer:
        """Answer without asking the carrier, and note it so that an operator can find it."""
        fresh = fresh_entry(key, wish, received_at=self._clock.now())
        self._ledger.note(wish.waybill, partial(on_refused, fresh=fresh, reason=reason))
        self._watch.unsent(reason)
        return Answer(key=key, outcome=Outcome.FAILED, unsent=reason)

    async def _step(self, case: Case) -> Step:
        """Ask the ledger what to do, until it is this push's turn over all replicas."""
        fresh = self._fresh(case)
        while True:
            may_ask = case.awaited and not self._gate.paused and await self._reachable(case)
            case.asking = case.asking or may_ask
            step = await self._ledger.commit(
                fresh.waybill,
                partial(on_delivery, fresh=fresh, may_ask=may_ask),
                within_seconds=self._limits.commit_within_seconds,
                withdraw=partial(on_withdraw, key=case.key),
            )
            if not isinstance(step, Wait):
                return step
            case.asking = step.called
            waiting = case.left() - LOOKUP_SECONDS
            if waiting <= 0:
                return step
            await self._ledger.changed(fresh.waybill, within_seconds=waiting)

    async def _reachable(self, case: Case) -> bool:
        wait = min(self._limits.connect_wait_seconds, max(case.left(), 0.0))
        case.unreachable = not await self._carrier.ready(within_seconds=wait)
        return not case.unreachable

    async def _call(self, case: Case, entry: Entry) -> None:
        """Call, and call again while that may still be told to whoever waits."""
        asked = 0
        while True:
            call = Call(key=entry.key, epoch=entry.calls, sent_at=entry.called_at)
            case.calls = entry.calls
            answer = await self._ask(case.cancellation, call)
            if answer.unsent is not None:
                await self._withdraw(case, entry, reason=answer.unsent)
                return
            if answer.outcome is not Outcome.IN_DOUBT or not answer.ask_again:
                break
            pause = ASK_AGAIN_AFTER_SECONDS[min(asked, len(ASK_AGAIN_AFTER_SECONDS) - 1)]
            again = await self._again(case, call, answer, pause_seconds=pause)
            if again is None:
                break
            entry, asked = again, asked + 1
        await self._settle(case, entry, call, answer)

    async def _ask(self, wish: Cancellation, call: Call) -> CarrierAnswer:
        started = self._clock.monotonic()
        answer = await self._carrier.cancel(
            wish, request_id=call.key, within_seconds=self._limits.call_seconds
        )
        if answer.unsent is None:
            self._watch.called(answer.status, seconds=self._clock.monotonic() - started)
        return answer

    async def _again(
        self, case: Case, call: Call, answer: CarrierAnswer, *, pause_seconds: float
    ) -> Entry | None:
        """Commit a further call, if a whole second of somebody's budget is left for it."""
        if case.left() < ASK_AGAIN_LEFT_SECONDS + pause_seconds:
            return None
        await self._pause(pause_seconds)
        left = case.left() - ASK_AGAIN_LEFT_SECONDS
        if left < 0 or not await self._carrier.ready(within_seconds=left):
            return None
        try:
            return await self._ledger.commit(
                case.cancellation.waybill,
                partial(on_ask_again, call=call, answer=answer),
                within_seconds=self._limits.commit_within_seconds,
                withdraw=partial(on_withdraw, key=case.key),
            )
        except LedgerUnavailable:
            return None

    async def _withdraw(self, case: Case, entry: Entry, *, reason: Unsent) -> None:
        """Take commit A back: the carrier's client sent nothing."""
        doubtful = entry.calls > 1  # what an earlier call did nobody knows
        truth = Answer(
            key=entry.key,
            outcome=Outcome.IN_DOUBT if doubtful else Outcome.FAILED,
            unsent=None if doubtful else reason,
            calls=entry.calls - 1,
        )
        case.calls = truth.calls
        take_back = partial(on_withdraw, key=entry.key, why=reason.value)
        await self._write(case, truth, lambda _: take_back, detail="withdrawn")
        if not doubtful:
            self._watch.unsent(reason)
        case.say(truth)

    async def _settle(self, case: Case, entry: Entry, call: Call, answer: CarrierAnswer) -> None:
        """Commit B, and then the reply."""
        truth = from_memory(entry, answer)
        settled = await self._write(
            case,
            truth,
            lambda heard: partial(on_answer, call=call, answer=answer, heard=heard),
            detail=answer.status,
        )
        self._report(settled)
        if settled.contradicted:
            self._watch.alert("contradiction", key=entry.key, detail=answer.status)
        if answer.outcome is Outcome.IN_DOUBT and not answer.ask_again:
            self._watch.alert("unknown_status", key=entry.key, detail=answer.status)
        if settled.entry.state is State.DONE:
            await self._tell(case, settled.entry, repeated=False)
        else:
            case.say(stored(settled.entry, repeated=False))

    async def _look(self, case: Case, entry: Entry, *, called: bool) -> None:
        """Let a lookup settle it; else say that nobody knows, or that nothing was done."""
        if called:
            self._ledger.note(entry.waybill, partial(on_repeat, key=case.key))
        settled = await self._looked_up(case, entry)
        if settled is not None and settled.entry.state is State.DONE:
            self._report(settled)
            await self._tell(case, settled.entry, repeated=False)
        elif called:
            case.say(replace(stored(entry, repeated=True), outcome=Outcome.IN_DOUBT))
        else:
            case.say(self.refuse(case.key, case.cancellation, reason=self._why_unsent(case)))

    async def _looked_up(self, case: Case, entry: Entry) -> Settled | None:
        """Ask a lookup, if somebody waits and it may be asked, and write what it settles."""
        if not case.awaited or case.unreachable or self._gate.paused:
            return None
        wait = min(LOOKUP_SECONDS, max(case.left(), 0.0))
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

    async def _tell(self, case: Case, entry: Entry, *, repeated: bool) -> None:
        """Say what a decided push says, once it is written that it was said."""
        truth = stored(entry, repeated=repeated)
        if entry.told is not entry.outcome:
            if case.begin_telling(truth):
                write = partial(on_told, key=entry.key)
                await self._write(case, truth, lambda _: write, detail="told")
            else:
                self._unheard(entry)
        case.say(truth)

    async def _write(
        self,
        case: Case,
        truth: Answer,
        decision: Callable[[bool], Decision[T]],
        *,
        detail: str,
    ) -> T:
        """Make it durable, however long that takes. After the first failure whoever waits is
        told the truth from memory: nothing durable says so yet, but waiting helps nobody."""
        tries = 0
        while True:
            heard = truth.outcome is not Outcome.IN_DOUBT and case.begin_telling(truth)
            try:
                return await self._ledger.commit(
                    case.cancellation.waybill,
                    decision(heard),
                    within_seconds=self._limits.commit_within_seconds,
                )
            except LedgerUnavailable:
                if not tries:
                    self._watch.alert("commit_lost", key=case.key, detail=detail)
                case.begin_telling(truth)
                case.say(truth)
                await self._pause(REWRITE_AFTER_SECONDS[min(tries, len(REWRITE_AFTER_SECONDS) - 1)])
                tries += 1

    def _report(self, settled: Settled) -> None:
        if settled.entry.state is not State.DONE:
            self._watch.doubt(settled.entry)
            return
        self._watch.settled(settled.entry)
        for done in settled.inferred:
            self._watch.settled(done)
            self._unheard(done)

    def _unheard(self, done: Entry) -> None:
        if done.outcome is Outcome.CANCELLED:
            self._watch.alert("told_failure_is_cancelled", key=done.key, detail=done.why)

    def _why_unsent(self, case: Case) -> Unsent:
        if self._gate.paused:
            return Unsent.PAUSED
        return Unsent.CARRIER_UNREACHABLE if case.unreachable else Unsent.TURN_NOT_REACHED

    def _fresh(self, case: Case) -> Entry:
        return fresh_entry(case.key, case.cancellation, received_at=self._clock.now())
