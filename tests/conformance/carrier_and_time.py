"""A carrier that acts and answers when it is told to, and a loop whose time can be moved on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from adapter.cancellation.model import (
    Cancellation,
    CarrierAnswer,
    Entry,
    Fact,
)
from adapter.cancellation.ports import CarrierTraits
from tests.cancellation.playing import (
    ALREADY,
    CANCELLED,
    TRAITS,
)


class MovedLoop(asyncio.SelectorEventLoop):
    """A loop whose clock can be moved on: what is due by then happens at once."""

    moved = 0.0

    def time(self) -> float:
        return super().time() + self.moved


@dataclass(eq=False)
class Asked:
    """One call that reached the carrier's wire."""

    key: str
    answer: asyncio.Future[CarrierAnswer]
    executed: CarrierAnswer | None = None


@dataclass(eq=False)
class PlayedCarrier:
    """Cancels when it is told to; answers when it is told to, or never."""

    expecting: Callable[[str], None]
    knows_request_ids: bool
    calls: list[Asked] = field(default_factory=list)
    remembered: dict[str, CarrierAnswer] = field(default_factory=dict)
    cancelled: bool = False
    traits: CarrierTraits = TRAITS

    async def ready(self, *, within_seconds: float) -> bool:
        return True

    async def cancel(
        self, cancellation: Cancellation, *, request_id: str, within_seconds: float
    ) -> CarrierAnswer:
        self.expecting(request_id)
        call = Asked(key=request_id, answer=asyncio.get_running_loop().create_future())
        self.calls.append(call)
        return await call.answer

    async def lookup(self, entry: Entry, *, within_seconds: float) -> Fact | None:
        return None

    def execute(self, call: Asked) -> None:
        answer = self.remembered.get(call.key) if self.knows_request_ids else None
        call.executed = answer or (ALREADY if self.cancelled else CANCELLED)
        self.remembered[call.key] = call.executed
        self.cancelled = True
