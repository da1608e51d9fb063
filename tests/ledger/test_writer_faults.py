"""A store in trouble, or at its end: who is refused, what is tried again, what is undone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from adapter.cancellation.errors import LedgerUnavailable
from adapter.ledger import writer as limits
from adapter.ledger.batch import Item
from adapter.ledger.errors import Poisoned, StoreFault, Unwritable
from adapter.ledger.writer import Writer
from tests.conformance.decisions import WAYBILL, fail, read, waybill_of
from tests.ledger.scripted_store import ScriptedStore, claim, nothing, until


async def test_a_batch_that_failed_for_certain_is_tried_again_in_time(
    writer: Writer, store: ScriptedStore
) -> None:
    store.troubles = [StoreFault("locked")]

    assert await writer.submit(claim(), within_seconds=5) == "won"
    assert len(store.batches) == 2
    assert writer.fault is None


async def test_a_batch_that_may_have_landed_is_refused_and_withdrawn(
    writer: Writer, store: ScriptedStore
) -> None:
    store.troubles = [StoreFault("unreachable", landed=True), StoreFault("unreachable")]

    with pytest.raises(LedgerUnavailable, match="unreachable"):
        await writer.submit(claim(1, withdraw=nothing), within_seconds=5)
    await writer.submit(claim(2), within_seconds=5)

    decisions = [[item.rule is nothing for item in batch] for batch in store.batches]
    assert decisions == [[False], [True], [True], [False]]


async def test_a_poisoned_value_fails_its_own_caller_only(
    writer: Writer, store: ScriptedStore
) -> None:
    store.gate.clear()
    first = asyncio.create_task(writer.submit(claim(0), within_seconds=5))
    await until(store.entered)
    asks = [asyncio.create_task(writer.submit(claim(n), within_seconds=5)) for n in (1, 2, 3)]
    await until()
    store.troubles = [None, Poisoned("together"), Poisoned("the first alone")]
    store.gate.set()
    await first

    results = await asyncio.gather(*asks, return_exceptions=True)

    assert isinstance(results[0], Unwritable)
    assert results[1:] == ["won", "won"]


async def test_the_rest_waits_when_the_store_fails_while_blame_is_sought(
    writer: Writer, store: ScriptedStore
) -> None:
    store.gate.clear()
    first = asyncio.create_task(writer.submit(claim(0), within_seconds=5))
    await until(store.entered)
    asks = [asyncio.create_task(writer.submit(claim(n), within_seconds=5)) for n in (1, 2, 3)]
    await until()
    store.troubles = [None, Poisoned("together"), StoreFault("locked")]
    store.gate.set()
    await first

    assert await asyncio.gather(*asks) == ["won", "won", "won"]


async def test_notes_survive_a_fault_and_are_written_at_the_close(
    store: ScriptedStore,
) -> None:
    writer = Writer(store, written=lambda _: None)
    writer.start()
    store.troubles = [StoreFault("locked")]
    writer.note(Item(WAYBILL, nothing))
    writer.note(Item(WAYBILL, fail))

    await writer.close(within_seconds=5)

    assert [len(batch) for batch in store.batches] == [2, 2]


async def test_what_cannot_be_written_before_the_close_is_refused(
    store: ScriptedStore,
) -> None:
    writer = Writer(store, written=lambda _: None)
    writer.start()
    store.sick = "full"
    ask = asyncio.create_task(writer.submit(claim(), within_seconds=30))
    await until(store.entered)

    await writer.close(within_seconds=0.01)

    with pytest.raises(LedgerUnavailable, match="closed"):
        await ask


async def test_an_idle_store_that_falls_ill_is_noticed_and_so_is_its_recovery(
    writer: Writer, store: ScriptedStore
) -> None:
    async def becomes(fault: str | None) -> None:
        async with asyncio.timeout(1):  # what /readyz shows is at most 1 s old
            while writer.fault != fault:  # noqa: ASYNC110 - the ticking itself is tried here
                await asyncio.sleep(0.01)

    store.sick = "full"
    await becomes("full")
    store.sick = None
    await becomes(None)

    assert True in store.probes


async def test_a_store_that_stands_still_is_a_fault_until_it_moves(
    writer: Writer, store: ScriptedStore
) -> None:
    store.gate.clear()
    with pytest.raises(LedgerUnavailable):
        await writer.submit(Item(WAYBILL, read), within_seconds=1.0)
    during = writer.fault

    store.gate.set()
    await writer.submit(Item(WAYBILL, read), within_seconds=5)
    assert (during, writer.fault) == ("stuck", None)


async def test_who_is_cancelled_in_the_moment_of_the_commit_is_withdrawn(
    store: ScriptedStore,
) -> None:
    def cut(_: Sequence[Item]) -> None:
        ask.cancel()

    writer = Writer(store, written=cut)
    writer.start()
    ask = asyncio.create_task(writer.submit(claim(1, withdraw=nothing), within_seconds=5))

    with pytest.raises(asyncio.CancelledError):
        await ask
    await writer.close(within_seconds=5)

    decisions = [[item.rule is nothing for item in batch] for batch in store.batches]
    assert decisions == [[False], [True]]


async def test_a_note_that_may_have_landed_is_not_written_twice(
    writer: Writer, store: ScriptedStore
) -> None:
    store.troubles = [StoreFault("unreachable", landed=True)]
    writer.note(Item(waybill_of(9), nothing))

    with pytest.raises(LedgerUnavailable):
        await writer.submit(claim(1), within_seconds=5)
    await writer.submit(claim(2), within_seconds=5)

    assert [[item.waybill for item in batch] for batch in store.batches] == [
        [waybill_of(1), waybill_of(9)],
        [waybill_of(2)],
    ]


async def test_notes_that_find_no_room_again_after_a_fault_are_dropped_and_counted(
    store: ScriptedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "NOTES_LIMIT", 2)
    writer = Writer(store, written=lambda _: None)
    writer.start()
    store.gate.clear()
    store.troubles = [StoreFault("locked")]
    for number in (1, 2):
        writer.note(Item(waybill_of(number), nothing))
    ask = asyncio.create_task(writer.submit(claim(0), within_seconds=5))
    await until(store.entered)
    writer.note(Item(waybill_of(3), nothing))

    store.gate.set()
    await ask
    await writer.close(within_seconds=5)

    assert writer.dropped_notes == 1
    assert [item.waybill for item in store.batches[-1]] == [
        waybill_of(0), waybill_of(2), waybill_of(3),
    ]  # fmt: skip


async def test_a_fault_that_stays_is_logged_once(
    store: ScriptedStore, caplog: pytest.LogCaptureFixture
) -> None:
    writer = Writer(store, written=lambda _: None)
    for sick in ("full", "full", "moved", None, "moved"):
        store.sick = sick
        await writer._probe()

    assert [record.getMessage() for record in caplog.records] == [
        "ledger_fault: full",
        "ledger_fault: moved",
        "ledger_fault: moved",
    ]
    assert writer.fault == "moved"
