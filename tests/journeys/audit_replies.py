"""Holds the ledger's books against what was replied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby

from adapter.cancellation.model import Entry, Outcome
from adapter.edge.translate import ANSWERS
from tests.journeys.evidence import UNKNOWN_OR_UNDONE, Delivery
from tests.journeys.recorded import Ledger
from tests.journeys.sides import CANCELLED, Violation, told, violation

CARRIER_SLOW = "carrier_slow"  # why the brake refused


class Replies:
    """The looks at rows and replies."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.sides = ledger.sides

    def looks(self) -> Iterator[Callable[[], Iterator[Violation]]]:
        """Every look there is."""
        yield self.one_answer
        yield self.replies_are_recorded
        yield self.told_is_the_last_reply
        yield self.own_success_is_zero
        yield self.no_is_final
        yield self.not_processed_is_never_sent

    def one_answer(self) -> Iterator[Violation]:
        """I3: all definite answers to one push are equal, but for one correction to 0."""
        for press, deliveries, _ in self.ledger.presses():
            codes = [code for code, _ in groupby(_definite_codes(deliveries))]
            to_zero = len(codes) == 2 and codes[-1] == CANCELLED
            if len(codes) > 1 and not (to_zero and self.ledger.is_corrected(press)):
                yield violation("I3", press, told(deliveries))

    def replies_are_recorded(self) -> Iterator[Violation]:
        """I8: what was told is what is recorded, and was recorded before it was told: but for
        a 0 from memory while the ledger was away, and what was corrected since."""
        for press, deliveries, entry in self.ledger.presses():
            for delivery in deliveries:
                if not delivery.definite:
                    continue
                if delivery.code != CANCELLED and self.ledger.is_corrected(press):
                    continue
                if entry is None or not _recorded(entry, delivery):
                    evidence = f"told {delivery.code}; {self.ledger.row(press)}"
                    yield violation("I8", press, evidence)
                elif entry.settled_at > delivery.ended_at and not self._from_memory(delivery):
                    late = entry.settled_at - delivery.ended_at
                    yield violation("I8", press, f"told {late:.4f} s before it was recorded")

    def told_is_the_last_reply(self) -> Iterator[Violation]:
        """I11: `told` is the code of the last reply that left, where -1 replaces no definite
        code, or of one that was lost on the wire. A reply without the ledger does not count:
        another word than 0 is not told from memory, though the commit that says so lands."""
        for press, deliveries, entry in self.ledger.presses():
            if entry is None:
                continue  # what was told without a row is I8's
            recorded = None if entry.told is None else int(ANSWERS[entry.told])
            claims = recorded is not None and recorded != UNKNOWN_OR_UNDONE
            codes = _definite_codes(deliveries)
            if claims and any(delivery.lost for delivery in deliveries):
                continue
            if claims and not codes and recorded != CANCELLED and self._without_ledger(deliveries):
                continue
            if (codes and recorded != codes[-1]) or (claims and not codes):
                evidence = f"{told(deliveries)}; {self.ledger.row(press)}"
                yield violation("I11", press, evidence)

    def own_success_is_zero(self) -> Iterator[Violation]:
        """I13: no row says anything but 0 above an own call that said "cancelled"."""
        for entry in self.ledger.books.entries:
            calls = self.ledger.calls[entry.key]
            if entry.outcome is not Outcome.CANCELLED and any(
                call.outcome is Outcome.CANCELLED for call in calls
            ):
                outcome = entry.outcome.value if entry.outcome else "nothing"
                evidence = f"{entry.key} says {outcome}, its own call said cancelled"
                yield Violation(invariant="I13", subject=entry.waybill_id, evidence=evidence)

    def no_is_final(self) -> Iterator[Violation]:
        """I14: no push is told a definite no that a call of its own has cancelled, or will."""
        for press, deliveries, _ in self.ledger.presses():
            done = next((asked for asked in self.ledger.asked(press) if asked.done), None)
            for delivery in deliveries:
                if done is not None and delivery.says_no:
                    late = done.time - delivery.ended_at
                    evidence = f"told {delivery.code}, cancelled by its own call {late:+.3f} s on"
                    yield violation("I14", press, evidence)

    def not_processed_is_never_sent(self) -> Iterator[Violation]:
        """I15: nobody is told "not processed" of a push that was sent before, and what the
        brake refused is not sent later either."""
        for press, deliveries, entry in self.ledger.presses():
            sent = [asked.time for asked in self.ledger.asked(press)]
            for delivery in deliveries:
                if not delivery.says_not_processed:
                    continue
                earlier = [at for at in sent if at <= delivery.ended_at]
                if earlier:
                    evidence = f"sent {delivery.ended_at - earlier[0]:.3f} s before it was told"
                    yield violation("I15", press, f'told "not processed", {evidence}')
                elif sent and self._refused_by_brake(entry):
                    evidence = f"sent {sent[0] - delivery.ended_at:.3f} s after it was told"
                    yield violation("I15", press, f'told "not processed", {evidence}')

    def _without_ledger(self, deliveries: list[Delivery]) -> bool:
        return any(self.sides.without_ledger(delivery) is not None for delivery in deliveries)

    def _from_memory(self, delivery: Delivery) -> bool:
        return delivery.code == CANCELLED and self.sides.without_ledger(delivery) is not None

    def _refused_by_brake(self, entry: Entry | None) -> bool:
        """Where nothing else refuses, or the row says so still."""
        says = entry is not None and entry.cause == CARRIER_SLOW
        return says or self.ledger.evidence.brake


def _definite_codes(deliveries: list[Delivery]) -> list[int | None]:
    """The definite codes of one push, in the order in which they were heard."""
    heard = sorted(deliveries, key=lambda delivery: delivery.ended_at)
    return [delivery.code for delivery in heard if delivery.definite]


def _recorded(entry: Entry, delivery: Delivery) -> bool:
    if entry.outcome is None or entry.told is not entry.outcome:
        return False
    return ANSWERS[entry.outcome] == delivery.code
