"""A ledger moved to another database: whole, compared, and gone on with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from blockbuster import BlockBuster
from sqlalchemy import Connection, delete, func, insert, select, update

from adapter.ledger.errors import LedgerInUse, LedgerNotOpened
from adapter.ledger.open import open_ledger
from adapter.ledger.operate import copying
from adapter.ledger.operate.copying import Copy, CopyRefused, copy
from adapter.ledger.operate.maintenance import migrate, writing
from adapter.ledger.tables import call, meta, push, resolution
from tests.conformance.postgres import Postgres


@pytest.fixture(autouse=True)
def may_block(no_blocking_calls: BlockBuster) -> None:
    """A command has its loop to itself."""
    no_blocking_calls.deactivate()


@pytest.fixture(params=["to a server", "to a file"])
async def urls(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: Postgres
) -> tuple[str, str]:
    """Where a ledger stands, and where it is to go."""
    file, server = f"sqlite:///{tmp_path}/ledger.db", postgres.new_database()
    urls = (file, server) if request.param == "to a server" else (server, file)
    await migrate(urls[0])
    async with open_ledger(urls[0]):
        pass
    await filled(urls[0], range(25))
    return urls


def rows(numbers: range) -> list[dict[str, object]]:
    return [
        {
            **dict.fromkeys(
                ("account", "open_id", "biz_id", "shop_app_id", "message", "why", "owner"), "x"
            ),
            "key": f"{number:032x}",
            "waybill_id": f"运单{number}",
            "order_id": f"O{number}",
            "state": "done" if number % 3 else "in_doubt",
            "pushed_at": 1_600_000_000,
            "received_at": 1_600_000_000.1 + number / 7,
            "calls": 2,
            "outcome": "cancelled" if number % 3 else None,
            "basis": "carrier" if number % 3 else None,
            "told": "cancelled" if number % 2 else None,
            "deliveries": 1 + number % 4,
            "called_at": 1_600_000_000.3,
            "settled_at": 0.1 + 0.2,
            "cause": "carrier",
        }
        for number in numbers
    ]


async def filled(url: str, numbers: range) -> None:
    def fill(connection: Connection) -> None:
        connection.execute(insert(push), rows(numbers))
        connection.execute(
            insert(call),
            [
                {"key": f"{number:032x}", "epoch": epoch, "sent_at": 1.5, "status": "UNAVAILABLE"}
                for number in numbers
                for epoch in (1, 2)
            ],
        )
        word = {"key": "0" * 32, "who": "li", "reason": "seen", "outcome": "cancelled", "at": 2.5}
        connection.execute(insert(resolution), [word, {**word, "who": "wang"}])
        connection.commit()

    async with writing(url) as write:
        await write(fill)


async def changed(url: str, statement: object) -> None:
    def change(connection: Connection) -> None:
        connection.execute(statement)  # type: ignore[call-overload]
        connection.commit()

    async with writing(url) as write:
        await write(change)


async def moved(urls: tuple[str, str]) -> Copy:
    return await copy(*urls, progress=lambda *_: None)


def written(done: Copy) -> dict[str, int]:
    return {each.table: each.written for each in done.tables if each.written}


async def test_every_row_arrives_and_is_compared(
    urls: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "STEP_ROWS", 7)
    seen: list[tuple[str, int, int]] = []

    done = await copy(*urls, progress=lambda *step: seen.append(step))

    assert done.is_complete
    assert written(done) | {"push": 25, "call": 50, "meta": 1, "resolution": 2} == written(done)
    assert ("copying push", 25, 25) in seen
    assert ("comparing call", 50, 50) in seen


async def test_a_second_run_writes_only_what_changed_and_drops_what_was_pruned(
    urls: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "STEP_ROWS", 7)
    await moved(urls)
    again = await moved(urls)
    await filled(urls[0], range(25, 30))
    told = update(push).where(push.c.key == f"{4:032x}").values(told="cancelled", deliveries=9)
    await changed(urls[0], told)
    pruned = [f"{number:032x}" for number in (1, 2)]
    await changed(urls[0], delete(push).where(push.c.key.in_(pruned)))
    await changed(urls[0], delete(call).where(call.c.key.in_(pruned)))

    done = await moved(urls)

    assert written(again) == {}
    assert written(done) == {"push": 6, "call": 10, "resolution": 2}
    assert done.is_complete


async def test_a_run_that_was_cut_short_is_gone_on_with(
    urls: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "STEP_ROWS", 7)

    def cut(what: str, done: int, _total: int) -> None:
        if (what, done) == ("copying push", 14):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await copy(*urls, progress=cut)

    assert written(await moved(urls))["push"] == 11


async def test_the_target_goes_on_where_the_source_stood(urls: tuple[str, str]) -> None:
    async with open_ledger(urls[0]) as source:
        key, me = source.identity_key, source.me
    await moved(urls)
    async with open_ledger(urls[1]) as target:
        assert (target.identity_key, int(target.me)) == (key, int(me) + 1)

    await filled(urls[1], range(40, 41))  # its operators' words get numbers of their own


async def test_a_source_that_is_served_is_copied_but_not_for_the_last_time(
    urls: tuple[str, str],
) -> None:
    async with open_ledger(urls[0]):
        beside = await moved(urls)
    last = await moved(urls)

    assert (beside.is_served, beside.is_complete) == (True, False)
    assert (last.is_served, last.is_complete) == (False, True)


async def test_a_target_that_is_served_or_was_since_is_refused(urls: tuple[str, str]) -> None:
    await moved(urls)
    async with open_ledger(urls[1]):
        with pytest.raises((CopyRefused, LedgerInUse)):
            await moved(urls)

    with pytest.raises(CopyRefused, match="knows more"):
        await moved(urls)


async def test_another_ledger_is_never_overwritten(urls: tuple[str, str]) -> None:
    await migrate(urls[1])
    async with open_ledger(urls[1]):
        pass
    await filled(urls[1], range(1))

    with pytest.raises(CopyRefused, match="another ledger"):
        await moved(urls)


async def test_one_that_was_only_started_once_is_as_good_as_empty(urls: tuple[str, str]) -> None:
    await migrate(urls[1])
    async with open_ledger(urls[1]):
        pass

    assert (await moved(urls)).is_complete


@pytest.mark.parametrize("further", ["delivered again", "a push of its own"])
async def test_a_target_that_knows_more_keeps_it(urls: tuple[str, str], further: str) -> None:
    await moved(urls)
    if further == "delivered again":
        await changed(urls[1], update(push).values(deliveries=99))
    else:
        await changed(urls[1], insert(push).values({**rows(range(99, 100))[0]}))

    with pytest.raises(CopyRefused, match="was served from:"):
        await moved(urls)


async def test_a_ledger_that_nobody_served_from_is_nothing_to_copy(
    tmp_path: Path, postgres: Postgres
) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    await migrate(url)

    with pytest.raises(CopyRefused, match="never served"):
        await copy(url, postgres.new_database(), progress=lambda *_: None)
    with pytest.raises(LedgerNotOpened, match="there is no ledger"):
        await copy(f"{url}x", postgres.new_database(), progress=lambda *_: None)


async def test_what_differs_is_said(urls: tuple[str, str]) -> None:
    done = await moved(urls)
    first, *others = done.tables

    other = replace(done, tables=(replace(first, target_checksum="other"), *others))

    assert (done.is_complete, other.is_complete) == (True, False)


async def count(url: str) -> int:
    async with writing(url) as write:
        return await write(
            lambda opened: opened.scalar(select(func.count()).select_from(meta)) or 0
        )


async def test_a_source_is_read_only(urls: tuple[str, str]) -> None:
    before = await count(urls[0])

    await moved(urls)

    assert await count(urls[0]) == before == await count(urls[1]) == 1
