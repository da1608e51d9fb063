from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from blockbuster import BlockBuster
from sqlalchemy import text

from adapter.ledger import schema
from adapter.ledger.errors import LedgerNotOpened, SchemaOutdated
from adapter.ledger.open import open_ledger
from adapter.ledger.operate.maintenance import migrate
from adapter.ledger.postgresql.connection import engine_at
from adapter.ledger.tables import SCHEMA
from tests.conformance.postgres import Postgres


@pytest.fixture(autouse=True)
def in_a_loop_of_its_own(no_blocking_calls: BlockBuster) -> None:
    """A command has a process to itself: nobody waits while it reads its steps."""
    no_blocking_calls.deactivate()


async def test_a_file_is_migrated_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"

    assert [(await migrate(url)).before, (await migrate(url)).before] == ["", SCHEMA]


async def test_a_database_is_migrated_once(postgres: Postgres) -> None:
    url = postgres.new_database()

    assert [(await migrate(url)).before, (await migrate(url)).before] == ["", SCHEMA]


async def test_two_operators_at_once_migrate_a_database_once(postgres: Postgres) -> None:
    url = postgres.new_database()

    did = await asyncio.gather(migrate(url), migrate(url))

    assert sorted(done.before for done in did) == ["", SCHEMA]


async def test_a_newer_file_is_left_as_it_is(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    await migrate(url)
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as file, file:
        file.execute("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(SchemaOutdated, match="9999"):
        await migrate(url)

    with closing(sqlite3.connect(tmp_path / "ledger.db")) as file:
        assert file.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]


async def test_a_migration_that_fails_half_way_leaves_the_database_as_it_was(
    postgres: Postgres,
) -> None:
    url = postgres.new_database()
    engine = engine_at(url)
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE resolution (unlike_ours int)"))

    with pytest.raises(LedgerNotOpened, match="resolution"):
        await migrate(url)

    async with engine.connect() as connection:
        assert await connection.run_sync(schema.version_of) == ""
        assert await connection.scalar(text("SELECT to_regclass('push')")) is None
    await engine.dispose()


async def test_a_migration_that_fails_half_way_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as file:
        file.execute("CREATE TABLE resolution (unlike_ours int)")

    with pytest.raises(LedgerNotOpened, match="resolution"):
        await migrate(url)
    with pytest.raises(LedgerNotOpened, match="resolution"):
        async with open_ledger(url):
            pass

    with closing(sqlite3.connect(tmp_path / "ledger.db")) as file:
        found = file.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    assert found == [("resolution",)]


async def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LedgerNotOpened, match="the ledger's PostgreSQL"):
        await migrate(f"postgresql://postgres@/x?host={tmp_path}")


async def test_the_tables_are_then_this_programs(postgres: Postgres) -> None:
    url = postgres.new_database()

    await migrate(url)

    engine = engine_at(url)
    async with engine.connect() as connection:
        assert await connection.run_sync(schema.version_of) == SCHEMA
    await engine.dispose()
