"""The judge: holds what WeChat, the carrier and the ledger saw against each other.

Every violation is named by its invariant (the ledger's page, I1-I15) and comes with its
evidence. "Told" is what WeChat heard; a 0 that the ledger has on record as told counts as
told only where a delivery of that push was lost on the wire.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.journeys.audit import Audit
from tests.journeys.audit_replies import Replies
from tests.journeys.evidence import Evidence
from tests.journeys.kinds import kind_of
from tests.journeys.recorded import Ledger
from tests.journeys.sides import CANCELLED, Sides, Violation, told, violation

LIES = frozenset({"I3", "I4", "I5", "I6", "I14", "I15"})


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
        found = Counter(each.invariant for each in self.violations)
        by_name = " ".join(f"{name}:{count}" for name, count in sorted(found.items()))
        lines = [
            f"seed {self.seed}: {self.pushes} pushes, {self.deliveries} deliveries "
            f"({self.lost} unanswered), {self.calls} calls, {self.effects} effects; "
            f"{mishaps or 'no mishaps'}",
            f"  replies by code: {codes}; lies={self.lies} "
            f"violations={len(self.violations)} {by_name}".rstrip(),
            *(f"  {found}" for found in self.violations[:20]),
        ]
        return "\n".join(lines)


def judge(evidence: Evidence) -> Verdict:
    """Look at everything, in every way there is."""
    sides = Sides(evidence)
    looks = list(Court(sides).looks())
    if evidence.books is not None:
        ledger = Ledger(sides, evidence.books)
        looks += [*Audit(ledger).looks(), *Replies(ledger).looks()]
    found = tuple(violation for look in looks for violation in look())
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
    """The looks that need no ledger: they judge any adapter."""

    def __init__(self, sides: Sides) -> None:
        self.sides = sides
        self.evidence = sides.evidence

    def looks(self) -> Iterator[Callable[[], Iterator[Violation]]]:
        """Every look there is."""
        yield self.replies
        yield self.earned
        yield self.zero_once
        if self.evidence.books is None:
            yield self.one_answer
            yield self.own_effect_unrecorded

    def replies(self) -> Iterator[Violation]:
        """Every answer is exactly 200 and what WeChat documents."""
        for delivery in self.evidence.deliveries:
            for wrong in delivery.wrong:
                yield violation("reply", delivery.press, wrong)

    def one_answer(self) -> Iterator[Violation]:
        """I3 without a ledger: all definite answers to one push are equal."""
        for press, deliveries in self.evidence.by_press.items():
            if len({delivery.code for delivery in deliveries if delivery.definite}) > 1:
                yield violation("I3", press, told(deliveries))

    def earned(self) -> Iterator[Violation]:
        """I4: 0 only once the carrier cancelled it; other codes only where they are true."""
        for press, deliveries in self.evidence.by_press.items():
            codes = kind_of(press.waybill).codes
            for delivery in deliveries:
                if not delivery.definite:
                    continue
                if delivery.code not in codes:
                    yield violation("I4", press, f"told {delivery.code}, may be {sorted(codes)}")
                elif delivery.code == CANCELLED and not self.sides.was_cancelled(
                    press, before=delivery.ended_at
                ):
                    yield violation("I4", press, f"told 0, not cancelled; {told(deliveries)}")

    def zero_once(self) -> Iterator[Violation]:
        """I6: a push first delivered after 0 was told elsewhere is never told 0, unless that
        0 came from memory and was not yet written."""
        for presses in self.evidence.by_waybill.values():
            zeros = [
                delivery
                for press in presses
                for delivery in self.evidence.by_press[press]
                if delivery.code == CANCELLED
            ]
            if not zeros:
                continue
            first = min(zeros, key=lambda zero: zero.ended_at)
            known_at = self.sides.written_by(first)
            for zero in zeros:
                began = self.evidence.by_press[zero.press][0].sent_at
                if zero.press != first.press and began > known_at:
                    told_to = f"0 was told before, to press {first.press.nth}"
                    yield violation("I6", zero.press, told_to)

    def own_effect_unrecorded(self) -> Iterator[Violation]:
        """I5 without a ledger: 30003 where no other push heard 0, nor may have."""
        for press, _ in self.sides.told_cancelled_before():
            if not any(map(self.sides.may_have_heard_zero, self.sides.others(press))):
                yield violation("I5", press, "told 30003, and nobody else was told 0")
