"""A session is proved, not believed: with a real PgBouncer in each of its modes."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import asyncpg
import pytest
from blockbuster import BlockBuster

from adapter.ledger.errors import StoreFault
from adapter.ledger.open import open_ledger
from adapter.ledger.operate.maintenance import migrate
from adapter.ledger.postgresql.connection import SETTINGS, connect, connect_proved
from adapter.ledger.postgresql.pooling import PROOF, TransactionPooling
from adapter.ledger.postgresql.session import PostgresqlStore
from adapter.ledger.search import Filters, open_archive
from adapter.ledger.waiting import Waiting
from tests.conformance.decisions import WAYBILL, begin, key_of
from tests.conformance.pgbouncer import MISSING, PGBOUNCER, pgbouncer
from tests.conformance.postgres import Postgres

behind_pgbouncer = pytest.mark.skipif(PGBOUNCER is None, reason=MISSING)


@pytest.fixture
async def url(postgres: Postgres, no_blocking_calls: BlockBuster) -> str:
    no_blocking_calls.deactivate()  # PgBouncer is started and waited for
    url = postgres.new_database()
    await migrate(url)
    return url


def locks_left(postgres: Postgres, url: str) -> int:
    held = "SELECT 'class ' || classid::bigint FROM pg_locks WHERE locktype = 'advisory';"
    return postgres.query(url, held).count(f"class {PROOF}")


async def test_a_server_without_a_pooler_is_proved_and_keeps_no_lock(
    url: str, postgres: Postgres
) -> None:
    connection = await connect_proved(url)

    assert locks_left(postgres, url) == 0
    await connection.close()


@behind_pgbouncer
@pytest.mark.parametrize("used", [False, True], ids=["fresh", "used"])
@pytest.mark.parametrize("round_robin", [False, True], ids=["newest", "round robin"])
async def test_transaction_pooling_is_refused_and_leaves_nothing_behind(
    url: str, postgres: Postgres, *, used: bool, round_robin: bool
) -> None:
    with pgbouncer(url, mode="transaction", round_robin=round_robin) as pooled:
        if used:  # a pool with three idle sessions in it
            await _at_once(pooled, 3)

        for _ in range(3):
            with pytest.raises(TransactionPooling, match="transaction pooling"):
                await connect_proved(pooled)

        assert locks_left(postgres, url) == 0


@behind_pgbouncer
@pytest.mark.parametrize("mode", ["transaction", "statement"])
async def test_whoever_opens_or_reads_a_ledger_behind_it_is_refused_with_the_remedy(
    url: str, mode: str
) -> None:
    with pgbouncer(url, mode=mode) as pooled:
        with pytest.raises(TransactionPooling) as opened:
            async with open_ledger(pooled, may_be_away=True):
                pass
        with pytest.raises(TransactionPooling):
            async with open_archive(pooled):
                pass
        with pytest.raises(TransactionPooling):
            await migrate(pooled)

    assert "pool_mode = session" in opened.value.findings[0].hint


@behind_pgbouncer
async def test_a_pooler_put_in_between_while_we_serve_has_a_word(url: str) -> None:
    with pgbouncer(url, mode="transaction") as pooled:
        store = PostgresqlStore(pooled, waiting=Waiting())

        with pytest.raises(StoreFault) as raised:
            await store.probe(writing=True)

        await store.close()
    assert raised.value.word == "transaction_pooling"


@behind_pgbouncer
async def test_session_pooling_serves_with_every_setting(url: str) -> None:
    with pgbouncer(url, mode="session") as pooled:
        async with open_ledger(pooled) as ledger:
            won = await ledger.commit(WAYBILL, begin(WAYBILL, key_of(1)), within_seconds=5)
            async with open_archive(pooled) as archive:
                found = await archive.search(Filters(), limit=9)
        connection = await connect_proved(pooled)
        shown = {name: await connection.fetchval(f"SHOW {name}") for name in SETTINGS}
        await connection.close()

    assert (won, [entry.key for entry in found]) == ("won", [key_of(1)])
    assert shown | {"tcp_keepalives_count": "", "tcp_keepalives_idle": ""} == SETTINGS | {
        "tcp_keepalives_count": "",
        "tcp_keepalives_idle": "",
        "tcp_keepalives_interval": shown["tcp_keepalives_interval"],
    }


@behind_pgbouncer
async def test_a_reading_leaves_a_pooled_session_able_to_write(url: str) -> None:
    with pgbouncer(url, mode="session") as pooled:
        async with open_archive(pooled) as archive:
            await archive.search(Filters(), limit=1)

        connection = await connect(pooled)

        assert await connection.fetchval("SHOW default_transaction_read_only") == "off"
        await connection.close()


async def _at_once(url: str, sessions: int) -> None:
    """Use so many sessions of the pool at the same time."""
    async with AsyncExitStack() as opened:
        for _ in range(sessions):
            connection = await asyncpg.connect(url, statement_cache_size=0)
            opened.callback(connection.terminate)
            await opened.enter_async_context(connection.transaction())
            await connection.fetchval("SELECT 1")
        await asyncio.sleep(0)
