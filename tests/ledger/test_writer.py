from __future__ import annotations

import asyncio

import pytest

from adapter.cancellation.errors import LedgerUnavailable
from adapter.ledger import writer as limits
from adapter.ledger.batch import Item
from adapter.ledger.writer import Writer
from tests.conformance.decisions import WAYBILL, waybill_of
from tests.ledger.scripted_store import ScriptedStore, claim, nothing, until


async def test_what_comes_while_a_batch_commits_shares_the_next(
    writer: Writer, store: ScriptedStore
) -> None:
    store.gate.clear()
    asks = [asyncio.create_task(writer.submit(claim(0), within_seconds=5))]
    await until(store.entered)
    asks += [asyncio.create_task(writer.submit(claim(n), within_seconds=5)) for n in range(1, 11)]
    await until()
    store.gate.set()

    assert await asyncio.gather(*asks) == ["won"] * 11
    assert [len(batch) for batch in store.batches] == [1, 10]


async def test_a_caller_learns_nothing_before_the_batch_is_durable(
    writer: Writer, store: ScriptedStore
) -> None:
    store.gate.clear()
    ask = asyncio.create_task(writer.submit(claim(), within_seconds=5))
    await until(store.entered)

    assert not ask.done()
    store.gate.set()
    assert await ask == "won"


async def test_a_commit_given_up_while_queued_never_runs(
    writer: Writer, store: ScriptedStore
) -> None:
    store.gate.clear()
    first = asyncio.create_task(writer.submit(claim(0), within_seconds=5))
    await until(store.entered)
    with pytest.raises(LedgerUnavailable):
        await writer.submit(claim(1), within_seconds=0.01)
    store.gate.set()
    await first
    await writer.submit(claim(2), within_seconds=5)

    assert all(item.waybill != waybill_of(1) for batch in store.batches for item in batch)


async def test_a_commit_that_lands_late_is_withdrawn_before_anything_else(
    writer: Writer, store: ScriptedStore
) -> None:
    store.gate.clear()
    with pytest.raises(LedgerUnavailable):
        await writer.submit(claim(1, withdraw=nothing), within_seconds=0.01)
    waiting = asyncio.create_task(writer.submit(claim(2), within_seconds=5))
    await until()
    store.gate.set()
    await waiting

    assert [[item.waybill for item in batch] for batch in store.batches] == [
        [waybill_of(1)],
        [waybill_of(1)],
        [waybill_of(2)],
    ]
    assert store.batches[1][0].rule is nothing


async def test_a_caller_that_is_cancelled_is_withdrawn_too(
    writer: Writer, store: ScriptedStore
) -> None:
    store.gate.clear()
    ask = asyncio.create_task(writer.submit(claim(1, withdraw=nothing), within_seconds=5))
    await until(store.entered)
    ask.cancel()
    await asyncio.gather(ask, return_exceptions=True)
    store.gate.set()
    await writer.submit(claim(2), within_seconds=5)

    assert store.batches[1][0].rule is nothing


async def test_a_full_queue_refuses_at_once(
    writer: Writer, store: ScriptedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "QUEUE_LIMIT", 2)
    store.gate.clear()
    asks = [asyncio.create_task(writer.submit(claim(0), within_seconds=5))]
    await until(store.entered)
    asks += [asyncio.create_task(writer.submit(claim(n), within_seconds=5)) for n in (1, 2)]
    await until()

    with pytest.raises(LedgerUnavailable, match="no room"):
        await writer.submit(claim(3), within_seconds=5)

    store.gate.set()
    assert await asyncio.gather(*asks) == ["won"] * 3


async def test_the_oldest_notes_are_dropped_and_counted(
    writer: Writer, store: ScriptedStore
) -> None:
    for number in range(limits.NOTES_LIMIT + 3):
        writer.note(Item(waybill_of(number), nothing))
    await writer.submit(claim(), within_seconds=5)

    assert writer.dropped_notes == 3
    assert store.batches[0][1].waybill == waybill_of(3)
    assert len(store.batches[0]) == 1 + limits.BATCH_NOTES_LIMIT


async def test_notes_without_company_are_written_after_a_while(
    writer: Writer, store: ScriptedStore
) -> None:
    writer.note(Item(WAYBILL, nothing))

    await until(store.entered)

    assert [item.waybill for item in store.batches[0]] == [WAYBILL]


async def test_a_closed_writer_refuses(store: ScriptedStore) -> None:
    writer = Writer(store, written=lambda _: None)
    writer.start()
    await writer.close(within_seconds=1)

    with pytest.raises(LedgerUnavailable, match="closing"):
        await writer.submit(claim(), within_seconds=5)
