from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adapter.cancellation.errors import LedgerUnavailable
from adapter.cancellation.model import Basis, Outcome, State
from adapter.ledger.open import open_ledger
from adapter.ledger.operate import settling
from adapter.ledger.operate.settling import (
    NotInDoubt,
    NotOperators,
    Settlement,
    correct,
    resolve,
    resolve_many,
)
from adapter.ledger.resolution import Resolution
from adapter.ledger.search import open_archive
from tests.conformance.decisions import (
    WAYBILL,
    Session,
    begin,
    doubt,
    finish,
    key_of,
    waybill_of,
)

K = key_of(1)
WORD = Resolution(key=K, who="li", reason="rang", outcome=Outcome.PICKED_UP, at=5.5)


def url_of(path: Path) -> str:
    return f"sqlite:///{path}/ledger.db"


async def test_an_operators_word_settles_doubt_beside_who_serves(tmp_path: Path) -> None:
    url = url_of(tmp_path)
    async with open_ledger(url) as serving:
        await serving.commit(WAYBILL, begin(WAYBILL, K), within_seconds=5)
        await serving.commit(WAYBILL, doubt(K), within_seconds=5)
        (found,) = await serving.doubtful(limit=1)

        done = await resolve(url, found=found, resolution=WORD)

        with pytest.raises(NotInDoubt) as refused:
            await resolve(url, found=found, resolution=WORD)
    async with open_archive(url) as archive:
        view = await archive.show(K)

    assert (done.state, done.outcome, done.basis) == (
        State.DONE,
        Outcome.PICKED_UP,
        Basis.OPERATOR,
    )
    assert refused.value.entry == done
    assert view is not None
    assert view.resolutions == (WORD,)  # not the refused one


async def test_a_call_that_is_under_way_is_not_settled_and_one_of_the_dead_is(
    tmp_path: Path,
) -> None:
    url = url_of(tmp_path)
    async with open_ledger(url) as serving:
        await serving.commit(WAYBILL, begin(WAYBILL, K), within_seconds=5)
        async with open_archive(url) as archive:
            view = await archive.show(K)
        assert view is not None
        with pytest.raises(NotInDoubt):
            await resolve(url, found=view.entry, resolution=WORD)

    (tmp_path / "ledger.db.lock").unlink()
    done = await resolve(url, found=view.entry, resolution=WORD)

    assert done.state is State.DONE
    assert not (tmp_path / "ledger.db.lock").exists()  # a command takes no lock


async def doubtful(ledger: Session, number: int) -> Settlement:
    """Put the push `number` in doubt; return what an operator says of it."""
    waybill, key = waybill_of(number), key_of(number)
    await ledger.commit(waybill, begin(waybill, key), within_seconds=5)
    await ledger.commit(waybill, doubt(key), within_seconds=5)
    return Settlement(waybill=waybill, resolution=replace(WORD, key=key))


async def test_many_are_settled_in_steps_and_what_is_refused_keeps_nobody(
    url: str, serving: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "STEP_ROWS", 2)
    wanted = [await doubtful(serving, number) for number in (1, 2, 3, 4, 5)]
    await serving.commit(wanted[1].waybill, finish(key_of(2)), within_seconds=5)
    unknown = replace(WORD, key=key_of(404))
    wanted.append(Settlement(waybill=waybill_of(404), resolution=unknown))

    steps = [step async for step in resolve_many(url, wanted)]

    assert list(map(len, steps)) == [2, 2, 2]
    refused = {
        int(each.settlement.resolution.key, 16): each.refused
        for step in steps
        for each in step
        if each.refused is not None
    }
    assert set(refused) == {2, 404}
    (done, missing) = refused.values()
    assert isinstance(done, NotInDoubt)
    assert done.entry is not None
    assert done.entry.outcome is Outcome.CANCELLED
    assert isinstance(missing, NotInDoubt)
    assert missing.entry is None
    async with open_archive(url) as archive:
        for number in (1, 3, 4, 5):
            view = await archive.show(key_of(number))
            assert view is not None
            assert view.entry.basis is Basis.OPERATOR
            assert view.resolutions == (replace(WORD, key=key_of(number)),)


async def test_a_ledger_that_takes_nothing_is_not_asked_for_all_of_it(
    url: str, serving: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "STEP_ROWS", 1)
    monkeypatch.setattr(settling, "WITHIN_SECONDS", 0.0)
    wanted = [await doubtful(serving, number) for number in (1, 2)]

    refused = [each async for step in resolve_many(url, wanted) for each in step]

    assert all(isinstance(each.refused, LedgerUnavailable) for each in refused)
    assert "not tried" in str(refused[1].refused)


async def test_an_operator_corrects_an_operator_and_both_lines_stay(
    url: str, serving: Session
) -> None:
    wanted = await doubtful(serving, 1)
    (found,) = await serving.doubtful(limit=1)
    await resolve(url, found=found, resolution=wanted.resolution)
    better = Resolution(
        key=key_of(1), who="wang", reason="saw it", outcome=Outcome.CANCELLED, at=6.5
    )

    corrected = await correct(url, found=found, resolution=better)

    assert (corrected.outcome, corrected.basis) == (Outcome.CANCELLED, Basis.OPERATOR)
    async with open_archive(url) as archive:
        view = await archive.show(key_of(1))
    assert view is not None
    assert view.resolutions == (wanted.resolution, better)


async def test_what_the_carrier_decided_is_not_corrected(url: str, serving: Session) -> None:
    wanted = await doubtful(serving, 1)
    (found,) = await serving.doubtful(limit=1)
    await serving.commit(wanted.waybill, finish(key_of(1)), within_seconds=5)

    with pytest.raises(NotOperators) as refused:
        await correct(url, found=found, resolution=wanted.resolution)

    assert refused.value.entry is not None
    assert refused.value.entry.outcome is Outcome.CANCELLED
