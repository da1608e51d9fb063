from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from adapter.cancellation.errors import LedgerUnavailable
from adapter.cancellation.ports import Change, Decision, Story
from adapter.ledger import writer as limits
from adapter.ledger.batch import Item
from adapter.ledger.errors import Poisoned, StoreFault, Unwritable
from adapter.ledger.writer import Writer
from tests.conformance.decisions import WAYBILL, begin, fail, key_of, read, waybill_of

STORY = Story(entries=(), me="1", living=frozenset("1"), now=0.0)


class ScriptedStore:
    """Runs decisions on an empty story; each of `troubles` befalls one batch, after its run.

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
                change = item.decision(STORY)
            except Exception as error:
                item.error = error
            else:
                item.result, item.wrote = change.result, bool(change.entries)
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


@pytest.fixture
def store() -> ScriptedStore:
    return ScriptedStore()


@pytest.fixture
async def writer(store: ScriptedStore) -> AsyncIterator[Writer]:
    writer = Writer(store, written=lambda _: None)
    writer.start()
    yield writer
    store.gate.set()
    await writer.close(within_seconds=1)


def claim(number: int = 1, *, withdraw: Decision[None] | None = None) -> Item:
    waybill = waybill_of(number)
    return Item(waybill, begin(waybill, key_of(number)), withdraw=withdraw)


def nothing(story: Story) -> Change[None]:
    return Change(result=None)


async def until(condition: asyncio.Event | None = None, *, turns: int = 20) -> None:
    """Let everybody run who can."""
    if condition is not None:
        async with asyncio.timeout(5):
            await condition.wait()
    for _ in range(turns):
        await asyncio.sleep(0)


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
    assert store.batches[1][0].decision is nothing


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

    assert store.batches[1][0].decision is nothing


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

    decisions = [[item.decision is nothing for item in batch] for batch in store.batches]
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


async def test_a_closed_writer_refuses(store: ScriptedStore) -> None:
    writer = Writer(store, written=lambda _: None)
    writer.start()
    await writer.close(within_seconds=1)

    with pytest.raises(LedgerUnavailable, match="closing"):
        await writer.submit(claim(), within_seconds=5)


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
