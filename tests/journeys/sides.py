"""WeChat's side and the carrier's side of a journey, sorted so that they can be compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from legacy_stub.calls import ReceivedCall
from tests.journeys.evidence import UNKNOWN_OR_UNDONE, Delivery, Evidence
from tests.journeys.kinds import kind_of
from tests.journeys.program import Press

CANCELLED = 0
BEFORE = 30003


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
