"""Pushes as they might stand in a ledger, written one by one."""

from __future__ import annotations

from dataclasses import replace

from adapter.cancellation.model import Entry
from adapter.cancellation.ports import Rule, WaybillView, Write
from tests.conformance.decisions import Session, calling, key_of, waybill_of


def record(number: int, **fields: object) -> Rule[Entry]:
    """Write the push `number`, received `number` seconds after the epoch."""

    def decide(view: WaybillView) -> Write[Entry]:
        entry = calling(waybill_of(number), key_of(number), view)
        entry = replace(entry, received_at=float(number), **fields)  # type: ignore[arg-type]
        return Write(result=entry, entries=(entry,))

    return decide


async def write(ledger: Session, number: int, **fields: object) -> Entry:
    """Write the push `number` with these fields, and return it."""
    return await ledger.commit(waybill_of(number), record(number, **fields), within_seconds=5)
