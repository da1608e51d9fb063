from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from adapter.cancellation.model import Outcome, State
from adapter.ledger.resolution import Resolution
from adapter.ledger.search import Archive, Counts, Filters, open_archive
from tests.conformance.decisions import Session, begin, finish, key_of, waybill_of
from tests.ledger.recording import write

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
