"""Holds the ledger's books against what WeChat and the carrier saw."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise

from adapter.cancellation.model import Call, Entry, Outcome, State
from adapter.cancellation.rules_ask import WINDOW_SECONDS
from adapter.edge.translate import ANSWERS
from adapter.simulator.delivery import ANSWER_WITHIN_SECONDS
from legacy_stub.calls import ReceivedCall
from tests.journeys.evidence import Books, Delivery
from tests.journeys.kinds import kind_of
from tests.journeys.mishaps import KILL_SERVE, STOP_SERVE
from tests.journeys.program import Press
from tests.journeys.sides import CANCELLED, Sides, Violation, told, violation

SLACK_SECONDS = 0.5  # between two processes' looks at one clock, on a busy machine


class Audit:
    """The looks that need the books."""

    def __init__(self, sides: Sides, books: Books) -> None:
        self.sides = sides
        self.evidence = sides.evidence
        self.books = books
        self.entries = {entry.key: entry for entry in books.entries}
        self.calls: dict[str, list[Call]] = defaultdict(list)
        for call in sorted(books.calls, key=lambda call: (call.sent_at, call.epoch)):
            self.calls[call.key].append(call)
        self.keys = {
            press: self.evidence.key(press, identity_key=books.identity_key)
            for press in self.evidence.by_press
        }

    def looks(self) -> Iterator[Callable[[], Iterator[Violation]]]:
        """Every look there is."""
        yield self.own_effect
        yield self.calls_have_rows
        yield self.one_live_call
        yield self.quiet
        yield self.replies_are_recorded
        yield self.inside_a_window

    def entry(self, press: Press) -> Entry | None:
        return self.entries.get(self.keys[press])

    def own_effect(self) -> Iterator[Violation]:
        """I5: 30003 only where another push was told 0, or its telling was lost on the wire."""
        for press, heard in self.sides.told_cancelled_before():
            others = list(self.sides.others(press))
            if not any(self._was_told_zero(other, before=heard) for other in others):
                rows = "; ".join(f"press {other.nth} {self._row(other)}" for other in others)
                yield violation("I5", press, f"told 30003, nobody told 0: {rows or 'no other'}")

    def calls_have_rows(self) -> Iterator[Violation]:
        """I1: every call at the carrier has an earlier row of its own."""
        for key, asked in self.sides.asked.items():
            sent = [call.sent_at for call in self.calls.get(key, ())]
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
        deaths = [m for m in self.evidence.mishaps if m.what in (KILL_SERVE, STOP_SERVE)]
        of_waybill: dict[str, list[Call]] = defaultdict(list)
        for key, calls in self.calls.items():
            if key in self.entries:
                of_waybill[self.entries[key].waybill_id] += calls
        for waybill, calls in of_waybill.items():
            for one, other in pairwise(sorted(calls, key=lambda call: call.sent_at)):
                # Without an end its caller died, some time after it began.
                died = any(m.at <= other.sent_at and m.until >= one.sent_at for m in deaths)
                lives = not died if one.ended_at is None else other.sent_at < one.ended_at
                if lives:
                    evidence = f"{one} and {other}"
                    yield Violation(invariant="I2", subject=waybill, evidence=evidence)

    def quiet(self) -> Iterator[Violation]:
        """I7: after quiet nothing is calling, doubt is shown, and a press is answered."""
        for entry in self.books.entries:
            if entry.state is State.CALLING:
                evidence = f"{entry.key} is calling"
                yield Violation(invariant="I7", subject=entry.waybill_id, evidence=evidence)
        doubtful = sum(entry.state is State.IN_DOUBT for entry in self.books.entries)
        for number, shown in enumerate(self.evidence.in_doubt_shown):
            if shown != doubtful:
                evidence = f"shows {shown} in doubt, the ledger holds {doubtful}"
                yield Violation(invariant="I7", subject=f"replica {number}", evidence=evidence)
        for press in self.evidence.questioned:
            deliveries = self.evidence.by_press[press]
            if kind_of(press.waybill).settles and not any(d.definite for d in deliveries):
                yield violation("I7", press, f"unsettled after quiet: {told(deliveries)}")

    def replies_are_recorded(self) -> Iterator[Violation]:
        """I8: what was told is what is recorded, and was recorded before it was told."""
        for press, deliveries in self.evidence.by_press.items():
            entry = self.entry(press)
            for delivery in deliveries:
                if not delivery.definite:
                    continue
                if entry is None or not _recorded(entry, delivery):
                    yield violation("I8", press, f"told {delivery.code}; {self._row(press)}")
                elif entry.settled_at > delivery.ended_at:
                    late = entry.settled_at - delivery.ended_at
                    yield violation("I8", press, f"told {late:.4f} s before it was recorded")

    def inside_a_window(self) -> Iterator[Violation]:
        """I10: the carrier is asked only for a delivery that somebody waits for."""
        for press, deliveries in self.evidence.by_press.items():
            first = deliveries[0].sent_at
            for asked in self.sides.asked.get(self.keys[press], ()):
                waits = any(
                    delivery.sent_at <= asked.time <= delivery.sent_at + ANSWER_WITHIN_SECONDS
                    for delivery in deliveries
                )
                if not waits:
                    yield violation("I10", press, f"asked at {asked.time:.3f}, nobody waiting")
                elif not self._in_window(press, asked, first):
                    yield violation("I10", press, f"asked {asked.time - first:.1f} s after it")

    def _in_window(self, press: Press, asked: ReceivedCall, first: float) -> bool:
        """A push that was never sent has its window from the first time it could be."""
        entry = self.entry(press)
        began = first if entry is None else max(first, entry.received_at)
        return asked.time <= began + WINDOW_SECONDS + SLACK_SECONDS

    def _was_told_zero(self, press: Press, *, before: Delivery) -> bool:
        deliveries = self.evidence.by_press[press]
        if any(d.code == CANCELLED and d.sent_at <= before.ended_at for d in deliveries):
            return True
        entry = self.entry(press)
        on_record = entry is not None and entry.told is Outcome.CANCELLED
        return on_record and any(d.lost and d.sent_at <= before.ended_at for d in deliveries)

    def _row(self, press: Press) -> str:
        entry = self.entry(press)
        if entry is None:
            return "has no row"
        outcome, told = (word.value if word else "-" for word in (entry.outcome, entry.told))
        return (
            f"{entry.state.value} {outcome} told {told} calls {entry.calls} why {entry.cause_text}"
        )


def _recorded(entry: Entry, delivery: Delivery) -> bool:
    if entry.outcome is None or entry.told is not entry.outcome:
        return False
    return ANSWERS[entry.outcome] == delivery.code
