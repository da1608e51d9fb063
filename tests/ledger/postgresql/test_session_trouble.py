"""What can befall the server of a ledger that serves, and how it comes back."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from blockbuster import BlockBuster

from adapter.cancellation.errors import LedgerUnavailable
from adapter.cancellation.model import State
from adapter.ledger.batch import Cursor, Item
from adapter.ledger.durable import DurableLedger
from adapter.ledger.errors import StoreFault
from adapter.ledger.postgresql.connection import connect
from adapter.ledger.postgresql.session import PostgresqlStore
from adapter.ledger.waiting import Waiting, number_of
from tests.conformance.decisions import (
    WAYBILL,
    begin,
    key_of,
    read,
    waybill_of,
)
from tests.conformance.postgres import Postgres
from tests.ledger.on_postgresql import ledger, url

__all__ = ["ledger", "url"]

K = key_of(1)


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


async def turn_read_only(ledger: DurableLedger, to: str) -> None:
    """Change the writer's own connection, in a moment in which the writer does not use it."""
    connection = ledger._store.session.driver.driver_connection  # type: ignore[attr-defined]
    async with asyncio.timeout(5):
        while True:
            try:
                await connection.execute(f"SET default_transaction_read_only = {to}")
            except asyncpg.InterfaceError:
                await asyncio.sleep(0.01)
            else:
                return


async def test_a_database_made_read_only_is_noticed(
    ledger: DurableLedger, postgres: Postgres, url: str
) -> None:
    await turn_read_only(ledger, "on")
    await becomes_faulty(ledger)
    took = await refused(ledger)
    fault = ledger.fault
    await turn_read_only(ledger, "off")

    assert await serves_again(ledger)
    assert (fault, took < 1) == ("read_only", True)


async def test_a_waybill_locked_elsewhere_is_refused_in_time(
    ledger: DurableLedger, url: str
) -> None:
    store = PostgresqlStore(url, waiting=Waiting())
    await store.open(may_be_away=False)
    session = store.session
    assert store._connection is not None
    await store._connection.run_sync(
        lambda _: session.begin(session.driver.cursor(), [waybill_of(7)])
    )

    took = await refused(ledger)
    await store.close()

    assert await serves_again(ledger)
    assert took < 1


REFUSE_AT_COMMIT = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$;
CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON push DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION refuse();
"""


async def test_a_commit_that_the_server_refuses_has_not_landed(
    ledger: DurableLedger, postgres: Postgres, url: str
) -> None:
    await asyncio.to_thread(postgres.query, url, REFUSE_AT_COMMIT)
    store = ledger._store

    with pytest.raises(StoreFault) as raised:
        await store.execute([Item(waybill_of(7), begin(waybill_of(7), key_of(7)))])

    assert (raised.value.word, raised.value.landed) == ("full", False)
    await asyncio.to_thread(postgres.query, url, "DROP TRIGGER refuse ON push;")
    assert await serves_again(ledger)
    assert (await ledger.commit(waybill_of(7), read, within_seconds=5)).entries == ()


async def test_a_batch_cut_short_gives_its_connection_up_and_so_its_name(
    ledger: DurableLedger, postgres: Postgres, url: str
) -> None:
    """What it was doing is not known, so the session must not go on under the same name."""
    name, waybill = ledger.me, waybill_of(7)
    holder = await connect(url)
    await holder.execute("SELECT pg_advisory_lock($1)", number_of(waybill))
    cut = asyncio.create_task(ledger._store.execute([Item(waybill, begin(waybill, key_of(7)))]))
    async with asyncio.timeout(5):
        while not await holder.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            pass

    cut.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cut
    await holder.close()

    assert await serves_again(ledger)
    assert ledger.me != name
    assert (await ledger.commit(waybill, read, within_seconds=5)).entries == ()


async def test_a_connection_lost_in_the_middle_of_a_batch_is_tried_anew_under_another_name(
    ledger: DurableLedger,
) -> None:
    store, name = ledger._store, ledger.me
    assert isinstance(store, PostgresqlStore)

    with pytest.raises(StoreFault) as raised:
        await store._attempt(
            lambda cursor: cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())"), within=5
        )

    assert (raised.value.word, raised.value.landed) == ("unreachable", False)
    assert await serves_again(ledger)
    assert ledger.me != name


async def test_a_connection_lost_before_the_rollback_is_given_up(
    ledger: DurableLedger, postgres: Postgres, url: str, no_blocking_calls: BlockBuster
) -> None:
    no_blocking_calls.deactivate()  # the server ends the connection while we are at work on it
    store, name = ledger._store, ledger.me
    assert isinstance(store, PostgresqlStore)

    def lose(cursor: Cursor) -> None:
        cursor.execute("SELECT pg_backend_pid()")
        ((pid,),) = cursor.fetchall()
        postgres.query(url, f"SELECT pg_terminate_backend({pid});")
        raise StoreFault("read_only")

    with pytest.raises(StoreFault, match="read_only"):
        await store._attempt(lose, within=5)

    assert store._connection is None
    no_blocking_calls.activate()
    assert await serves_again(ledger)
    assert ledger.me != name
