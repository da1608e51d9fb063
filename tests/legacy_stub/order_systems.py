"""Order systems made as a test needs them, and what is asked of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest_asyncio

from adapter.carrier.mapping.values import PushFields
from legacy_stub.calls import CallLog
from legacy_stub.order_system import Habits, OrderSystem
from legacy_stub.orders import OrderBook
from legacy_stub.scenarios import Scenario

BOOK = OrderBook.load()

Make = Callable[..., OrderSystem]


def wish(waybill: str, request_id: str = "r1", order: str = "O1") -> PushFields:
    return PushFields(
        waybill_id=waybill, order_id=order, biz_id="xyz", biz_pwd="xyz123", request_id=request_id
    )


@pytest_asyncio.fixture
async def make() -> AsyncIterator[Make]:
    made: list[OrderSystem] = []

    def build(
        *, remembers: bool = True, scenario: Scenario | None = None, drawn: float = 0.0
    ) -> OrderSystem:
        habits = Habits(
            book=BOOK,
            scenario=scenario or Scenario(),
            remembers_request_ids=remembers,
        )
        system = OrderSystem(habits, log=CallLog(), now=lambda: 7.0, chance=lambda: drawn)
        made.append(system)
        return system

    yield build
    for system in made:
        await system.close()
