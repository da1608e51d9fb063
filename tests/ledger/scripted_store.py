"""A store that does what it is told, and what a writer is given to write."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from adapter.cancellation.ports import Rule, WaybillView, Write
from adapter.ledger.batch import Item
from adapter.ledger.errors import StoreFault
from tests.conformance.decisions import begin, key_of, waybill_of

STORY = WaybillView(entries=(), me="1", living=frozenset("1"), now=0.0)


class ScriptedStore:
    """Runs decisions on an empty view; each of `troubles` befalls one batch, after its run.

    While `gate` is closed a batch has run and does not end, as in a slow COMMIT.
    """

    def __init__(self) -> None:
        self.batches: list[list[Item]] = []
        self.troubles: list[Exception | None] = []
        self.probes: list[bool] = []
        self.sick: str | None = None
        self.gate = asyncio.Event()
        self.entered = asyncio.Event()
        self.gate.set()

    async def execute(self, items: Sequence[Item]) -> None:
        self.batches.append(list(items))
        for item in items:
            if item.abandoned:
                continue
            item.ran = True
            try:
                write = item.rule(STORY)
            except Exception as error:
                item.error = error
            else:
                item.result, item.wrote = write.result, bool(write.entries)
        self.entered.set()
        await self.gate.wait()
        trouble = self.troubles.pop(0) if self.troubles else None
        if trouble is not None:
            raise trouble
        if self.sick:
            raise StoreFault(self.sick)

    async def probe(self, *, writing: bool) -> None:
        self.probes.append(writing)
        if self.sick:
            raise StoreFault(self.sick)


def claim(number: int = 1, *, withdraw: Rule[None] | None = None) -> Item:
    waybill = waybill_of(number)
    return Item(waybill, begin(waybill, key_of(number)), withdraw=withdraw)


def nothing(view: WaybillView) -> Write[None]:
    return Write(result=None)


async def until(condition: asyncio.Event | None = None, *, turns: int = 20) -> None:
    """Let everybody run who can."""
    if condition is not None:
        async with asyncio.timeout(5):
            await condition.wait()
    for _ in range(turns):
        await asyncio.sleep(0)
