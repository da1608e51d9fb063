from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from adapter.cancellation.model import Outcome, State
from adapter.ledger.errors import SchemaOutdated
from adapter.ledger.operate import maintenance
from adapter.ledger.operate.maintenance import prune
from adapter.ledger.resolution import Resolution
from adapter.ledger.search import Archive, Filters, open_archive
from adapter.ledger.tables import call, resolution
from adapter.ledger.written import LEAST_KEEP_SECONDS
from tests.conformance.decisions import Session, finish, key_of, waybill_of
from tests.ledger.recording import write

DAY = 86_400.0
WORD = Resolution(
    key=key_of(1), who="li", reason="asked the depot", outcome=Outcome.CANCELLED, at=5.5
)


async def numbers_of(archive: Archive) -> set[int]:
    return {int(entry.key, 16) for entry in await archive.search(Filters())}


async def test_what_is_settled_and_old_is_pruned_with_its_calls(url: str, serving: Session) -> None:
    for number in (1, 2, 3, 4):
        await write(serving, number)
    await serving.settle(waybill_of(1), finish(key_of(1)), resolution=WORD, within_seconds=5)
    await write(serving, 2, state=State.IN_DOUBT)
    await write(serving, 4, state=State.UNSENT)
    young = int(3 * DAY)
    await write(serving, young, state=State.DONE)

    removed = [step async for step in prune(url, keep_seconds=DAY, now=3.5 * DAY)]

    assert removed == [2]
    async with open_archive(url) as archive:
        for rows in (call, resolution):
            assert await archive._number(select(func.count()).select_from(rows)) == 0
        assert await numbers_of(archive) == {young, 2, 3}


async def test_what_is_just_as_old_as_is_kept_stays(url: str, serving: Session) -> None:
    await write(serving, 1, state=State.DONE)
    await write(serving, 2, state=State.DONE)

    removed = [step async for step in prune(url, keep_seconds=DAY, now=DAY + 2)]

    assert removed == [1]
    async with open_archive(url) as archive:
        assert await numbers_of(archive) == {2}


async def test_much_is_pruned_in_short_steps_until_nothing_is_left(
    url: str, serving: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "STEP_ROWS", 2)
    for number in range(1, 5):
        await write(serving, number, state=State.DONE)

    removed = [step async for step in prune(url, keep_seconds=DAY, now=3 * DAY)]

    assert removed == [2, 2]
    async with open_archive(url) as archive:
        assert await numbers_of(archive) == set()


async def test_the_oldest_go_first(
    url: str, serving: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "STEP_ROWS", 2)
    for number in (3, 1, 2):
        await write(serving, number, state=State.DONE)

    assert await anext(prune(url, keep_seconds=DAY, now=3 * DAY)) == 2

    async with open_archive(url) as archive:
        assert await numbers_of(archive) == {3}


async def test_who_serves_goes_on_writing_between_two_steps(
    url: str, serving: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "STEP_ROWS", 1)
    for number in (1, 2):
        await write(serving, number, state=State.DONE)
    steps = prune(url, keep_seconds=DAY, now=3 * DAY)
    await anext(steps)

    beside = await write(serving, int(3 * DAY), state=State.CALLING)

    assert [step async for step in steps] == [1]
    async with open_archive(url) as archive:
        assert await archive.search(Filters()) == (beside,)


async def test_less_than_a_day_is_never_pruned(url: str) -> None:
    assert LEAST_KEEP_SECONDS == DAY

    with pytest.raises(ValueError, match="a day at least"):
        await anext(prune(url, keep_seconds=DAY - 1, now=0))


async def test_a_file_without_our_tables_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(SchemaOutdated, match="start `waybridge serve` once"):
        await anext(prune(f"sqlite:///{tmp_path}/empty.db", keep_seconds=DAY, now=0))
