from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from adapter.ledger.errors import LedgerNotOpened
from adapter.ledger.postgresql import connection as postgresql
from adapter.ledger.postgresql.connection import (
    BLAMES,
    ERRORS,
    FAULTS,
    SETTINGS,
    connect,
    engine_at,
    reading_engine_at,
    word_for,
)
from tests.conformance.postgres import Postgres


async def raised_by(engine: AsyncEngine, state: str) -> BaseException:
    """What we see when the server raises this SQLSTATE."""
    raising = f"DO $$ BEGIN RAISE EXCEPTION 'so it was asked' USING ERRCODE = '{state}'; END $$"
    async with engine.connect() as connection:
        with pytest.raises(ERRORS) as raised:
            await connection.execute(text(raising))
    error: BaseException = raised.value
    return error


async def test_every_connection_has_our_settings(postgres: Postgres) -> None:
    connection = await connect(postgres.new_database())

    for name, value in SETTINGS.items():
        if name.startswith("tcp_"):
            continue  # a Unix socket has none of them and shows 0
        assert await connection.fetchval(f"SHOW {name}") == value
    await connection.close()


async def test_a_replica_waits_half_a_second_for_a_lock_and_no_longer(postgres: Postgres) -> None:
    url = postgres.new_database()
    holder, waiter = await connect(url), await connect(url)
    await holder.execute("SELECT pg_advisory_lock(1)")

    async with asyncio.timeout(5):
        with pytest.raises(asyncpg.LockNotAvailableError) as raised:
            await waiter.execute("SELECT pg_advisory_lock(1)")

    assert word_for(raised.value) == "locked"
    await asyncio.gather(holder.close(), waiter.close())


async def test_an_engine_keeps_no_connection(postgres: Postgres) -> None:
    url = postgres.new_database()
    engine = engine_at(url)
    watcher = await connect(url)

    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))

    async with asyncio.timeout(5):  # the server hears of the end a moment later
        while await watcher.fetchval(  # noqa: ASYNC110 - nobody announces it
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        ):
            await asyncio.sleep(0)
    await watcher.close()


async def test_a_reader_reads_and_cannot_write(postgres: Postgres) -> None:
    engine = reading_engine_at(postgres.new_database())

    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT 1")) == 1
        with pytest.raises(DBAPIError) as raised:
            await connection.execute(text("CREATE TABLE ours (id int)"))

    assert word_for(raised.value) == "read_only"


async def test_a_server_that_is_not_there_is_named_to_a_reader(tmp_path: Path) -> None:
    engine = reading_engine_at(f"postgresql://postgres@/x?host={tmp_path}")

    with pytest.raises(LedgerNotOpened, match="the ledger's PostgreSQL"):
        async with engine.connect():
            pass


async def test_a_server_that_says_nothing_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(postgresql, "CONNECT_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]

        with pytest.raises(TimeoutError) as raised:
            await connect(f"postgresql://postgres@127.0.0.1:{port}/x?sslmode=disable")

    assert word_for(raised.value) == "unreachable"


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("25006", "read_only"),
        ("40001", "locked"),  # serialisation
        ("40P01", "locked"),  # deadlock
        ("42P01", "schema"),  # no such table
        ("42703", "schema"),  # no such column
        ("53100", "full"),
        ("53300", "unreachable"),  # too many connections: another of class 53
        ("55P03", "locked"),
        ("57014", "timeout"),  # a statement that took longer than the server allows
        ("57P01", "unreachable"),  # the server is being shut down
        ("22003", None),  # a number out of range
        ("23505", None),  # a key that is there already
    ],
)
async def test_what_the_server_says_has_one_word_or_blames_a_value(
    postgres: Postgres, state: str, word: str | None
) -> None:
    engine = engine_at(postgres.new_database())

    assert word_for(await raised_by(engine, state)) == word


@pytest.mark.parametrize("value", ["\ud800", 2**31, "not a number"], ids=ascii)
async def test_a_value_that_cannot_even_be_sent_is_to_blame(
    postgres: Postgres, value: object
) -> None:
    engine = engine_at(postgres.new_database())
    wanted = "text" if value == "\ud800" else "int"

    async with engine.connect() as connection:
        with pytest.raises(ERRORS) as raised:
            await connection.exec_driver_sql(f"SELECT $1::{wanted}", (value,))

    assert word_for(raised.value) is None


def test_a_value_that_the_driver_itself_refuses_is_to_blame_too() -> None:
    """Some versions of asyncpg raise it as a ValueError of their own, or because of one."""
    wrapped = asyncpg.InterfaceError("invalid input for query argument $1")
    wrapped.__cause__ = ValueError("out of range")

    assert word_for(ValueError("out of range")) is None
    assert word_for(wrapped) is None


@pytest.mark.parametrize(
    "error", [OSError("refused"), TimeoutError(), asyncpg.InterfaceError("closed")], ids=repr
)
def test_a_network_that_fails_is_unreachable(error: Exception) -> None:
    assert isinstance(error, ERRORS)
    assert word_for(error) == "unreachable"


def test_no_state_is_both_a_fault_and_a_blame() -> None:
    assert [state for state in FAULTS if state.startswith(BLAMES)] == []
