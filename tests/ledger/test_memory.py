from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from adapter.cancellation.errors import LedgerUnavailable
from adapter.cancellation.model import Outcome, State, Waybill
from adapter.ledger.memory import MemoryLedger, MemoryStore
from adapter.ledger.resolution import Resolution
from tests.conformance.decisions import (
    WAYBILL,
    amend,
    begin,
    deliver,
    fail,
    finish,
    key_of,
    read,
    waybill_of,
)

K = key_of(1)


async def stall(waybill: Waybill) -> None:
    await asyncio.Event().wait()


async def refuse(waybill: Waybill) -> None:
    raise LedgerUnavailable("told to")


async def test_the_push_of_a_closed_session_is_doubtful_to_the_next() -> None:
    store = MemoryStore()
    with_call = MemoryLedger(store=store)
    await with_call.commit(WAYBILL, begin(WAYBILL, K), within_seconds=1)

    with_call.close()

    async with MemoryLedger(store=store) as after:
        (entry,) = await after.doubtful(limit=10)
        view = await after.commit(WAYBILL, read, within_seconds=1)
    assert entry.owner == with_call.me
    assert view.living == {after.me}


async def test_time_is_the_clock_given() -> None:
    ledger = MemoryLedger(clock=lambda: 12.5)

    assert (await ledger.commit(WAYBILL, read, within_seconds=1)).now == 12.5


async def test_a_stall_before_the_write_leaves_nothing() -> None:
    ledger = MemoryLedger(before=stall)

    with pytest.raises(LedgerUnavailable):
        await ledger.commit(WAYBILL, begin(WAYBILL, K), within_seconds=0.01)

    ledger.before = None
    assert (await ledger.commit(WAYBILL, read, within_seconds=1)).entries == ()


async def test_a_stall_after_the_write_is_withdrawn_before_the_next_decision() -> None:
    ledger = MemoryLedger(after=stall)
    withdraw = amend(K, lambda entry: replace(entry, owner="nobody"))

    with pytest.raises(LedgerUnavailable):
        await ledger.commit(WAYBILL, begin(WAYBILL, K), within_seconds=0.01, withdraw=withdraw)

    ledger.after = None
    (entry,) = (await ledger.commit(WAYBILL, read, within_seconds=1)).entries
    assert entry.owner == "nobody"


async def test_a_refusal_reaches_the_caller() -> None:
    with pytest.raises(LedgerUnavailable, match="told to"):
        await MemoryLedger(before=refuse).commit(WAYBILL, read, within_seconds=1)


async def test_changed_returns_when_another_session_writes() -> None:
    store = MemoryStore()
    here, there = MemoryLedger(store=store), MemoryLedger(store=store)
    await there.commit(WAYBILL, begin(WAYBILL, K), within_seconds=1)
    waiting = asyncio.create_task(here.changed(WAYBILL, within_seconds=30))
    await asyncio.sleep(0)

    await there.commit(WAYBILL, finish(K), within_seconds=1)

    async with asyncio.timeout(5):
        await waiting
    assert store.waiting == {}


async def test_notes_are_written_and_a_faulty_one_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ledger = MemoryLedger()
    await ledger.commit(WAYBILL, begin(WAYBILL, K), within_seconds=1)

    ledger.note(WAYBILL, deliver(K))
    ledger.note(WAYBILL, fail)

    (entry,) = (await ledger.commit(WAYBILL, read, within_seconds=1)).entries
    assert (entry.deliveries, entry.state) == (2, State.CALLING)
    assert [record.message for record in caplog.records] == ["note_failed"]


async def test_a_resolution_is_kept() -> None:
    ledger = MemoryLedger()
    await ledger.commit(WAYBILL, begin(WAYBILL, K), within_seconds=1)
    word = Resolution(key=K, who="li", reason="seen", outcome=Outcome.CANCELLED, at=1.0)

    await ledger.settle(WAYBILL, finish(K), resolution=word, within_seconds=1)

    assert ledger.store.resolutions == [word]


async def test_an_interruption_that_lets_it_through_changes_nothing() -> None:
    seen: list[Waybill] = []

    async def look(waybill: Waybill) -> None:
        seen.append(waybill)

    for ledger in (MemoryLedger(before=look), MemoryLedger(after=look)):
        assert await ledger.commit(WAYBILL, begin(WAYBILL, K), within_seconds=1) == "won"

    assert seen == [WAYBILL, WAYBILL]


async def test_no_time_is_no_commit() -> None:
    ledger = MemoryLedger()

    with pytest.raises(LedgerUnavailable):
        await ledger.commit(WAYBILL, begin(WAYBILL, K), within_seconds=0)

    assert (await ledger.commit(WAYBILL, read, within_seconds=1)).entries == ()


async def test_a_decision_about_another_waybill_is_refused_whole() -> None:
    ledger = MemoryLedger()

    with pytest.raises(ValueError, match="only about its own waybill"):
        await ledger.commit(waybill_of(2), begin(WAYBILL, K), within_seconds=1)

    assert (await ledger.commit(WAYBILL, read, within_seconds=1)).entries == ()


async def test_who_gives_up_waiting_leaves_the_others_waiting() -> None:
    ledger = MemoryLedger()
    staying = asyncio.create_task(ledger.changed(WAYBILL, within_seconds=30))
    await ledger.changed(WAYBILL, within_seconds=0)

    await ledger.commit(WAYBILL, begin(WAYBILL, K), within_seconds=1)

    async with asyncio.timeout(5):
        await staying
    assert ledger.store.waiting == {}


def test_every_memory_ledger_has_the_same_32_byte_key() -> None:
    keys = {MemoryLedger().identity_key for _ in range(2)}

    assert {len(key) for key in keys} == {32}
    assert len(keys) == 1
