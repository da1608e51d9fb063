"""Holds the ledger's books against what the carrier was asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise

import grpc

from adapter.cancellation.model import Call, State
from adapter.cancellation.rules_ask import WINDOW_SECONDS
from adapter.simulator.delivery import ANSWER_WITHIN_SECONDS
from legacy_stub.calls import ReceivedCall
from tests.journeys.evidence import Delivery, Mishap
from tests.journeys.kinds import kind_of
from tests.journeys.mishaps import (
    CARRIER_FAILS,
    CUT_OFF,
    KILL_SERVE,
    LEDGER_AWAY,
    OVERLOAD,
    STOP_SERVE,
)
from tests.journeys.program import Press
from tests.journeys.recorded import Ledger
from tests.journeys.sides import Violation, told, violation

SLACK_SECONDS = 0.5  # between two processes' looks at one clock, on a busy machine
MINUTE_SECONDS = 60.0
FAILURES = frozenset(code.name for code in grpc.StatusCode)
CALLS_OF_A_PRESS = 1.2  # at a carrier that fails, over any minute
MANY_PRESSES = 50  # with fewer of them, the process's first five repeats weigh too much


class Audit:
    """The looks at calls and rows."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.evidence = ledger.evidence

    def looks(self) -> Iterator[Callable[[], Iterator[Violation]]]:
        """Every look there is."""
        yield self.own_effect
        yield self.calls_have_rows
        yield self.one_live_call
        yield self.quiet
        yield self.no_call_without_ledger
        yield self.inside_a_window
        yield self.few_calls_a_press
        yield self.few_calls_of_a_failing_carrier

    def own_effect(self) -> Iterator[Violation]:
        """I5: 30003 only where another push was told 0, or its telling was lost on the wire."""
        for press, heard in self.ledger.sides.told_cancelled_before():
            others = list(self.ledger.sides.others(press))
            if not any(self.ledger.was_told_zero(other, before=heard) for other in others):
                rows = "; ".join(f"press {other.nth} {self.ledger.row(other)}" for other in others)
                yield violation("I5", press, f"told 30003, nobody told 0: {rows or 'no other'}")

    def calls_have_rows(self) -> Iterator[Violation]:
        """I1: every call at the carrier has an earlier row of its own."""
        for key, asked in self.ledger.sides.asked.items():
            sent = [call.sent_at for call in self.ledger.calls.get(key, ())]
            for nth, ask in enumerate(asked, 1):
                rows = sum(at <= ask.time for at in sent)
                if rows < nth:
                    yield Violation(
                        invariant="I1",
                        subject=ask.waybill,
                        evidence=f"call {nth} of {key} at {ask.time:.3f}: {rows} earlier rows",
                    )

    def one_live_call(self) -> Iterator[Violation]:
        """I2: no call of a waybill is begun while another one's caller lives and waits."""
        of_waybill: dict[str, list[Call]] = defaultdict(list)
        for key, calls in self.ledger.calls.items():
            if key in self.ledger.entries:
                of_waybill[self.ledger.entries[key].waybill_id] += calls
        for waybill, calls in of_waybill.items():
            for one, other in pairwise(sorted(calls, key=lambda call: call.sent_at)):
                if self._is_live(one, at=other.sent_at):
                    evidence = f"{one} and {other}"
                    yield Violation(invariant="I2", subject=waybill, evidence=evidence)

    def quiet(self) -> Iterator[Violation]:
        """I7: after quiet nothing is calling, doubt is shown, and a press is answered."""
        entries = self.ledger.books.entries
        for entry in entries:
            if entry.state is State.CALLING:
                evidence = f"{entry.key} is calling"
                yield Violation(invariant="I7", subject=entry.waybill_id, evidence=evidence)
        doubtful = sum(entry.state is State.IN_DOUBT for entry in entries)
        for number, shown in enumerate(self.evidence.in_doubt_shown):
            if shown != doubtful:
                evidence = f"shows {shown} in doubt, the ledger holds {doubtful}"
                yield Violation(invariant="I7", subject=f"replica {number}", evidence=evidence)
        for press in self.evidence.questioned:
            deliveries = self.evidence.by_press[press]
            if (
                kind_of(press.waybill).settles
                and not any(delivery.definite for delivery in deliveries)
                and not self._carrier_failed(press)
            ):
                yield violation("I7", press, f"unsettled after quiet: {told(deliveries)}")

    def no_call_without_ledger(self) -> Iterator[Violation]:
        """I9: as long as the ledger is away from a replica, it makes no new call."""
        mishaps = [m for m in self.evidence.mishaps if m.what in (LEDGER_AWAY, CUT_OFF)]
        for press, deliveries, _ in self.ledger.presses():
            for asked in self.ledger.asked(press):
                callers = [d for d in deliveries if _waits(d, asked)]
                if callers and all(_cut_off(d, asked, mishaps) for d in callers):
                    evidence = f"asked at {asked.time:.3f} without a ledger"
                    yield violation("I9", press, evidence)

    def inside_a_window(self) -> Iterator[Violation]:
        """I10: the carrier is asked only for a delivery that somebody waits for."""
        for press, deliveries, _ in self.ledger.presses():
            first = deliveries[0].sent_at
            for asked in self.ledger.asked(press):
                overloaded = any(m.what == OVERLOAD for m in self.evidence.mishaps)
                if not overloaded and not any(_waits(delivery, asked) for delivery in deliveries):
                    yield violation("I10", press, f"asked at {asked.time:.3f}, nobody waiting")
                elif not self._in_window(press, asked, first):
                    yield violation("I10", press, f"asked {asked.time - first:.1f} s after it")

    def few_calls_a_press(self) -> Iterator[Violation]:
        """I12: a push is asked for once and repeated rarely, over all its deliveries."""
        for press in self.evidence.by_press:
            calls = len(self.ledger.asked(press))
            if calls > 1 + self.evidence.repeats:
                evidence = f"{calls} calls, {1 + self.evidence.repeats} allowed"
                yield violation("I12", press, evidence)

    def few_calls_of_a_failing_carrier(self) -> Iterator[Violation]:
        """I12: over any minute a carrier that fails gets little more than the presses."""
        calls = sorted(asked.time for asked in self.evidence.asked)
        began = sorted(deliveries[0].sent_at for deliveries in self.evidence.by_press.values())
        for mishap in self.evidence.mishaps:
            if mishap.what != CARRIER_FAILS:
                continue
            for start in (mishap.at, *(at for at in calls if mishap.at <= at <= mishap.until)):
                end = min(start + MINUTE_SECONDS, mishap.until)
                made = sum(start <= at <= end for at in calls)
                # A call at the start of this minute may be of a press of the minute before.
                pressed = sum(start - ANSWER_WITHIN_SECONDS <= at <= end for at in began)
                if pressed >= MANY_PRESSES and made > CALLS_OF_A_PRESS * pressed:
                    evidence = f"{made} calls of {pressed} presses within {end - start:.0f} s"
                    yield Violation(invariant="I12", subject="carrier fails", evidence=evidence)
                    break

    def _carrier_failed(self, press: Press) -> bool:
        """Whether the carrier answered none of its calls; then the process's budget may have
        kept it from asking again."""
        asked = self.ledger.asked(press)
        return bool(asked) and all(ask.answer in FAILURES for ask in asked)

    def _is_live(self, call: Call, *, at: float) -> bool:
        """Whether its caller was alive at that time, with its session at the ledger, and waited
        for it. Without an end its caller died, some time after it began."""
        happened = [m for m in self.evidence.mishaps if m.at <= at and m.until >= call.sent_at]
        if any(mishap.what == CUT_OFF for mishap in happened):
            return False
        if call.ended_at is not None:
            return at < call.ended_at
        return not any(mishap.what in (KILL_SERVE, STOP_SERVE) for mishap in happened)

    def _in_window(self, press: Press, asked: ReceivedCall, first: float) -> bool:
        """A push that was never sent has its window from the first time it could be."""
        entry = self.ledger.entry(press)
        began = first if entry is None else max(first, entry.received_at)
        return asked.time <= began + WINDOW_SECONDS + SLACK_SECONDS


def _waits(delivery: Delivery, asked: ReceivedCall) -> bool:
    """A caller more patient than WeChat waits until its reply comes."""
    until = max(delivery.sent_at + ANSWER_WITHIN_SECONDS, delivery.ended_at)
    return delivery.sent_at <= asked.time <= until


def _cut_off(delivery: Delivery, asked: ReceivedCall, mishaps: list[Mishap]) -> bool:
    return any(
        mishap.befell(delivery.replica) and mishap.at + SLACK_SECONDS < asked.time < mishap.until
        for mishap in mishaps
    )
