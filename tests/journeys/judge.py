"""The judge: holds what WeChat, the carrier and the ledger saw against each other.

Every violation is named by its invariant (the ledger's page, I1-I10) and comes with its
evidence. "Told" is what WeChat heard; a 0 that the ledger has on record as told counts as
told only where a delivery of that push was lost on the wire.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from adapter.cancellation.asking import WINDOW_SECONDS
from adapter.cancellation.model import Call, Entry, Outcome, State
from adapter.edge.translate import ANSWERS
from adapter.simulator.delivery import ANSWER_WITHIN_SECONDS
from legacy_stub.calls import Call as Asked
from tests.journeys.evidence import UNKNOWN_OR_UNDONE, Books, Delivery, Evidence
from tests.journeys.kinds import kind_of
from tests.journeys.mishaps import BAD_MOMENT
from tests.journeys.program import Press

CANCELLED = 0
BEFORE = 30003
LIES = frozenset({"I3", "I4", "I5", "I6"})
SLACK_SECONDS = 0.5  # between two processes' looks at one clock, on a busy machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One promise that one push or waybill shows broken."""

    invariant: str
    subject: str
    evidence: str

    def __str__(self) -> str:
        return f"{self.invariant} {self.subject}: {self.evidence}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """All that was found, and the figures."""

    seed: int
    pushes: int
    presses: int
    deliveries: int
    lost: int
    calls: int
    effects: int
    mishaps: Counter[str]
    codes: Counter[int]
    violations: tuple[Violation, ...]

    @property
    def lies(self) -> int:
        """How many pushes were told what is not so."""
        return len({found.subject for found in self.violations if found.invariant in LIES})

    @property
    def broken(self) -> frozenset[str]:
        """The invariants that were broken."""
        return frozenset(found.invariant for found in self.violations)

    def __str__(self) -> str:
        codes = " ".join(f"{code}:{count}" for code, count in sorted(self.codes.items()))
        mishaps = ", ".join(f"{count} {what}" for what, count in sorted(self.mishaps.items()))
        lines = [
            f"seed {self.seed}: {self.pushes} pushes, {self.deliveries} deliveries "
            f"({self.lost} unanswered), {self.calls} calls, {self.effects} effects; "
            f"{mishaps or 'no mishaps'}",
            f"  replies by code: {codes}; lies={self.lies} violations={len(self.violations)}",
            *(f"  {found}" for found in self.violations[:20]),
        ]
        return "\n".join(lines)


def judge(evidence: Evidence) -> Verdict:
    """Look at everything, in every way there is."""
    court = Court(evidence)
    found = tuple(violation for look in court.looks() for violation in look())
    return Verdict(
        seed=evidence.seed,
        pushes=len(evidence.by_press),
        presses=len(evidence.by_waybill),
        deliveries=len(evidence.deliveries),
        lost=sum(delivery.status is None for delivery in evidence.deliveries),
        calls=len(evidence.asked),
        effects=sum(asked.done for asked in evidence.asked),
        mishaps=Counter(mishap.what for mishap in evidence.mishaps),
        codes=Counter(d.code for d in evidence.deliveries if d.code is not None),
        violations=found,
    )


class Court:
    """One journey's evidence, by push and by waybill."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.done: dict[str, Asked] = {}
        self.asked: dict[str, list[Asked]] = defaultdict(list)
        for asked in sorted(evidence.asked, key=lambda asked: asked.time):
            self.asked[asked.request_id].append(asked)
            if asked.done:
                self.done[asked.waybill] = asked

    def looks(self) -> Iterator[Callable[[], Iterator[Violation]]]:
        """Every look there is; those at the ledger only where one was kept."""
        yield self.replies
        yield self.one_answer
        yield self.earned
        yield self.zero_once
        books = self.evidence.books
        if books is None:
            yield self.own_effect_unrecorded
            return
        ledger = Ledger(self, books)
        yield from (
            ledger.own_effect,
            ledger.calls_have_rows,
            ledger.one_live_call,
            ledger.quiet,
            ledger.replies_are_recorded,
            ledger.inside_a_window,
        )

    def replies(self) -> Iterator[Violation]:
        """Every answer is exactly 200 and what WeChat documents."""
        for delivery in self.evidence.deliveries:
            for wrong in delivery.wrong:
                yield _violation("reply", delivery.press, wrong)

    def one_answer(self) -> Iterator[Violation]:
        """I3: all definite answers to one push are equal."""
        for press, deliveries in self.evidence.by_press.items():
            if len({delivery.code for delivery in deliveries if delivery.definite}) > 1:
                yield _violation("I3", press, _told(deliveries))

    def earned(self) -> Iterator[Violation]:
        """I4: 0 only once the carrier cancelled it; other codes only where they are true."""
        for press, deliveries in self.evidence.by_press.items():
            codes = kind_of(press.waybill).codes
            for delivery in deliveries:
                if not delivery.definite:
                    continue
                if delivery.code not in codes:
                    yield _violation("I4", press, f"told {delivery.code}, may be {sorted(codes)}")
                elif delivery.code == CANCELLED and not self._cancelled_by(press, delivery):
                    yield _violation("I4", press, f"told 0, not cancelled; {_told(deliveries)}")

    def zero_once(self) -> Iterator[Violation]:
        """I6: a push first delivered after 0 was told elsewhere is never told 0."""
        for presses in self.evidence.by_waybill.values():
            zeros = [
                (delivery.ended_at, press)
                for press in presses
                for delivery in self.evidence.by_press[press]
                if delivery.code == CANCELLED
            ]
            if not zeros:
                continue
            first_at, first = min(zeros, key=lambda zero: zero[0])
            for _, press in zeros:
                began = self.evidence.by_press[press][0].sent_at
                if press != first and began > first_at:
                    yield _violation("I6", press, f"0 was told before, to press {first.nth}")

    def own_effect_unrecorded(self) -> Iterator[Violation]:
        """I5 without a ledger: 30003 where no other push heard 0, nor may have."""
        for press, _ in self.told_before():
            others = [other for other in self.others(press) if self._may_have_heard_zero(other)]
            if not others:
                yield _violation("I5", press, "told 30003, and nobody else was told 0")

    def told_before(self) -> Iterator[tuple[Press, Delivery]]:
        for press, deliveries in self.evidence.by_press.items():
            told = next((delivery for delivery in deliveries if delivery.code == BEFORE), None)
            if told is not None and kind_of(press.waybill).cancels:
                yield press, told

    def others(self, press: Press) -> Iterator[Press]:
        return (other for other in self.evidence.by_waybill[press.waybill] if other != press)

    def heard_zero(self, press: Press) -> bool:
        return any(delivery.code == CANCELLED for delivery in self.evidence.by_press[press])

    def _may_have_heard_zero(self, press: Press) -> bool:
        deliveries = self.evidence.by_press[press]
        return self.heard_zero(press) or any(delivery.lost for delivery in deliveries)

    def _cancelled_by(self, press: Press, delivery: Delivery) -> bool:
        done = self.done.get(press.waybill)
        return done is not None and done.time <= delivery.ended_at


class Ledger:
    """The looks at what the ledger holds."""

    def __init__(self, court: Court, books: Books) -> None:
        self.court = court
        self.evidence = court.evidence
        self.books = books
        self.entries = {entry.key: entry for entry in books.entries}
        self.calls: dict[str, list[Call]] = defaultdict(list)
        for call in sorted(books.calls, key=lambda call: (call.sent_at, call.epoch)):
            self.calls[call.key].append(call)
        self.keys = {
            press: self.evidence.key(press, identity_key=books.identity_key)
            for press in self.evidence.by_press
        }

    def entry(self, press: Press) -> Entry | None:
        return self.entries.get(self.keys[press])

    def own_effect(self) -> Iterator[Violation]:
        """I5: 30003 only where another push was told 0, or its telling was lost on the wire."""
        for press, told in self.court.told_before():
            others = list(self.court.others(press))
            if not any(self._was_told_zero(other, before=told) for other in others):
                rows = "; ".join(f"press {other.nth} {self._row(other)}" for other in others)
                yield _violation("I5", press, f"told 30003, nobody told 0: {rows or 'no other'}")

    def calls_have_rows(self) -> Iterator[Violation]:
        """I1: every call at the carrier has an earlier row of its own."""
        for key, asked in self.court.asked.items():
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
        deaths = sorted(m.at for m in self.evidence.mishaps if m.what != BAD_MOMENT)
        of_waybill: dict[str, list[Call]] = defaultdict(list)
        for key, calls in self.calls.items():
            if key in self.entries:
                of_waybill[self.entries[key].waybill_id] += calls
        for waybill, calls in of_waybill.items():
            for one, other in pairwise(sorted(calls, key=lambda call: call.sent_at)):
                # Without an end its caller died, some time after it began.
                died = any(one.sent_at <= at <= other.sent_at for at in deaths)
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
                yield _violation("I7", press, f"unsettled after quiet: {_told(deliveries)}")

    def replies_are_recorded(self) -> Iterator[Violation]:
        """I8: what was told is what is recorded, and was recorded before it was told."""
        for press, deliveries in self.evidence.by_press.items():
            entry = self.entry(press)
            for delivery in deliveries:
                if not delivery.definite:
                    continue
                if entry is None or entry.outcome is None:
                    yield _violation("I8", press, f"told {delivery.code}; {self._row(press)}")
                elif ANSWERS[entry.outcome] != delivery.code or entry.told is not entry.outcome:
                    yield _violation("I8", press, f"told {delivery.code}; {self._row(press)}")
                elif entry.settled_at > delivery.ended_at:
                    late = entry.settled_at - delivery.ended_at
                    yield _violation("I8", press, f"told {late:.4f} s before it was recorded")

    def inside_a_window(self) -> Iterator[Violation]:
        """I10: the carrier is asked only for a delivery that somebody waits for."""
        for press, deliveries in self.evidence.by_press.items():
            first = deliveries[0].sent_at
            for asked in self.court.asked.get(self.keys[press], ()):
                waits = any(
                    delivery.sent_at <= asked.time <= delivery.sent_at + ANSWER_WITHIN_SECONDS
                    for delivery in deliveries
                )
                if not waits:
                    yield _violation("I10", press, f"asked at {asked.time:.3f}, nobody waiting")
                elif not self._in_window(press, asked, first):
                    yield _violation("I10", press, f"asked {asked.time - first:.1f} s after it")

    def _in_window(self, press: Press, asked: Asked, first: float) -> bool:
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
        return f"{entry.state.value} {outcome} told {told} calls {entry.calls} why {entry.why}"


def _violation(invariant: str, press: Press, evidence: str) -> Violation:
    subject = f"{press.waybill} press {press.nth}"
    return Violation(invariant=invariant, subject=subject, evidence=evidence)


def _told(deliveries: list[Delivery]) -> str:
    words = (
        "lost" if delivery.code is None else str(delivery.code)
        for delivery in deliveries
        if delivery.code != UNKNOWN_OR_UNDONE
    )
    return f"told {', '.join(words) or 'only -1'}"
