"""What a ledger promises, whichever of the three it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from blockbuster import BlockBuster

from adapter.cancellation.errors import LedgerUnavailable
from adapter.cancellation.model import Call, Doubt, Entry, Outcome, State
from adapter.cancellation.ports import CarrierTraits, Ledger, Rule, WaybillView, Write
from adapter.cancellation.rules_ask import Allowed, Ask, on_delivery, on_withdraw
from adapter.ledger.memory import MemoryLedger
from adapter.ledger.open import open_ledger
from adapter.ledger.operate.maintenance import migrate
from adapter.ledger.resolution import OURSELVES, Resolution
from adapter.ledger.search import open_archive
from tests.conformance.decisions import (
    WAYBILL,
    Session,
    Wrong,
    begin,
    calling,
    deliver,
    doubt,
    fail,
    finish,
    key_of,
    read,
    waybill_of,
)

K = key_of(1)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def url(
    request: pytest.FixtureRequest, tmp_path: Path, no_blocking_calls: BlockBuster
) -> str:
    kind: str = request.param
    url = {"memory": "memory://", "sqlite": f"sqlite:///{tmp_path}/ledger.db"}.get(kind)
    if url is None:
        url = str(request.getfixturevalue("postgres").new_database())
        no_blocking_calls.deactivate()  # a command of its own, with a loop to itself
        await migrate(url)
        no_blocking_calls.activate()
    return url


@pytest.fixture
async def ledger(url: str) -> AsyncIterator[Session]:
    async with open_ledger(url) as opened:
        yield opened


async def calls_of(ledger: Session, url: str, key: str) -> list[Call]:
    """What the ledger holds of a push's calls, as an operator would read it."""
    if isinstance(ledger, MemoryLedger):
        return [call for call in ledger.store.calls.values() if call.key == key]
    async with open_archive(url) as archive:
        chronicle = await archive.show(key)
        assert chronicle is not None
        return list(chronicle.calls)


async def entries_of(ledger: Ledger, number: int | None = None) -> tuple[Entry, ...]:
    waybill = WAYBILL if number is None else waybill_of(number)
    return (await ledger.commit(waybill, read, within_seconds=5)).entries


async def test_the_identity_key_is_32_bytes(ledger: Session) -> None:
    assert len(ledger.identity_key) == 32


async def test_an_unseen_waybill_has_an_empty_story_with_me_alive(ledger: Session) -> None:
    view = await ledger.commit(WAYBILL, read, within_seconds=5)

    assert view.entries == ()
    assert view.me == ledger.me
    assert ledger.me in view.living


async def test_what_was_written_is_read_back_field_for_field(ledger: Session) -> None:
    written: list[Entry] = []

    def write(view: WaybillView) -> Write[None]:
        written.clear()
        entry = Entry(
            key=K,
            account="商家",
            open_id=" o’penid ",
            pushed_at=2**53,
            biz_id=WAYBILL.biz_id,
            order_id="0001",
            waybill_id=WAYBILL.waybill_id,
            shop_app_id="",
            state=State.DONE,
            received_at=view.now,
            calls=3,
            outcome=Outcome.PICKED_UP,
            message="已揽收 🚚",
            told=Outcome.FAILED,
            deliveries=7,
            owner="42",
            called_at=1.5,
            settled_at=2.25,
            why="because",
            cause="a word of another version",
        )
        written.append(entry)
        return Write(result=None, entries=(entry,))

    await ledger.commit(WAYBILL, write, within_seconds=5)

    assert await entries_of(ledger) == tuple(written)


async def test_of_200_claims_of_one_push_exactly_one_wins(ledger: Session) -> None:
    results = await asyncio.gather(
        *(ledger.commit(WAYBILL, begin(WAYBILL, K), within_seconds=10) for _ in range(200))
    )

    assert sorted(results) == ["calling"] * 199 + ["won"]


async def test_of_200_increments_at_once_none_is_lost(ledger: Session) -> None:
    await ledger.commit(WAYBILL, begin(WAYBILL, K), within_seconds=5)

    await asyncio.gather(
        *(ledger.commit(WAYBILL, deliver(K), within_seconds=10) for _ in range(200))
    )

    (entry,) = await entries_of(ledger)
    assert entry.deliveries == 201


async def test_a_decision_sees_what_one_before_it_wrote_in_the_same_breath(
    ledger: Session,
) -> None:
    first = asyncio.create_task(ledger.commit(WAYBILL, begin(WAYBILL, K), within_seconds=5))
    second = asyncio.create_task(ledger.commit(WAYBILL, finish(K), within_seconds=5))
    third = asyncio.create_task(ledger.commit(WAYBILL, read, within_seconds=5))

    assert await first == "won"
    assert await second is Outcome.CANCELLED
    assert [entry.state for entry in (await third).entries] == [State.DONE]


async def test_stories_of_different_waybills_do_not_mix(ledger: Session) -> None:
    await asyncio.gather(
        *(
            ledger.commit(waybill_of(n), begin(waybill_of(n), key_of(n)), within_seconds=10)
            for n in range(100)
        )
    )

    for number in (0, 50, 99):
        assert [e.key for e in await entries_of(ledger, number)] == [key_of(number)]


async def test_the_story_of_a_waybill_is_told_oldest_first(ledger: Session) -> None:
    for number in (3, 1, 2):
        await ledger.commit(WAYBILL, begin(WAYBILL, key_of(number)), within_seconds=5)

    received = [entry.received_at for entry in await entries_of(ledger)]
    assert received == sorted(received)
    assert len(received) == 3


async def test_a_decision_that_raises_fails_its_own_caller_only(ledger: Session) -> None:
    results = await asyncio.gather(
        ledger.commit(WAYBILL, begin(WAYBILL, K), within_seconds=5),
        ledger.commit(WAYBILL, fail, within_seconds=5),
        ledger.commit(waybill_of(2), fail, within_seconds=5),
        ledger.commit(waybill_of(3), begin(waybill_of(3), key_of(3)), within_seconds=5),
        return_exceptions=True,
    )

    assert results[0] == results[3] == "won"
    assert isinstance(results[1], Wrong)
    assert isinstance(results[2], Wrong)


async def test_a_decision_may_write_only_about_its_own_waybill(ledger: Session) -> None:
    def stray(view: WaybillView) -> Write[None]:
        return Write(result=None, entries=(calling(waybill_of(9), K, view),))

    with pytest.raises(ValueError, match="own waybill"):
        await ledger.commit(WAYBILL, stray, within_seconds=5)

    assert await entries_of(ledger, 9) == ()


async def test_no_time_at_all_is_unavailable_and_writes_nothing(ledger: Session) -> None:
    with pytest.raises(LedgerUnavailable):
        await ledger.commit(WAYBILL, begin(WAYBILL, K), within_seconds=0)

    assert await entries_of(ledger) == ()


async def test_a_note_is_written_in_its_turn(ledger: Session) -> None:
    await ledger.commit(WAYBILL, begin(WAYBILL, K), within_seconds=5)

    ledger.note(WAYBILL, deliver(K))
    await ledger.commit(waybill_of(2), read, within_seconds=5)  # notes ride with a commit

    (entry,) = await entries_of(ledger)
    assert entry.deliveries == 2


async def test_a_failing_note_harms_nobody(ledger: Session) -> None:
    ledger.note(WAYBILL, fail)

    assert await ledger.commit(WAYBILL, begin(WAYBILL, K), within_seconds=5) == "won"


async def test_the_doubtful_are_told_oldest_first_and_no_more_than_asked_for(
    ledger: Session,
) -> None:
    for number in range(5):
        waybill, key = waybill_of(number), key_of(number)
        await ledger.commit(waybill, begin(waybill, key), within_seconds=5)
        await ledger.commit(waybill, doubt(key), within_seconds=5)

    found = await ledger.doubtful(limit=3)

    assert [entry.key for entry in found] == [key_of(number) for number in range(3)]


async def test_a_push_calling_under_a_living_owner_is_not_doubtful(ledger: Session) -> None:
    await ledger.commit(WAYBILL, begin(WAYBILL, K), within_seconds=5)

    assert await ledger.doubtful(limit=10) == ()


async def test_a_call_has_its_own_time_and_not_that_of_one_withdrawn_before_it(
    ledger: Session, url: str
) -> None:
    await ledger.commit(WAYBILL, begin(WAYBILL, K), within_seconds=5)
    (withdrawn,) = await entries_of(ledger)
    await ledger.commit(WAYBILL, partial(on_withdraw, key=K), within_seconds=5)

    ask = partial(
        on_delivery,
        fresh=withdrawn,
        allowed=Allowed(ask=True, repeats=0),
        traits=CarrierTraits(),
    )
    step = await ledger.commit(WAYBILL, ask, within_seconds=5)

    assert isinstance(step, Ask)
    assert step.entry.called_at > withdrawn.called_at
    (call,) = await calls_of(ledger, url, K)
    assert call == Call(key=K, epoch=1, sent_at=step.entry.called_at)


async def test_changed_returns_when_time_is_up(ledger: Session) -> None:
    async with asyncio.timeout(5):
        await ledger.changed(WAYBILL, within_seconds=0.01)


async def test_an_operator_settles_doubt_with_a_name_and_a_reason(ledger: Session) -> None:
    await ledger.commit(WAYBILL, begin(WAYBILL, K), within_seconds=5)
    await ledger.commit(WAYBILL, doubt(K), within_seconds=5)
    word = Resolution(key=K, who="li", reason="asked the depot", outcome=Outcome.CANCELLED, at=1.0)

    settled = await ledger.settle(WAYBILL, finish(K), resolution=word, within_seconds=5)

    assert settled is Outcome.CANCELLED
    assert await ledger.doubtful(limit=10) == ()


async def test_a_rule_sees_the_calls_of_every_row_of_its_waybill(ledger: Session, url: str) -> None:
    lost = Call(
        key=K,
        epoch=1,
        sent_at=1.0,
        ended_at=2.0,
        status="UNKNOWN",
        outcome=Outcome.IN_DOUBT,
        doubt=Doubt.SERVER_WORD,
        text="no such crate 7",
    )
    await ledger.commit(WAYBILL, begin(WAYBILL, K), within_seconds=5)
    running = (await ledger.commit(WAYBILL, read, within_seconds=5)).calls
    await ledger.commit(WAYBILL, doubt(K), within_seconds=5)
    await ledger.commit(WAYBILL, _with_call(lost), within_seconds=5)
    other = key_of(2)
    await ledger.commit(WAYBILL, begin(WAYBILL, other), within_seconds=5)

    seen = (await ledger.commit(WAYBILL, read, within_seconds=5)).calls

    assert [(call.key, call.epoch, call.is_open) for call in running] == [(K, 1, True)]
    assert {call.key: call.is_open for call in seen} == {K: True, other: True}
    assert lost in seen
    assert lost in await calls_of(ledger, url, K)


async def test_a_decision_that_is_corrected_is_kept_in_a_line_of_its_own(
    ledger: Session, url: str
) -> None:
    await ledger.commit(WAYBILL, begin(WAYBILL, K), within_seconds=5)
    await ledger.commit(WAYBILL, finish(K, Outcome.PICKED_UP), within_seconds=5)
    (before,) = await entries_of(ledger)
    corrected = before.but(outcome=Outcome.CANCELLED)

    await ledger.commit(
        WAYBILL,
        lambda _: Write(result=None, entries=(corrected,), replaced=(before,)),
        within_seconds=5,
    )

    kept = await resolutions_of(ledger, url, K)
    assert [(line.who, line.outcome, line.at) for line in kept] == [
        (OURSELVES, Outcome.PICKED_UP, before.settled_at)
    ]


def _with_call(call: Call) -> Rule[None]:
    return lambda _: Write(result=None, calls=(call,))


async def resolutions_of(ledger: Session, url: str, key: str) -> list[Resolution]:
    if isinstance(ledger, MemoryLedger):
        return [line for line in ledger.store.resolutions if line.key == key]
    async with open_archive(url) as archive:
        chronicle = await archive.show(key)
        assert chronicle is not None
        return list(chronicle.resolutions)
