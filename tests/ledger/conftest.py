"""What the tests of the ledger run on: a PostgreSQL, and a ledger with tables in either."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from blockbuster import BlockBuster

from adapter.ledger.migrating import migrate
from adapter.ledger.open import open_ledger
from tests.conformance.decisions import Session
from tests.conformance.postgres import postgres

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
