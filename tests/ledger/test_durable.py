from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from adapter.cancellation.errors import LedgerUnavailable
from adapter.cancellation.model import Entry, Outcome
from adapter.cancellation.ports import NO_REWIND, Rewind
from adapter.ledger import durable
from adapter.ledger.batch import Item
from adapter.ledger.durable import POLL_SECONDS, DurableLedger
from adapter.ledger.errors import StoreFault
from adapter.ledger.open import open_ledger
from adapter.ledger.resolution import Resolution
from adapter.ledger.search import open_archive
from adapter.ledger.sqlite.session import SqliteStore
from adapter.ledger.waiting import Waiting
from tests.conformance.decisions import (
    WAYBILL,
    begin,
    deliver,
    finish,
    key_of,
    read,
    waybill_of,
)

K = key_of(1)


@dataclass
class Nobody:
    """A session that has not begun."""

    me: str = "17"
    identity_key: bytes = b"k" * 32
    rewind: Rewind = NO_REWIND


@dataclass
class SilentStore:
    """A store that keeps nothing and can be made to fail; notes when it is opened and left."""

    session: Nobody = field(default_factory=Nobody)
    seen: list[str] = field(default_factory=list)
    trouble: Exception | None = None
    answers: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self, *, may_be_away: bool) -> None:
        self.seen.append("open")

    async def close(self) -> None:
        self.seen.append("close")

    async def execute(self, items: Sequence[Item]) -> None:
        self.seen.append("execute")

    async def probe(self, *, writing: bool) -> None:
        pass

    async def doubtful(self, *, limit: int) -> tuple[Entry, ...]:
        if self.trouble is not None:
            raise self.trouble
        await self.answers.wait()
        return ()

    async def settled_by_hand(self, *, limit: int) -> tuple[Entry, ...]:
        return await self.doubtful(limit=limit)


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[DurableLedger]:
    store = SqliteStore(tmp_path / "ledger.db")
    async with DurableLedger(store, waiting=Waiting()) as opened:
        yield opened


async def test_it_goes_by_its_sessions_name_and_key() -> None:
    ledger = DurableLedger(SilentStore(), waiting=Waiting())

    assert (ledger.me, ledger.identity_key) == ("17", b"k" * 32)
    assert (ledger.fault, ledger.dropped_notes) == (None, 0)


async def test_what_is_queued_is_written_before_the_store_is_left() -> None:
    store = SilentStore()

    async with DurableLedger(store, waiting=Waiting()) as ledger:
        ledger.note(WAYBILL, deliver(K))

    assert store.seen == ["open", "execute", "close"]


async def test_what_was_committed_and_noted_is_read_by_the_next(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    async with open_ledger(url) as ledger:
        assert await ledger.commit(WAYBILL, begin(WAYBILL, K), within_seconds=5) == "won"
        ledger.note(WAYBILL, deliver(K))

    async with open_ledger(url) as ledger:
        (entry,) = (await ledger.commit(WAYBILL, read, within_seconds=5)).entries
    assert entry.deliveries == 2


async def test_an_operators_decision_is_kept_with_who_took_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    word = Resolution(key=K, who="li", reason="seen", outcome=Outcome.PICKED_UP, at=1.0)
    async with open_ledger(url) as ledger:
        await ledger.commit(WAYBILL, begin(WAYBILL, K), within_seconds=5)

        outcome = await ledger.settle(
            WAYBILL, finish(K, word.outcome), resolution=word, within_seconds=5
        )

    async with open_archive(url) as archive:
        view = await archive.show(K)
    assert outcome is Outcome.PICKED_UP
    assert view is not None
    assert (view.entry.outcome, view.resolutions) == (Outcome.PICKED_UP, (word,))


async def test_a_write_of_our_own_wakes_who_waits_for_its_waybill(ledger: DurableLedger) -> None:
    waiting = asyncio.create_task(ledger.changed(WAYBILL, within_seconds=30))
    other = asyncio.create_task(ledger.changed(waybill_of(2), within_seconds=30))
    await asyncio.sleep(0)

    await ledger.commit(WAYBILL, begin(WAYBILL, K), within_seconds=5)
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert (waiting.done(), other.done()) == (True, False)
    other.cancel()


async def test_a_reading_wakes_nobody(ledger: DurableLedger) -> None:
    waiting = asyncio.create_task(ledger.changed(WAYBILL, within_seconds=30))
    await asyncio.sleep(0)

    await ledger.commit(WAYBILL, read, within_seconds=5)
    await asyncio.sleep(0)

    assert not waiting.done()
    waiting.cancel()


async def test_who_is_not_called_looks_again_after_the_polls_time(
    ledger: DurableLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert POLL_SECONDS < 1
    monkeypatch.setattr(durable, "POLL_SECONDS", 0.01)

    async with asyncio.timeout(5):
        await ledger.changed(WAYBILL, within_seconds=3600)


async def test_who_has_less_time_than_a_poll_waits_no_longer(
    ledger: DurableLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable, "POLL_SECONDS", 3600.0)

    async with asyncio.timeout(5):
        await ledger.changed(WAYBILL, within_seconds=0.01)


async def test_a_store_in_trouble_says_its_word_to_who_reads_the_doubtful() -> None:
    ledger = DurableLedger(SilentStore(trouble=StoreFault("corrupt")), waiting=Waiting())

    with pytest.raises(LedgerUnavailable, match="corrupt"):
        await ledger.doubtful(limit=1)


async def test_a_store_that_stands_still_is_not_read_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(durable, "READ_SECONDS", 0.01)
    ledger = DurableLedger(SilentStore(), waiting=Waiting())

    with pytest.raises(LedgerUnavailable, match="not within the time given"):
        await ledger.doubtful(limit=1)
