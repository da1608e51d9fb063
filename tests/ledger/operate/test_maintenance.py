from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from blockbuster import BlockBuster

from adapter.ledger.errors import LedgerInUse, LedgerNotOpened, SchemaOutdated
from adapter.ledger.open import open_ledger
from adapter.ledger.operate.maintenance import Upgrade, migrate, prune
from adapter.ledger.tables import SCHEMA
from tests.conformance.decisions import WAYBILL, begin, finish, key_of
from tests.conformance.postgres import Postgres

K = key_of(1)


def url_of(path: Path) -> str:
    return f"sqlite:///{path}/ledger.db"


async def test_a_new_file_and_a_new_database_are_brought_up_to_date(
    tmp_path: Path, postgres: Postgres, no_blocking_calls: BlockBuster
) -> None:
    no_blocking_calls.deactivate()  # a command of its own, with a loop to itself

    for url in (url_of(tmp_path), postgres.new_database()):
        assert await migrate(url) == Upgrade(before="", after=SCHEMA)
        assert await migrate(url) == Upgrade(before=SCHEMA, after=SCHEMA)


async def test_a_file_that_is_served_from_is_not_touched(tmp_path: Path) -> None:
    async with open_ledger(url_of(tmp_path)):
        with pytest.raises(LedgerInUse):
            await migrate(url_of(tmp_path))


async def test_what_cannot_be_migrated_is_named(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"no database at all, but longer than a header" * 50)

    with pytest.raises(LedgerNotOpened, match="not a database"):
        await migrate(url_of(tmp_path))
    with pytest.raises(LedgerNotOpened, match="no folder"):
        await migrate(url_of(tmp_path / "none"))
    with pytest.raises(LedgerNotOpened, match="PostgreSQL"):
        await migrate(f"postgresql://postgres@/x?host={tmp_path}")


async def test_what_is_settled_and_old_is_forgotten(tmp_path: Path) -> None:
    url = url_of(tmp_path)
    async with open_ledger(url) as serving:
        await serving.commit(WAYBILL, begin(WAYBILL, K), within_seconds=5)
        await serving.commit(WAYBILL, finish(K), within_seconds=5)

    steps = [step async for step in prune(url, keep_seconds=86_400.0, now=1e11)]

    assert steps == [1]


async def test_an_outdated_or_broken_ledger_is_not_pruned(tmp_path: Path) -> None:
    await migrate(url_of(tmp_path))
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as file, file:
        file.execute("UPDATE alembic_version SET version_num = '0999'")
    with pytest.raises(SchemaOutdated):
        await anext(prune(url_of(tmp_path), keep_seconds=86_400.0, now=1e11))

    (tmp_path / "ledger.db").write_bytes(b"no database at all, but longer than a header" * 50)
    with pytest.raises(LedgerNotOpened, match="cannot be written"):
        await anext(prune(url_of(tmp_path), keep_seconds=86_400.0, now=1e11))
