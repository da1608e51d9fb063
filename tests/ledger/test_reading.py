from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection

from adapter.cancellation.model import Entry
from adapter.ledger.errors import LedgerNotOpened, SchemaOutdated
from adapter.ledger.open import open_ledger
from adapter.ledger.reading import reading
from adapter.ledger.search import Filters, open_archive
from tests.conformance.decisions import WAYBILL, Session, begin, key_of
from tests.conformance.postgres import Postgres
from tests.read_only import read_only


async def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LedgerNotOpened, match="no ledger"):
        async with open_archive(f"sqlite:///{tmp_path}/none.db"):
            pass
    with pytest.raises(LedgerNotOpened, match="PostgreSQL"):
        async with open_archive(f"postgresql://postgres@/x?host={tmp_path}"):
            pass


async def test_a_database_without_tables_is_not_changed(postgres: Postgres) -> None:
    with pytest.raises(SchemaOutdated):
        async with open_archive(postgres.new_database()):
            pass


async def test_a_reader_cannot_write(url: str, serving: Session) -> None:
    with pytest.raises(LedgerNotOpened, match=r"read-?only"):
        async with reading(url) as read:
            await read(
                lambda connection: connection.exec_driver_sql("UPDATE meta SET sessions = 0")
            )


async def test_a_file_is_closed_after_the_work_that_its_caller_left(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    await _written(path)
    began, left, ended = threading.Event(), threading.Event(), []

    def slow(connection: Connection) -> None:
        began.set()
        left.wait()
        ended.append(connection.closed)

    async with reading(f"sqlite:///{path}") as read:
        work = asyncio.create_task(read(slow))
        await asyncio.to_thread(began.wait)
        work.cancel()
        await asyncio.wait([work])
        left.set()

    assert ended == [False]


def test_a_backup_is_read_where_nobody_may_write(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    asyncio.run(_written(path))

    with read_only(tmp_path / "kept", path) as folder:
        found = asyncio.run(_found(folder / "ledger.db"))

    assert [entry.key for entry in found] == [key_of(1)]


def test_a_backup_with_a_log_is_not_read_without_it(tmp_path: Path) -> None:
    path, log = tmp_path / "ledger.db", tmp_path / "ledger.db-wal"
    asyncio.run(_written(path))
    log.write_bytes(b"pages that are not in the file")

    with (
        read_only(tmp_path / "kept", path, log) as folder,
        pytest.raises(LedgerNotOpened, match="copy both to a folder that you may write to"),
    ):
        asyncio.run(_found(folder / "ledger.db"))


async def _written(path: Path) -> None:
    async with open_ledger(f"sqlite:///{path}") as ledger:
        await ledger.commit(WAYBILL, begin(WAYBILL, key_of(1)), within_seconds=9)


async def _found(path: Path) -> tuple[Entry, ...]:
    async with open_archive(f"sqlite:///{path}") as archive:
        return await archive.search(Filters())
