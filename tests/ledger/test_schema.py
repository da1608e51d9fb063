from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from blockbuster import BlockBuster
from sqlalchemy import Connection, NullPool, create_engine

from adapter.ledger import schema
from adapter.ledger.errors import SchemaOutdated
from adapter.ledger.operate.maintenance import migrate
from adapter.ledger.postgresql.connection import engine_at
from adapter.ledger.tables import SCHEMA, metadata
from tests.conformance.postgres import Postgres


def differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


def test_migrated_sqlite_has_the_tables_the_program_knows(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/ledger.db", poolclass=NullPool)
    with engine.begin() as connection:
        assert schema.version_of(connection) == ""
        assert schema.migrate(connection) is True
        assert schema.migrate(connection) is False
        assert schema.version_of(connection) == SCHEMA

        assert differences(connection) == []


async def test_migrated_postgresql_has_the_tables_the_program_knows(
    postgres: Postgres, no_blocking_calls: BlockBuster
) -> None:
    no_blocking_calls.deactivate()  # a command of its own, with a loop to itself
    url = postgres.new_database()
    assert (await migrate(url)).before == ""
    engine = engine_at(url)

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


def test_newer_tables_than_the_program_knows_are_left_alone(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/ledger.db", poolclass=NullPool)
    with engine.begin() as connection:
        schema.migrate(connection)
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

        with pytest.raises(SchemaOutdated, match=r"schema 9999, .* install the newer waybridge"):
            schema.migrate(connection)

        assert schema.version_of(connection) == "9999"


def test_the_newest_step_is_the_one_the_program_asks_for() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))

    assert ScriptDirectory.from_config(config).get_heads() == [SCHEMA]


def test_our_own_tables_are_accepted(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/ledger.db", poolclass=NullPool)
    with engine.begin() as connection:
        schema.migrate(connection)

        schema.require(connection, remedy="nothing to do")


def test_tables_that_are_not_ours_are_refused_with_the_remedy(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/ledger.db", poolclass=NullPool)
    with (
        engine.connect() as connection,
        pytest.raises(SchemaOutdated, match=r"schema none, .* needs .*: do this"),
    ):
        schema.require(connection, remedy="do this")
