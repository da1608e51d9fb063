"""A flow at work on one attempt, with a clock that stands still and a ledger that may fail."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from adapter.cancellation.attempt import Attempt
from adapter.cancellation.brake import Brake
from adapter.cancellation.errors import LedgerUnavailable
from adapter.cancellation.flow import CancellationFlow
from adapter.cancellation.gate import Gate
from adapter.cancellation.model import (
    Answer,
    Basis,
    Call,
    Entry,
    Outcome,
    State,
    Waybill,
    fresh_entry,
)
from adapter.cancellation.repeats import RetryBudget
from adapter.cancellation.replies import Replies
from adapter.ledger.memory import MemoryLedger, MemoryStore
from tests import defaults
from tests.cancellation.playing import (
    RememberingMetrics,
    ScriptedCarrier,
    press,
)
from tests.cancellation.views import calls_of

NOW = 1000.0
MINE = fresh_entry("mine", press(1), received_at=NOW)
DOUBTFUL = replace(MINE, state=State.IN_DOUBT, calls=1, called_at=NOW, owner="gone")
ELSEWHERE = replace(MINE, state=State.CALLING, calls=1, called_at=NOW, owner="replica")
DONE = replace(
    DOUBTFUL, state=State.DONE, outcome=Outcome.CANCELLED, basis=Basis.CARRIER, told=None
)


def of_another(entry: Entry) -> Entry:
    return replace(entry, key="other", pushed_at=1)


class StillClock:
    """A clock that a test moves."""

    def now(self) -> float:
        return NOW

    def monotonic(self) -> float:
        return NOW


class PlayedAttempt(Attempt):
    """Somebody waits so many seconds; 0: nobody does. Keeps what it replied."""

    def __init__(self) -> None:
        super().__init__(key="mine", cancellation=press())
        self.seconds = 4.0
        self.said: list[Answer] = []
        self.begun: list[Outcome] = []

    @property
    def awaited(self) -> bool:
        return self.seconds > 0

    def left(self) -> float:
        return self.seconds if self.awaited else -1.0

    def begin_reply(self, truth: Answer) -> bool:
        self.begun.append(truth.outcome)
        return self.awaited

    def reply(self, answer: Answer) -> None:
        self.said.append(answer)


class FailingLedger:
    """Refuses the commits with these numbers, counted from 1."""

    def __init__(self, *numbers: int) -> None:
        self.numbers = numbers
        self.commits = 0

    async def __call__(self, _: Waybill) -> None:
        self.commits += 1
        if self.commits in self.numbers:
            raise LedgerUnavailable("refused")


class Office:
    """A flow and all it works with."""

    def __init__(
        self,
        asked: ScriptedCarrier,
        *,
        failing: Sequence[int] = (),
        entries: Sequence[Entry] = (),
        calls: Sequence[Call] = (),
        repeats: int = 2,
        brake: Brake | None = None,
    ) -> None:
        self.carrier = asked
        self.budget = RetryBudget()
        self.metrics = RememberingMetrics()
        self.gate = Gate()
        self.pauses: list[float] = []
        self.attempt = PlayedAttempt()
        store = MemoryStore()
        store.living.add("replica")
        for entry in entries:
            store.put(entry)
        for call in calls or [call for entry in entries for call in calls_of(entry)]:
            store.calls[call.key, call.epoch] = call
        self.ledger = MemoryLedger(store=store, clock=lambda: NOW, before=FailingLedger(*failing))
        self.replies = Replies(
            ledger=self.ledger,
            metrics=self.metrics,
            clock=StillClock(),
            within_seconds=defaults.DESK.commit_within_seconds,
            pause=self.pause,
        )
        self.flow = CancellationFlow(
            carrier=asked,
            ledger=self.ledger,
            metrics=self.metrics,
            clock=StillClock(),
            gate=self.gate,
            limits=replace(defaults.DESK, repeats=repeats),
            replies=self.replies,
            budget=self.budget,
            brake=brake,
            chance=lambda: 0.5,
        )

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)

    async def handle(self, *, seconds: float = 4.0) -> Answer:
        self.attempt.seconds = seconds
        await self.flow.handle(self.attempt)
        return self.attempt.said[-1]

    @property
    def entry(self) -> Entry:
        return self.ledger.store.entries[MINE.waybill]["mine"]
