"""What the tests of the commands share: a process to itself, a PostgreSQL, a ledger on each."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from blockbuster import BlockBuster

from adapter.ledger.operate.maintenance import migrate
from tests.cli.ledgers import EVERYTHING, Desk, desk_at, record
from tests.conformance.postgres import Postgres, postgres

__all__ = ["postgres"]


@pytest.fixture
def process_of_its_own(no_blocking_calls: BlockBuster) -> None:
    """A command has a process to itself: nobody waits while it reads a file."""
    no_blocking_calls.deactivate()


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(request: pytest.FixtureRequest, tmp_path: Path, process_of_its_own: None) -> Desk:
    """A desk over a ledger that holds `EVERYTHING`."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        url = server.new_database()
        asyncio.run(migrate(url))
    record(url, EVERYTHING)
    return desk_at(tmp_path, url)
