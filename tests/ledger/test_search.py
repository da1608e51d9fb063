from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapter.cancellation.model import Entry, Outcome, State
from adapter.ledger.errors import LedgerNotOpened, SchemaOutdated
from adapter.ledger.open import open_ledger
from adapter.ledger.resolution import Resolution
from adapter.ledger.search import Archive, Counts, Filters, open_archive
from tests.conformance.decisions import WAYBILL, Session, begin, finish, key_of, waybill_of
from tests.conformance.postgres import Postgres
from tests.ledger.recording import write
from tests.read_only import read_only

WORD = Resolution(
    key=key_of(1), who="li", reason="asked the depot", outcome=Outcome.CANCELLED, at=5.5
)


@pytest.fixture
async def archive(url: str, serving: Session) -> AsyncIterator[Archive]:
    async with open_archive(url) as opened:
        yield opened


async def test_the_newest_come_first_and_no_more_than_asked(
    serving: Session, archive: Archive
) -> None:
    written = [await write(serving, number) for number in range(5)]

    first = await archive.search(Filters(), limit=2)
    rest = await archive.search(Filters(), limit=10, before=first[-1])

    assert first == (written[4], written[3])
    assert rest == (written[2], written[1], written[0])


@pytest.mark.parametrize(
    "filters",
    [
        Filters(waybill_id=waybill_of(2).waybill_id),
        Filters(order_id="O2"),
        Filters(outcome=Outcome.PICKED_UP),
        Filters(state=State.DONE),
        Filters(told=Outcome.FAILED),
        Filters(since=2.0),
        Filters(since=1.5, until=2.5, biz_id="xyz"),
    ],
)
async def test_each_filter_finds_the_one_it_describes(
    serving: Session, archive: Archive, filters: Filters
) -> None:
    for number in (0, 1):
        await write(serving, number)
    wanted = await write(
        serving,
        2,
        order_id="O2",
        outcome=Outcome.PICKED_UP,
        state=State.DONE,
        told=Outcome.FAILED,
    )

    assert await archive.search(filters) == (wanted,)
    assert await archive.count(filters) == 1


async def test_a_filter_that_fits_nothing_finds_nothing(serving: Session, archive: Archive) -> None:
    await write(serving, 1)

    assert await archive.search(Filters(biz_id="another")) == ()
    assert await archive.search(Filters(until=1.0)) == ()


async def test_the_whole_story_of_a_push_is_shown(serving: Session, archive: Archive) -> None:
    waybill, key = waybill_of(1), key_of(1)
    await serving.commit(waybill, begin(waybill, key), within_seconds=5)
    await serving.settle(waybill, finish(key), resolution=WORD, within_seconds=5)

    view = await archive.show(key)

    assert view is not None
    assert view.entry.outcome is Outcome.CANCELLED
    assert [(call.epoch, call.status) for call in view.calls] == [(1, "CANCELLED")]
    assert view.resolutions == (WORD,)


async def test_an_unknown_push_has_no_story(archive: Archive) -> None:
    assert await archive.show(key_of(404)) is None


async def test_an_export_gives_every_push(serving: Session, archive: Archive) -> None:
    written = [await write(serving, number) for number in range(20)]

    exported = [entry async for entry in archive.export(Filters())]

    assert exported == written[::-1]


async def test_what_is_open_is_counted(serving: Session, archive: Archive) -> None:
    cancelled = {"state": State.DONE, "outcome": Outcome.CANCELLED}
    await write(serving, 1)
    await write(serving, 2, state=State.IN_DOUBT)
    lied = await write(serving, 3, told=Outcome.FAILED, **cancelled)
    untold = await write(serving, 4, told=None, **cancelled)
    await write(serving, 5, told=Outcome.CANCELLED, **cancelled)

    assert await archive.counts() == Counts(calling=1, in_doubt=1, told_failure=2)
    assert await archive.told_failure() == (untold, lied)


async def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LedgerNotOpened, match="no ledger"):
        async with open_archive(f"sqlite:///{tmp_path}/none.db"):
            pass
    with pytest.raises(LedgerNotOpened, match="PostgreSQL"):
        async with open_archive(f"postgresql://postgres@/x?host={tmp_path}"):
            pass


async def test_a_database_without_tables_is_not_changed(postgres: Postgres) -> None:
    with pytest.raises(SchemaOutdated):
        async with open_archive(postgres.new_database()):
            pass


async def test_a_reader_cannot_write(url: str, archive: Archive) -> None:
    with pytest.raises(LedgerNotOpened, match=r"read-?only"):
        async with open_archive(url) as reader:
            await reader._connection.exec_driver_sql("UPDATE meta SET sessions = 0")


def test_a_backup_is_read_where_nobody_may_write(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    asyncio.run(_written(path))

    with read_only(tmp_path / "kept", path) as folder:
        found = asyncio.run(_found(folder / "ledger.db"))

    assert [entry.key for entry in found] == [key_of(1)]


def test_a_backup_with_a_log_is_not_read_without_it(tmp_path: Path) -> None:
    path, log = tmp_path / "ledger.db", tmp_path / "ledger.db-wal"
    asyncio.run(_written(path))
    log.write_bytes(b"pages that are not in the file")

    with (
        read_only(tmp_path / "kept", path, log) as folder,
        pytest.raises(LedgerNotOpened, match="copy both to a folder that you may write to"),
    ):
        asyncio.run(_found(folder / "ledger.db"))


async def _written(path: Path) -> None:
    async with open_ledger(f"sqlite:///{path}") as ledger:
        await ledger.commit(WAYBILL, begin(WAYBILL, key_of(1)), within_seconds=9)


async def _found(path: Path) -> tuple[Entry, ...]:
    async with open_archive(f"sqlite:///{path}") as archive:
        return await archive.search(Filters())
