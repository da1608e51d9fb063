from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from blockbuster import BlockBuster
from sqlalchemy import func, select

from adapter.cancellation.model import Entry, Outcome, State
from adapter.cancellation.ports import Change, Decision, Story
from adapter.ledger.errors import LedgerNotOpened, SchemaOutdated
from adapter.ledger.migrating import migrate
from adapter.ledger.open import open_ledger
from adapter.ledger.prune import prune
from adapter.ledger.resolution import Resolution
from adapter.ledger.search import Archive, Counts, Filters, open_archive
from adapter.ledger.tables import call, resolution
from tests.conformance.decisions import Session, begin, calling, finish, key_of, waybill_of
from tests.conformance.postgres import Postgres

DAY = 86_400.0
WORD = Resolution(
    key=key_of(1), who="li", reason="asked the depot", outcome=Outcome.CANCELLED, at=5.5
)


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(
    request: pytest.FixtureRequest, tmp_path: Path, no_blocking_calls: BlockBuster
) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    url: str = request.getfixturevalue("postgres").new_database()
    no_blocking_calls.deactivate()  # a command of its own, with a loop to itself
    await migrate(url)
    no_blocking_calls.activate()
    return url


@pytest.fixture
async def serving(url: str) -> AsyncIterator[Session]:
    async with open_ledger(url) as ledger:
        yield ledger


@pytest.fixture
async def archive(url: str, serving: Session) -> AsyncIterator[Archive]:
    async with open_archive(url) as opened:
        yield opened


def record(number: int, **fields: object) -> Decision[Entry]:
    """Write the push `number`, received `number` seconds after the epoch."""

    def decide(story: Story) -> Change[Entry]:
        entry = calling(waybill_of(number), key_of(number), story)
        entry = replace(entry, received_at=float(number), **fields)  # type: ignore[arg-type]
        return Change(result=entry, entries=(entry,))

    return decide


async def write(ledger: Session, number: int, **fields: object) -> Entry:
    return await ledger.commit(waybill_of(number), record(number, **fields), within_seconds=5)


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

    story = await archive.show(key)

    assert story is not None
    assert story.entry.outcome is Outcome.CANCELLED
    assert [(call.epoch, call.status) for call in story.calls] == [(1, "CANCELLED")]
    assert story.resolutions == (WORD,)


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


async def test_what_is_settled_and_old_is_pruned_with_its_calls(
    url: str, serving: Session, archive: Archive
) -> None:
    for number in (1, 2, 3, 4):
        await write(serving, number)
    await serving.settle(waybill_of(1), finish(key_of(1)), resolution=WORD, within_seconds=5)
    await write(serving, 2, state=State.IN_DOUBT)
    await write(serving, 4, state=State.UNSENT)
    young = await write(serving, int(3 * DAY), state=State.DONE)

    removed = [step async for step in prune(url, keep_seconds=DAY, now=3.5 * DAY)]

    assert removed == [2]
    assert await archive.show(key_of(1)) is None
    assert await archive.show(key_of(4)) is None
    for rows in (call, resolution):
        assert await archive._connection.scalar(select(func.count()).select_from(rows)) == 0
    assert {entry.key for entry in await archive.search(Filters())} == {
        young.key,
        key_of(2),
        key_of(3),
    }


async def test_less_than_a_day_is_never_pruned(url: str) -> None:
    with pytest.raises(ValueError, match="a day at least"):
        await anext(prune(url, keep_seconds=DAY - 1, now=0))
