"""A scripted carrier, a watch that remembers, and cancellations to press with."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from adapter.cancellation.model import (
    Cancellation,
    CarrierAnswer,
    Doubt,
    Entry,
    Fact,
    Outcome,
    Unsent,
)
from adapter.cancellation.ports import CarrierTraits

CANCELLED = CarrierAnswer(outcome=Outcome.CANCELLED, status="CANCELLED")
ALREADY = CarrierAnswer(outcome=Outcome.ALREADY_CANCELLED, status="ALREADY_CANCELLED")
UNSUPPORTED = CarrierAnswer(outcome=Outcome.UNSUPPORTED, status="UNSUPPORTED")
PICKED_UP = CarrierAnswer(outcome=Outcome.PICKED_UP, status="PICKED_UP")
UNAVAILABLE = CarrierAnswer(
    outcome=Outcome.IN_DOUBT, status="UNAVAILABLE", doubt=Doubt.LOST_CONNECTION
)
UNKNOWN = CarrierAnswer(
    outcome=Outcome.IN_DOUBT, status="UNKNOWN", doubt=Doubt.SERVER_WORD, text="on the van"
)
UNKNOWN_VALUE = CarrierAnswer(
    outcome=Outcome.IN_DOUBT, status="UNKNOWN_9", doubt=Doubt.UNKNOWN_STATUS
)
REFUSED_LOOK = CarrierAnswer(
    outcome=Outcome.IN_DOUBT, status="FAILED_PRECONDITION", doubt=Doubt.REFUSED_LOOK
)
UNFIT = CarrierAnswer(outcome=Outcome.NOT_FOUND, status="UNFIT", unsent=Unsent.REFUSED)
NOT_SENT = CarrierAnswer(outcome=Outcome.FAILED, status="NOT_SENT", unsent=Unsent.SHED)

TRAITS = CarrierTraits()


class Password:
    """A credential that prints as stars."""

    def reveal(self) -> str:
        return "canary"

    def __repr__(self) -> str:
        return "***"


def press(number: int = 1, *, waybill: str = "W1") -> Cancellation:
    """One press of the button; another number is another press."""
    return Cancellation(
        account="gh_abcdefg",
        open_id="oABCD",
        pushed_at=1533042556 + number,
        biz_id="xyz",
        order_id="O1",
        waybill_id=waybill,
        shop_app_id="wxABCD",
        credential=Password(),
    )


@dataclass
class ScriptedCarrier:
    """Answers call by call from a list; a call whose answer is None hangs until `release`."""

    answers: list[CarrierAnswer | None] = field(default_factory=list)
    fact: Fact | None = None
    facts: list[Fact | None] = field(default_factory=list)
    is_ready: bool = True
    request_ids: list[str] = field(default_factory=list)
    looked_up: int = 0
    late: CarrierAnswer = CANCELLED
    release: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    traits: CarrierTraits = TRAITS

    async def ready(self, *, within_seconds: float) -> bool:
        return self.is_ready

    async def cancel(
        self, cancellation: Cancellation, *, request_id: str, within_seconds: float
    ) -> CarrierAnswer:
        self.request_ids.append(request_id)
        self.asked.set()
        answer = self.answers.pop(0)
        if answer is None:
            await self.release.wait()
            return self.late
        return answer

    async def lookup(self, entry: Entry, *, within_seconds: float) -> Fact | None:
        self.looked_up += 1
        return self.facts.pop(0) if self.facts else self.fact

    @property
    def times_asked(self) -> int:
        return len(self.request_ids)


@dataclass
class RememberingMetrics:
    """Keeps what it was told."""

    calls: list[str] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)
    decided: list[Entry] = field(default_factory=list)
    doubts: list[Entry] = field(default_factory=list)
    refusals: list[Unsent] = field(default_factory=list)

    def called(self, status: str, *, seconds: float) -> None:
        self.calls.append(status)

    def unsent(self, reason: Unsent) -> None:
        self.refusals.append(reason)

    def settled(self, entry: Entry) -> None:
        self.decided.append(entry)

    def doubt(self, entry: Entry) -> None:
        self.doubts.append(entry)

    def alert(self, name: str, *, key: str, detail: str) -> None:
        self.alerts.append(name)


class MachineClock:
    """The real clocks."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


def carrier(*answers: CarrierAnswer | None, fact: Fact | None = None) -> ScriptedCarrier:
    """A carrier that answers its calls so, one after the other."""
    return ScriptedCarrier(answers=list[CarrierAnswer | None](answers), fact=fact)
