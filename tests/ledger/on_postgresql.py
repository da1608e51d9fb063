"""A ledger in a PostgreSQL database of its own, with one push under way."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from blockbuster import BlockBuster

from adapter.ledger.durable import DurableLedger
from adapter.ledger.operate.maintenance import migrate
from adapter.ledger.postgresql.session import PostgresqlStore
from adapter.ledger.waiting import Waiting
from tests.conformance.decisions import (
    WAYBILL,
    begin,
    key_of,
)
from tests.conformance.postgres import Postgres


@pytest.fixture
async def url(postgres: Postgres, no_blocking_calls: BlockBuster) -> str:
    url = postgres.new_database()
    no_blocking_calls.deactivate()  # a command of its own, with a loop to itself
    await migrate(url)
    no_blocking_calls.activate()
    return url


@pytest.fixture
async def ledger(url: str) -> AsyncIterator[DurableLedger]:
    waiting = Waiting()
    async with DurableLedger(PostgresqlStore(url, waiting=waiting), waiting=waiting) as opened:
        await opened.commit(WAYBILL, begin(WAYBILL, key_of(1)), within_seconds=5)
        yield opened
