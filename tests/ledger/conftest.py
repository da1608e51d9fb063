"""What the tests of the ledger run on: a PostgreSQL, files, and a store that does as told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from blockbuster import BlockBuster

from adapter.ledger.durable import DurableLedger
from adapter.ledger.open import open_ledger
from adapter.ledger.operate.maintenance import migrate
from adapter.ledger.sqlite.session import SqliteStore
from adapter.ledger.waiting import Waiting
from adapter.ledger.writer import Writer
from tests.conformance.decisions import WAYBILL, Session, begin, key_of
from tests.conformance.postgres import postgres
from tests.ledger.scripted_store import ScriptedStore

__all__ = ["postgres"]


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(
    request: pytest.FixtureRequest, tmp_path: Path, no_blocking_calls: BlockBuster
) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    url: str = request.getfixturevalue("postgres").new_database()
    no_blocking_calls.deactivate()  # a command of its own, with a loop to itself
    await migrate(url)
    no_blocking_calls.activate()
    return url


@pytest.fixture
async def serving(url: str) -> AsyncIterator[Session]:
    async with open_ledger(url) as ledger:
        yield ledger


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
async def ledger(path: Path) -> AsyncIterator[DurableLedger]:
    """A ledger in a file, with one push under way."""
    async with DurableLedger(SqliteStore(path), waiting=Waiting()) as opened:
        await opened.commit(WAYBILL, begin(WAYBILL, key_of(1)), within_seconds=5)
        yield opened


@pytest.fixture
def store() -> ScriptedStore:
    return ScriptedStore()


@pytest.fixture
async def writer(store: ScriptedStore) -> AsyncIterator[Writer]:
    writer = Writer(store, written=lambda _: None)
    writer.start()
    yield writer
    store.gate.set()
    await writer.close(within_seconds=1)
