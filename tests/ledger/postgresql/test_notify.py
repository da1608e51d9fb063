from __future__ import annotations

import asyncio

import asyncpg
import pytest

from adapter.ledger.postgresql import notify
from adapter.ledger.postgresql.connection import connect
from adapter.ledger.postgresql.notify import Notifier
from adapter.ledger.statements import OWNERS
from adapter.ledger.waiting import Waiting, number_of
from tests.conformance.decisions import WAYBILL, waybill_of
from tests.conformance.postgres import Postgres


async def until_in_company(one: Notifier) -> None:
    async with asyncio.timeout(5):
        while one._alone:  # noqa: ASYNC110 - it looks round by itself
            await asyncio.sleep(0.01)


async def test_a_call_is_heard_by_the_other_and_only_by_who_waits_for_it(
    postgres: Postgres,
) -> None:
    url = postgres.new_database()
    owners = [await connect(url) for _ in range(2)]
    for number, owner in enumerate(owners):
        await owner.execute(f"SELECT pg_advisory_lock({OWNERS}, {number})")
    waiting, speaker = Waiting(), Notifier(lambda: connect(url), waiting=Waiting())
    listener = Notifier(lambda: connect(url), waiting=waiting)
    speaker.start()
    listener.start()
    await until_in_company(speaker)
    await until_in_company(listener)
    heard = asyncio.create_task(waiting.wait(WAYBILL, within_seconds=30))
    unheard = asyncio.create_task(waiting.wait(waybill_of(0), within_seconds=30))
    await asyncio.sleep(0)

    speaker.add({number_of(waybill_of(n)) for n in range(1, 1000)} | {number_of(WAYBILL)})

    async with asyncio.timeout(5):
        await heard
    assert not unheard.done()
    unheard.cancel()
    await asyncio.gather(speaker.close(), listener.close(), *(owner.close() for owner in owners))


async def test_alone_it_says_nothing(postgres: Postgres) -> None:
    url = postgres.new_database()
    alone = Notifier(lambda: connect(url), waiting=Waiting())
    alone.start()

    alone.add({1})

    assert alone._numbers == set()
    await alone.close()


def test_a_page_of_numbers_fits_a_payload() -> None:
    assert notify.NUMBERS_LIMIT * 17 < 8000


async def test_a_connection_that_was_lost_is_made_anew(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "PAUSE_SECONDS", 0.0)
    url = postgres.new_database()
    owners = [await connect(url) for _ in range(2)]
    for number, owner in enumerate(owners):
        await owner.execute(f"SELECT pg_advisory_lock({OWNERS}, {number})")
    made: list[asyncpg.Connection] = []

    async def connected() -> asyncpg.Connection:
        made.append(await connect(url))
        return made[-1]

    one = Notifier(connected, waiting=Waiting())
    one.start()
    await until_in_company(one)

    made[0].terminate()
    one.add({1})
    async with asyncio.timeout(5):
        while len(made) < 2 or one._alone:  # noqa: ASYNC110 - it connects by itself
            await asyncio.sleep(0.01)

    assert one._numbers == set()  # what was to be said then is found by polling
    await asyncio.gather(one.close(), *(owner.close() for owner in owners))


async def test_what_never_listened_can_be_closed() -> None:
    async def nowhere() -> asyncpg.Connection:
        raise AssertionError("it was not started")

    await Notifier(nowhere, waiting=Waiting()).close()
