"""What operators decide about pushes: one, or many at once, and the correction of one.

AdapterError
├── NotInDoubt     there is nothing to settle; nothing was written
└── NotOperators   nothing to correct: no operator decided it; nothing was written
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from adapter.cancellation.errors import AdapterError, LedgerUnavailable
from adapter.cancellation.model import Entry, Waybill, only
from adapter.cancellation.ports import WaybillView, Write
from adapter.cancellation.rules_settle import on_correct, on_resolve
from adapter.ledger.durable import DurableLedger
from adapter.ledger.memory import MemoryLedger
from adapter.ledger.open import open_ledger
from adapter.ledger.resolution import Resolution

WITHIN_SECONDS = 10.0  # SQLite: a turn at the write lock of the `serve` beside us
STEP_ROWS = 192  # settled in one transaction: as many as the writer takes at once
LEAST_PAUSE_SECONDS = 0.02  # between two steps; a long one is followed by as long a pause


class NotInDoubt(AdapterError):
    """There is nothing to settle: the push is decided, unsent, or still being asked."""

    reason = "not_in_doubt"

    def __init__(self, entry: Entry | None) -> None:
        super().__init__("the push is not in doubt")
        self.entry = entry


class NotOperators(AdapterError):
    """There is nothing to correct: it was not an operator who decided the push."""

    reason = "not_settled_by_an_operator"

    def __init__(self, entry: Entry | None) -> None:
        super().__init__("no operator settled the push")
        self.entry = entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What an operator says of the push that `resolution` names, of this waybill."""

    waybill: Waybill
    resolution: Resolution


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """What became of a settlement: `refused` says why it was not written."""

    settlement: Settlement
    refused: NotInDoubt | LedgerUnavailable | None


_Rule = Callable[..., Write[Entry | None]]
_Refusal = Callable[[Entry | None], AdapterError]


async def resolve(url: str, *, found: Entry, resolution: Resolution) -> Entry:
    """Settle the push `found` on an operator's word, in one transaction beside a `serve`.

    Raises `NotInDoubt` with the entry as it stands now, `LedgerNotOpened`, or
    `LedgerUnavailable` when somebody else keeps the ledger; nothing is written then.
    """
    async with open_ledger(url, beside=True) as ledger:
        return await _settle(ledger, Settlement(waybill=found.waybill, resolution=resolution))


async def correct(url: str, *, found: Entry, resolution: Resolution) -> Entry:
    """Correct an operator's settlement of the push `found`; both lines are kept.

    Raises `NotOperators` with the entry as it stands now, and otherwise like `resolve`.
    """
    settlement = Settlement(waybill=found.waybill, resolution=resolution)
    async with open_ledger(url, beside=True) as ledger:
        return await _settle(ledger, settlement, rule=on_correct, refusal=NotOperators)


async def resolve_many(
    url: str, settlements: Sequence[Settlement]
) -> AsyncIterator[tuple[Attempted, ...]]:
    """Settle many pushes beside a `serve`, and yield what became of each step's.

    Every step is one transaction of at most `STEP_ROWS`. Between two of them a `serve` has its
    turn. What is refused keeps nobody else from being settled; once the ledger takes nothing at
    all in time, the rest is not tried any more and is refused too. Raises `LedgerNotOpened`.
    """
    unavailable: LedgerUnavailable | None = None
    async with open_ledger(url, beside=True) as ledger:
        for start in range(0, len(settlements), STEP_ROWS):
            step = settlements[start : start + STEP_ROWS]
            if unavailable is not None:
                yield tuple(Attempted(settlement=each, refused=unavailable) for each in step)
                continue
            began = time.monotonic()
            done = await asyncio.gather(*(_attempt(ledger, each) for each in step))
            yield tuple(done)
            refused = [each.refused for each in done]
            if all(isinstance(each, LedgerUnavailable) for each in refused):
                unavailable = LedgerUnavailable("not tried, as the ledger took nothing in time")
            await asyncio.sleep(max(LEAST_PAUSE_SECONDS, time.monotonic() - began))


async def _attempt(ledger: DurableLedger | MemoryLedger, settlement: Settlement) -> Attempted:
    try:
        await _settle(ledger, settlement)
    except (NotInDoubt, LedgerUnavailable) as refused:
        return Attempted(settlement=settlement, refused=refused)
    return Attempted(settlement=settlement, refused=None)


async def _settle(
    ledger: DurableLedger | MemoryLedger,
    settlement: Settlement,
    *,
    rule: _Rule = on_resolve,
    refusal: _Refusal = NotInDoubt,
) -> Entry:
    return await ledger.settle(
        settlement.waybill,
        partial(_decided, resolution=settlement.resolution, rule=rule, refusal=refusal),
        resolution=settlement.resolution,
        within_seconds=WITHIN_SECONDS,
    )


def _decided(
    view: WaybillView, *, resolution: Resolution, rule: _Rule, refusal: _Refusal
) -> Write[Entry]:
    write = rule(view, key=resolution.key, outcome=resolution.outcome, reason=resolution.reason)
    if write.result is None:
        # Raised, so that the ledger does not keep the word beside a push it did not settle.
        raise refusal(only(view.entries, resolution.key))
    return Write(result=write.result, entries=write.entries)
