"""A desk, and everything around it that a test may look at."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from adapter.cancellation.desk import Desk
from adapter.cancellation.gate import Gate
from adapter.cancellation.model import (
    Answer,
    Entry,
    Waybill,
)
from adapter.ledger.memory import MemoryLedger, MemoryStore
from tests import defaults
from tests.cancellation.playing import (
    MachineClock,
    RememberingMetrics,
    ScriptedCarrier,
    press,
)


class Scene:
    """A desk, and everything around it that a test may look at."""

    def __init__(
        self,
        asked: ScriptedCarrier,
        *,
        store: MemoryStore | None = None,
        before: Callable[[Waybill], Awaitable[None]] | None = None,
        commit_within_seconds: float = 1.0,
    ) -> None:
        self.carrier = asked
        self.ledger = MemoryLedger(store=store, before=before)
        self.metrics = RememberingMetrics()
        self.gate = Gate()
        self.desk = Desk(
            carrier=asked,
            ledger=self.ledger,
            metrics=self.metrics,
            clock=MachineClock(),
            gate=self.gate,
            limits=replace(defaults.DESK, commit_within_seconds=commit_within_seconds),
        )

    async def press(self, number: int = 1, *, seconds: float = 2.0) -> Answer:
        return await self.desk.cancel(press(number), within_seconds=seconds)

    def entry(self, key: str) -> Entry:
        return self.ledger.store.entries[press().waybill][key]


class FailingLedger:
    """Lets commits through until told otherwise."""

    def __init__(self) -> None:
        self.is_down = False

    async def __call__(self, _: Waybill) -> None:
        if self.is_down:
            await asyncio.sleep(5)
