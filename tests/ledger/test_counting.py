from __future__ import annotations

from pathlib import Path

from adapter.cancellation.model import Outcome
from adapter.ledger.open import open_ledger
from adapter.ledger.resolution import OURSELVES, Resolution
from tests.conformance.decisions import Session, begin, doubt, finish, key_of, waybill_of


async def settle(ledger: Session, number: int, *, who: str = "li") -> None:
    """Have an operator settle the push `number` as cancelled."""
    waybill, key = waybill_of(number), key_of(number)
    word = Resolution(key=key, who=who, reason="r", outcome=Outcome.CANCELLED, at=5.5)
    await ledger.commit(waybill, begin(waybill, key), within_seconds=5)
    await ledger.commit(waybill, doubt(key), within_seconds=5)
    await ledger.settle(waybill, finish(key), resolution=word, within_seconds=5)


async def test_every_settlement_of_an_operator_is_given_once(serving: Session) -> None:
    for number in (1, 2, 3):
        await settle(serving, number)

    first = await serving.settled_by_hand(limit=2)
    second = await serving.settled_by_hand(limit=2)
    third = await serving.settled_by_hand(limit=2)

    assert {entry.key for entry in first} == {key_of(1), key_of(2)}
    assert [entry.key for entry in second] == [key_of(3)]
    assert third == ()


async def test_of_two_replicas_one_counts(url: str, serving: Session) -> None:
    if url.startswith("sqlite"):
        return  # one process serves from a file
    await settle(serving, 1)

    async with open_ledger(url) as other:
        counted = [*await serving.settled_by_hand(limit=9), *await other.settled_by_hand(limit=9)]

    assert [entry.key for entry in counted] == [key_of(1)]


async def test_a_line_of_our_own_is_no_operators(serving: Session) -> None:
    await settle(serving, 1, who=OURSELVES)

    assert await serving.settled_by_hand(limit=9) == ()


async def test_what_was_settled_before_a_restart_is_counted_after_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    async with open_ledger(url) as before:
        await settle(before, 1)

    async with open_ledger(url) as after:
        assert [entry.key for entry in await after.settled_by_hand(limit=9)] == [key_of(1)]
