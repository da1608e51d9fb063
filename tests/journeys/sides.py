"""WeChat's side and the carrier's side of a journey, sorted so that they can be compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from legacy_stub.calls import ReceivedCall
from tests.journeys.evidence import UNKNOWN_OR_UNDONE, Delivery, Evidence, Mishap
from tests.journeys.kinds import kind_of
from tests.journeys.mishaps import CUT_OFF, LEDGER_AWAY, OVERLOAD, STALL
from tests.journeys.program import Press

CANCELLED = 0
BEFORE = 30003
WRITTEN_SECONDS = 2.0  # after the ledger is back: what could not be written is tried again
NO_COMMIT_IN_TIME = (LEDGER_AWAY, CUT_OFF, OVERLOAD, STALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One promise that one push or waybill shows broken."""

    invariant: str
    subject: str
    evidence: str

    def __str__(self) -> str:
        return f"{self.invariant} {self.subject}: {self.evidence}"


class Sides:
    """One journey's evidence, by push and by waybill."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.done: dict[str, ReceivedCall] = {}
        self.asked: dict[str, list[ReceivedCall]] = defaultdict(list)
        for asked in sorted(evidence.asked, key=lambda asked: asked.time):
            self.asked[asked.request_id].append(asked)
            if asked.done:
                self.done[asked.waybill] = asked

    def told_cancelled_before(self) -> Iterator[tuple[Press, Delivery]]:
        """Every push that was told 30003 of a waybill that nobody but we can have cancelled."""
        for press, deliveries in self.evidence.by_press.items():
            told = next((delivery for delivery in deliveries if delivery.code == BEFORE), None)
            if told is not None and kind_of(press.waybill).cancels:
                yield press, told

    def others(self, press: Press) -> Iterator[Press]:
        """The other pushes of its waybill."""
        return (other for other in self.evidence.by_waybill[press.waybill] if other != press)

    def may_have_heard_zero(self, press: Press) -> bool:
        """Whether WeChat was told 0, or an answer to it was lost that may have been one."""
        deliveries = self.evidence.by_press[press]
        return any(delivery.code == CANCELLED or delivery.lost for delivery in deliveries)

    def without_ledger(self, delivery: Delivery) -> Mishap | None:
        """The mishap that may have kept the ledger from whoever answered it. A replica that is
        cut off inside a transaction holds locks that the others wait for, too."""
        for mishap in self.evidence.mishaps:
            meanwhile = mishap.at <= delivery.ended_at and delivery.sent_at <= mishap.until
            if meanwhile and mishap.what in NO_COMMIT_IN_TIME:
                return mishap
        return None

    def written_by(self, delivery: Delivery) -> float:
        """When at the latest its replica had written what it told: soon after the ledger was
        back, unless that was away again."""
        if self.without_ledger(delivery) is None:
            return delivery.ended_at
        written_at = delivery.ended_at
        for mishap in sorted(self.evidence.mishaps, key=lambda mishap: mishap.at):
            overlaps = mishap.at <= written_at and mishap.until >= delivery.sent_at
            if mishap.what in NO_COMMIT_IN_TIME and overlaps:
                written_at = max(written_at, mishap.until + WRITTEN_SECONDS)
        return written_at

    def was_cancelled(self, press: Press, *, before: float) -> bool:
        """Whether the carrier had cancelled the waybill by then."""
        done = self.done.get(press.waybill)
        return done is not None and done.time <= before


def violation(invariant: str, press: Press, evidence: str) -> Violation:
    """A promise that was broken to one push."""
    subject = f"{press.waybill} press {press.nth}"
    return Violation(invariant=invariant, subject=subject, evidence=evidence)


def told(deliveries: list[Delivery]) -> str:
    """What a push was told, for people."""
    words = (
        "lost" if delivery.code is None else str(delivery.code)
        for delivery in deliveries
        if delivery.code != UNKNOWN_OR_UNDONE
    )
    return f"told {', '.join(words) or 'only -1'}"
