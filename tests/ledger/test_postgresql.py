from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from subprocess import PIPE

import pytest
from blockbuster import BlockBuster

from adapter.cancellation.errors import LedgerUnavailable
from adapter.cancellation.model import State
from adapter.cancellation.ports import Change, Decision, Story
from adapter.ledger.durable import DurableLedger
from adapter.ledger.errors import LedgerNotOpened, SchemaOutdated, Unwritable
from adapter.ledger.migrating import migrate
from adapter.ledger.open import open_ledger
from adapter.ledger.postgresql import PostgresqlStore
from adapter.ledger.waiting import Waiting
from tests.conformance.decisions import (
    WAYBILL,
    begin,
    calling,
    deliver,
    finish,
    key_of,
    read,
    waybill_of,
)
from tests.conformance.postgres import Postgres

K = key_of(1)
ROOT = Path(__file__).parents[2]

WRITE_FOR_EVER = """
import asyncio, itertools, sys
from adapter.ledger.open import open_ledger
from tests.conformance.decisions import begin, key_of, waybill_of

async def main():
    async with open_ledger(sys.argv[1]) as ledger:
        async def caller(first):
            for number in itertools.count(first, 8):
                waybill = waybill_of(number)
                await ledger.commit(waybill, begin(waybill, key_of(number)), within_seconds=9)
                print(number, flush=True)
        await asyncio.gather(*map(caller, range(8)))

asyncio.run(main())
"""


@pytest.fixture
async def url(postgres: Postgres, no_blocking_calls: BlockBuster) -> str:
    url = postgres.new_database()
    no_blocking_calls.deactivate()  # a command of its own, with a loop to itself
    await migrate(url)
    no_blocking_calls.activate()
    return url


@pytest.fixture
async def ledger(url: str) -> AsyncIterator[DurableLedger]:
    waiting = Waiting()
    async with DurableLedger(PostgresqlStore(url, waiting=waiting), waiting=waiting) as opened:
        await opened.commit(WAYBILL, begin(WAYBILL, K), within_seconds=5)
        yield opened


async def refused(ledger: DurableLedger) -> float:
    """Claim in vain; return how long that took."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    with pytest.raises(LedgerUnavailable):
        await ledger.commit(waybill_of(7), begin(waybill_of(7), key_of(7)), within_seconds=0.5)
    return loop.time() - started


async def serves_again(ledger: DurableLedger) -> bool:
    """Say whether a claim goes through within the 2 s that a repair may take."""
    waybill = waybill_of(8)
    won = await ledger.commit(waybill, begin(waybill, key_of(8)), within_seconds=2)
    return won == "won" and ledger.fault is None


async def becomes_faulty(ledger: DurableLedger) -> None:
    async with asyncio.timeout(1.2):  # within 1 s, and a little for a busy machine
        while ledger.fault is None:  # noqa: ASYNC110 - the idle check itself is tried
            await asyncio.sleep(0.01)


async def test_a_database_without_tables_is_refused_with_the_remedy(
    postgres: Postgres,
) -> None:
    with pytest.raises(SchemaOutdated, match="waybridge ledger migrate"):
        async with open_ledger(postgres.new_database()):
            pass


async def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LedgerNotOpened, match="does not answer"):
        async with open_ledger(f"postgresql://postgres@/x?host={tmp_path}"):
            pass


async def test_values_that_cannot_be_stored_fail_their_own_caller(
    ledger: DurableLedger,
) -> None:
    def poison(message: str, calls: int) -> Decision[None]:
        def decide(story: Story) -> Change[None]:
            entry = replace(calling(WAYBILL, key_of(9), story), message=message, calls=calls)
            return Change(result=None, entries=(entry,))

        return decide

    results = await asyncio.gather(
        ledger.commit(WAYBILL, deliver(K), within_seconds=5),
        ledger.commit(WAYBILL, poison("\ud800", 1), within_seconds=5),
        ledger.commit(WAYBILL, poison("\x00", 1), within_seconds=5),
        ledger.commit(WAYBILL, poison("", 2**31), within_seconds=5),
        ledger.commit(WAYBILL, finish(K), within_seconds=5),
        return_exceptions=True,
    )

    assert [type(result) for result in results[1:4]] == [Unwritable] * 3
    (entry,) = (await ledger.commit(WAYBILL, read, within_seconds=5)).entries
    assert (entry.deliveries, results[4]) == (2, entry.outcome)


async def test_what_was_acknowledged_outlives_a_kill_and_the_owner_dies(
    url: str,
) -> None:
    writing = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WRITE_FOR_EVER, url), stdout=PIPE, cwd=ROOT
    )
    assert writing.stdout is not None
    acknowledged = [int(await writing.stdout.readline()) for _ in range(200)]
    writing.send_signal(signal.SIGKILL)
    acknowledged += [int(line) for line in (await writing.stdout.read()).split(b"\n")[:-1]]
    await writing.wait()

    async with open_ledger(url) as ledger, asyncio.timeout(5):
        found: set[str] = set()
        while not found:
            found = {entry.key for entry in await ledger.doubtful(limit=1_000_000)}

    assert {key_of(number) for number in acknowledged} <= found


async def test_a_session_that_was_ended_comes_back_under_another_name(
    ledger: DurableLedger, postgres: Postgres, url: str
) -> None:
    name = ledger.me
    await asyncio.to_thread(
        postgres.query,
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid();",
    )

    assert await serves_again(ledger)
    assert ledger.me != name
    (entry,) = (await ledger.commit(WAYBILL, read, within_seconds=5)).entries
    assert (entry.owner, entry.state) == (name, State.CALLING)
    assert [doubtful.key for doubtful in await ledger.doubtful(limit=10)] == [K]


async def test_a_stopped_server_is_noticed_refused_in_time_and_found_again(
    ledger: DurableLedger, postgres: Postgres
) -> None:
    await asyncio.to_thread(postgres.stop)
    try:
        await becomes_faulty(ledger)
        took = await refused(ledger)
        fault = ledger.fault
        with pytest.raises(LedgerUnavailable):
            await ledger.doubtful(limit=10)
    finally:
        await asyncio.to_thread(postgres.start)

    assert await serves_again(ledger)
    assert (fault, took < 1) == ("unreachable", True)
    assert (await ledger.commit(waybill_of(7), read, within_seconds=5)).entries == ()


async def test_a_paused_server_is_noticed_refused_in_time_and_goes_on(
    ledger: DurableLedger, postgres: Postgres
) -> None:
    name = ledger.me
    postgres.pause()
    try:
        await becomes_faulty(ledger)
        took = await refused(ledger)
    finally:
        postgres.go_on()

    assert await serves_again(ledger)
    assert took < 1
    assert ledger.me == name
    assert (await ledger.commit(waybill_of(7), read, within_seconds=5)).entries == ()


async def test_a_database_made_read_only_is_noticed(
    ledger: DurableLedger, postgres: Postgres, url: str
) -> None:
    driver = ledger._store.session.driver  # type: ignore[attr-defined]
    await driver.driver_connection.execute("SET default_transaction_read_only = on")
    await becomes_faulty(ledger)
    took = await refused(ledger)
    fault = ledger.fault
    await driver.driver_connection.execute("SET default_transaction_read_only = off")

    assert await serves_again(ledger)
    assert (fault, took < 1) == ("read_only", True)


async def test_a_waybill_locked_elsewhere_is_refused_in_time(
    ledger: DurableLedger, url: str
) -> None:
    store = PostgresqlStore(url, waiting=Waiting())
    await store.open()
    session = store.session
    assert store._connection is not None
    await store._connection.run_sync(
        lambda _: session.begin(session.driver.cursor(), [waybill_of(7)])
    )

    took = await refused(ledger)
    await store.close()

    assert await serves_again(ledger)
    assert took < 1
