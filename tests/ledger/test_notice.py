from __future__ import annotations

import pytest
from sqlalchemy import func, select

from adapter.cancellation.model import Outcome, State
from adapter.ledger.notice import Notice
from adapter.ledger.operate import maintenance
from adapter.ledger.operate.maintenance import prune, tell
from adapter.ledger.search import Archive, Filters, open_archive
from adapter.ledger.tables import notice
from tests.conformance.decisions import Session, key_of
from tests.ledger.recording import write

LIST = Filters(told_failure=True)
CANCELLED = {"state": State.DONE, "outcome": Outcome.CANCELLED}


async def numbers(url: str) -> set[int]:
    """Return who stands on the list of those to tell."""
    async with open_archive(url) as archive:
        return {int(entry.key, 16) for entry in await archive.search(LIST)}


async def told(url: str, *asked: int) -> set[int]:
    keys = [key_of(number) for number in asked]
    return {int(key, 16) for key in await tell(url, keys, who="li", how="phone", at=5.5)}


async def test_the_list_shrinks_as_it_is_ticked_off(url: str, serving: Session) -> None:
    for number in (1, 2):
        await write(serving, number, told=Outcome.IN_DOUBT, **CANCELLED)

    ticked = await told(url, 1)

    assert (ticked, await numbers(url)) == ({1}, {2})
    async with open_archive(url) as archive:
        view = await archive.show(key_of(1))
        counts = await archive.counts()
    assert view is not None
    assert view.notices == (
        Notice(key=key_of(1), who="li", how="phone", outcome=Outcome.CANCELLED, at=5.5),
    )
    assert counts.told_failure == 1


async def test_only_who_stands_on_the_list_is_ticked_off(url: str, serving: Session) -> None:
    await write(serving, 1, told=None, **CANCELLED)
    await write(serving, 2, told=Outcome.CANCELLED, **CANCELLED)
    await write(serving, 3, state=State.IN_DOUBT, told=Outcome.IN_DOUBT)

    assert await told(url, 1, 2, 3, 4) == {1}
    assert await told(url, 1) == set()


@pytest.mark.parametrize("before", [Outcome.PICKED_UP, Outcome.FAILED, Outcome.ALREADY_CANCELLED])
async def test_whoever_was_told_anything_but_cancelled_is_on_the_list(
    url: str, serving: Session, before: Outcome
) -> None:
    await write(serving, 1, told=before, **CANCELLED)

    assert await numbers(url) == {1}


async def test_a_notice_counts_only_for_the_outcome_that_was_told(
    url: str, serving: Session
) -> None:
    await write(serving, 1, told=Outcome.IN_DOUBT, **CANCELLED)
    await told(url, 1)
    await write(serving, 1, told=Outcome.IN_DOUBT, state=State.DONE, outcome=Outcome.PICKED_UP)

    async with open_archive(url) as archive:
        assert await archive.count(LIST) == 0


async def test_many_are_ticked_off_in_steps(
    url: str, serving: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "STEP_ROWS", 2)
    for number in range(1, 6):
        await write(serving, number, told=Outcome.FAILED, **CANCELLED)

    assert await told(url, 1, 2, 3, 4, 5) == {1, 2, 3, 4, 5}


async def test_a_notice_is_pruned_with_its_push(url: str, serving: Session) -> None:
    await write(serving, 1, told=None, **CANCELLED)
    await told(url, 1)

    removed = [step async for step in prune(url, keep_seconds=86_400.0, now=1e6)]

    assert removed == [1]
    async with open_archive(url) as archive:
        assert await _all_notices(archive) == 0


async def _all_notices(archive: Archive) -> int:
    return await archive._number(select(func.count()).select_from(notice))
